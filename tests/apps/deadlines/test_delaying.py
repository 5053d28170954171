"""What cannot be kept: the shopper is asked, waits or has the money back; silence waits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.aftersales.services.answering import answer_delay
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline, Delay, ShopDay
from apps.deadlines.services import delaying, watching
from apps.deadlines.states import DelayChoice
from apps.messaging.models import Message
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Refund
from mall.errors import NotFound
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db

NOW = fulfillment.AT
HOUR = timedelta(hours=1)
FRIDAY = date(2026, 3, 6)
FRIDAY_ENDS = datetime(2026, 3, 7, tzinfo=ZoneInfo("Asia/Shanghai"))


def answer(order: Order, choice: DelayChoice, *, at: datetime = NOW + HOUR) -> Delay:
    return answer_delay(member=order.member, order_no=order.order_no, choice=choice, at=at)


def test_the_buyer_is_told_and_waits_and_the_first_promise_is_not_forgotten() -> None:
    order = make.paid(1)
    make.put_off(order, FRIDAY)
    outbox.deliver_due(at=NOW)
    assert Message.objects.filter(scene="order_delayed", member=order.member).count() == 1

    answer(order, DelayChoice.WAIT)
    again = answer(order, DelayChoice.WAIT, at=NOW + 90 * HOUR)
    assert (again.status, again.answered_at) == ("WAITS", NOW + HOUR)
    row = Deadline.objects.get()
    assert (row.promised_at, row.first_promised_at) == (FRIDAY_ENDS, NOW + 48 * HOUR)
    # WeChat's limit did not move: it still burns there, until WeChat has taken the report.
    assert row.due_at == NOW + 48 * HOUR
    assert deadline_facts.late_parcel(order) == FRIDAY_ENDS
    with pytest.raises(delaying.DelayNotOpen):
        answer(order, DelayChoice.REFUND)


def test_the_money_of_what_has_not_left_goes_back_by_the_services_of_every_refund() -> None:
    counter.freight(800)
    order = make.paid(3, price_fen=1000)
    fulfillment.parcel(order, quantities={order.lines.get().pk: 1})
    make.put_off(order, FRIDAY)

    row = answer(order, DelayChoice.REFUND)
    answer(order, DelayChoice.REFUND)

    order.refresh_from_db()
    assert (order.status, order.refunded_fen, order.lines.get().refunded) == ("SHIPPED", 2000, 2)
    assert Refund.objects.get().amount_fen == 2000
    assert row.refund_no == order.refunds.get().refund_no


def test_all_of_an_order_of_which_nothing_left_goes_back_with_its_postage() -> None:
    counter.freight(800)
    order = make.paid(1, price_fen=1000)
    make.put_off(order, FRIDAY)
    answer(order, DelayChoice.REFUND)
    outbox.deliver_due(at=NOW + HOUR)
    order.refresh_from_db()
    assert (order.status, order.refunded_fen) == ("REFUNDED", 1800)
    assert Deadline.objects.get().outcome == "GONE"


def test_who_does_not_answer_waits_and_nobodys_silence_is_reported_to_wechat() -> None:
    order = make.paid(1)
    row = make.put_off(order, FRIDAY)
    assert row.answer_until == NOW + 24 * HOUR
    assert watching.lapse_due(at=NOW + 24 * HOUR - timedelta(seconds=1)) == 0
    with pytest.raises(delaying.DelayNotOpen):
        answer(order, DelayChoice.REFUND, at=NOW + 24 * HOUR)
    assert watching.lapse_due(at=NOW + 24 * HOUR) == 1
    row.refresh_from_db()
    assert row.status == "SILENT"
    assert Deadline.objects.get().promised_at == FRIDAY_ENDS
    assert deadline_facts.late_parcel(order) is None


def test_what_leaves_before_the_answer_makes_the_question_void() -> None:
    order = make.paid(1)
    make.put_off(order, FRIDAY)
    fulfillment.parcel(order, at=NOW + HOUR)
    with pytest.raises(delaying.DelayNotOpen):
        answer(order, DelayChoice.REFUND, at=NOW + 2 * HOUR)
    outbox.deliver_due(at=NOW + 2 * HOUR)
    assert Delay.objects.get().status == "VOID"


def test_what_cannot_be_asked_is_refused_in_words() -> None:
    order = make.paid(1)
    for day in (date(2026, 3, 1), date(2026, 3, 3), date(2026, 5, 30)):
        with pytest.raises(delaying.DelayDayInvalid):
            make.put_off(order, day)
    ShopDay.objects.create(day=FRIDAY)
    ShopDay.objects.create(day=date(2026, 3, 7))
    assert make.put_off(order, FRIDAY).promised_at == FRIDAY_ENDS + 48 * HOUR
    with pytest.raises(delaying.DelayOpen):
        make.put_off(order, date(2026, 3, 20))
    for week in range(2):
        answer(order, DelayChoice.WAIT)
        make.put_off(order, date(2026, 3, 20) + timedelta(weeks=week))
    answer(order, DelayChoice.WAIT)
    with pytest.raises(delaying.TooManyDelays):
        make.put_off(order, date(2026, 4, 10))
    with pytest.raises(NotFound):
        answer_delay(
            member=counter.buyer()[0], order_no=order.order_no, choice=DelayChoice.WAIT, at=NOW + HOUR
        )
    fulfillment.parcel(order)
    with pytest.raises(delaying.NothingToDelay):
        make.put_off(order, date(2026, 4, 10))
