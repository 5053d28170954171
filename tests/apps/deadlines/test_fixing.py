"""By when a paid order leaves: fixed once, by what holds when it is paid; WeChat's own limit beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.checkout import promising
from apps.deadlines.models import Deadline, DeadlineRules, Promise, ShopDay
from apps.deadlines.services import fixing, watching
from apps.orders.models import Order
from apps.outbox import services as outbox
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment
from tests.apps.presale import make as presales

pytestmark = pytest.mark.django_db

# Monday noon in Shanghai.
NOW = fulfillment.AT
HOUR = timedelta(hours=1)


def shanghai(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


def bought(*skus: object, at: datetime = NOW) -> Order:
    order = counter.order(*counter.buyer(), [(sku, 1) for sku in skus], at=at)  # type: ignore[misc]
    counter.pay(order, at=at)
    return Order.objects.get(pk=order.pk)


def test_what_is_paid_leaves_within_48_hours_and_the_news_of_payment_fixes_it() -> None:
    order = fulfillment.paid_order(1)
    outbox.deliver_due(at=NOW)
    row = Deadline.objects.get(order=order)
    assert (row.source, row.owed_at) == ("ORDINARY", NOW)
    assert row.promised_at == row.first_promised_at == row.limit_at == row.due_at == NOW + 48 * HOUR


def test_holidays_move_the_promise_and_not_wechats_limit_and_what_is_fixed_stays() -> None:
    ShopDay.objects.create(day=date(2026, 3, 3))
    row = make.owed(fulfillment.paid_order(1))
    assert row.promised_at == NOW + 72 * HOUR
    assert row.limit_at == row.due_at == NOW + 48 * HOUR

    ShopDay.objects.create(day=date(2026, 3, 4))
    assert make.owed(row.order).promised_at == NOW + 72 * HOUR


def test_the_latest_of_its_goods_decides_and_a_sku_before_its_product() -> None:
    plain, slow, quick = counter.goods(), counter.goods(), counter.goods()
    Promise.objects.create(product=slow.product, hours=120)
    Promise.objects.create(product=quick.product, hours=120)
    Promise.objects.create(sku=quick, hours=24)
    assert make.owed(bought(quick)).promised_at == NOW + 24 * HOUR
    assert make.owed(bought(quick, plain)).promised_at == NOW + 48 * HOUR
    row = make.owed(bought(quick, plain, slow))
    assert (row.source, row.promised_at) == ("PROMISE", NOW + 120 * HOUR)
    assert row.due_at == row.limit_at == NOW + 48 * HOUR


def test_a_promised_day_is_due_at_its_end_and_promises_nothing_once_it_is_over() -> None:
    sku = counter.goods()
    Promise.objects.create(sku=sku, ships_on=date(2026, 3, 8))
    DeadlineRules.objects.create(pk=1, sunday_closed=True)
    # The 8th is a Sunday: the end of Monday.
    assert make.owed(bought(sku)).promised_at == shanghai(10)
    assert make.owed(bought(sku, at=shanghai(9)), at=shanghai(9)).source == "ORDINARY"


def test_a_pre_sale_keeps_what_it_agreed_on_whatever_the_days_are() -> None:
    counter.freight(0)
    paid_at = presales.BALANCE_FROM
    ShopDay.objects.create(day=(paid_at + 24 * HOUR).date())
    order = presales.paid(presales.presale())
    row = make.owed(order, at=paid_at)
    # 72 hours after the last moment at which the balance could be paid.
    assert (row.source, row.promised_at) == ("STORED", presales.BALANCE_UNTIL + 72 * HOUR)
    # WeChat takes it for late fifteen days after the deposit.
    assert row.limit_at == presales.NOW + timedelta(days=15)


def test_of_what_wechat_collected_nothing_for_it_has_no_limit() -> None:
    row = make.owed(fulfillment.paid_order(1, price_fen=0))
    assert (row.limit_at, row.due_at) == (None, NOW + 48 * HOUR)


def test_the_instant_at_which_it_is_due_is_late() -> None:
    ends = []
    for late in (timedelta(microseconds=1), timedelta(0)):
        order = make.paid(1)
        fulfillment.parcel(order, at=NOW + 48 * HOUR - late)
        outbox.deliver_due(at=NOW + 49 * HOUR)
        ends.append(Deadline.objects.get(order=order).outcome)
    assert ends == ["KEPT", "LATE"]


def test_missed_news_is_made_up_for_by_the_bells() -> None:
    order = fulfillment.paid_order(1)
    assert promising.fix_missed(at=NOW) == 1
    assert promising.fix_missed(at=NOW) == 0
    fulfillment.parcel(order, at=NOW + HOUR)
    assert watching.end_missed(at=NOW + HOUR) == 1
    assert watching.end_missed(at=NOW + HOUR) == 0
    assert Deadline.objects.get().outcome == "KEPT"


def test_an_alarm_comes_once_before_and_again_only_for_another_promise() -> None:
    order = make.paid(1)
    early, soon = NOW + 36 * HOUR - timedelta(seconds=1), NOW + 36 * HOUR
    assert (watching.warn_due(at=early), watching.warn_due(at=soon), watching.warn_due(at=soon)) == (0, 1, 0)
    assert fixing.note_reported(order_no=order.order_no, until=NOW + 100 * HOUR)
    row = Deadline.objects.get()
    assert (row.limit_at, row.due_at, row.warned_at) == (NOW + 100 * HOUR, NOW + 48 * HOUR, None)
    assert not fixing.note_reported(order_no=order.order_no, until=NOW + 60 * HOUR)
