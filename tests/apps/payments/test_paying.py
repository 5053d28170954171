"""From "pay" to wx.requestPayment, on good days and bad ones, with WeChat's sandbox in WeChat's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client, override_settings

from apps.checkout import asking, closing, hearing, paying
from apps.checkout.bills.orders import OrderExpired
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Notification, Payment, Refund
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.sandbox.control import Sandbox
from config.schedule import RINGS
from tests.apps.members import make as members
from tests.apps.payments import make

pytestmark = pytest.mark.django_db

JSAPI = "/v3/pay/transactions/jsapi"


def now() -> datetime:
    return datetime.now(tz=UTC)


def impatient() -> Any:
    """Wait a third of a second, only where WeChat will not answer: on a busy machine it may take that long when it does."""
    return override_settings(WECHAT_TIMEOUT_S=(1.0, 0.3))


@dataclass
class Counter:
    """A shopper whom WeChat knows, and their unpaid order of ten yuan."""

    wechat: Sandbox
    member: Member
    order: Order

    def pay(self, *, at: datetime | None = None) -> dict[str, str] | None:
        return paying.pay(member=self.member, order_no=self.order.order_no, at=at or now())

    def press(self, params: dict[str, str] | None) -> str:
        """Type the password into wx.requestPayment."""
        assert params is not None
        return self.wechat.pay(self.member.openid, params)

    @property
    def status(self) -> str:
        return Order.objects.get(pk=self.order.pk).status

    @property
    def attempts(self) -> list[Payment]:
        return list(Payment.objects.order_by("id"))

    def announced(self) -> list[str]:
        """The numbers under which WeChat was asked for a prepay_id."""
        return [json.loads(call["request"])["out_trade_no"] for call in self.wechat.calls(JSAPI)]


@pytest.fixture
def counter(wechat: Sandbox, settings: Any) -> Counter:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # notifications never arrive
    member = members.member(openid=wechat.login("小茶").openid)
    return Counter(wechat, member, make.order(price_fen=1000, at=now(), owner=member))


def test_the_shopper_gets_what_wx_request_payment_takes(
    counter: Counter, shopper_of: Callable[[Member], Any]
) -> None:
    answer = shopper_of(counter.member).call("POST", f"/orders/{counter.order.order_no}/pay")

    assert answer.status_code == 200
    assert sorted(answer.json()) == ["nonceStr", "package", "paySign", "signType", "timeStamp"]
    counter.press(answer.json())
    (told,) = counter.wechat.calls(JSAPI)
    said = json.loads(told["request"])
    assert said["amount"] == {"total": 1000, "currency": "CNY"}
    assert said["description"] == "手工陶瓷茶杯"
    assert said["notify_url"] == "http://127.0.0.1:9/wechat/pay/notify"
    assert datetime.fromisoformat(said["time_expire"]) == counter.order.expires_at.replace(microsecond=0)


def test_pressing_pay_three_times_is_one_attempt_and_one_call(counter: Counter) -> None:
    packages = {(counter.pay() or {})["package"] for _ in range(3)}

    assert len(packages) == len(counter.attempts) == len(counter.announced()) == 1


def test_a_lost_notification_is_found_by_asking(counter: Counter) -> None:
    counter.press(counter.pay())
    assert asking.query_unheard(at=now()) == 0  # the notification has 40 s to come

    assert asking.query_unheard(at=now() + timedelta(minutes=2)) == 1

    assert counter.status == "PAID"
    stock = Stock.objects.get()
    assert (stock.on_hand, stock.held) == (9, 0)
    assert asking.query_unheard(at=now() + timedelta(minutes=9)) == 0


def ring_s() -> int:
    """The seconds between two sweeps, as the board of bells has them."""
    return next(ring.every_seconds for ring in RINGS if ring.task == "payments.query_unheard")


def test_whenever_somebody_pays_in_the_first_ten_minutes_wechat_is_asked_within_fifty_seconds(
    counter: Counter,
) -> None:
    """40 s of silence and a ring every 10 s: with the answer of WeChat, paid → visible stays within a minute."""
    counter.pay()
    begun = counter.attempts[0].started_at
    every = ring_s()
    # The rings of the clock fall anywhere: here 3 s after the shopper began.
    rings = [begun + timedelta(seconds=3 + every * n) for n in range(1800 // every)]
    asked = [0.0] + [(at - begun).total_seconds() for at in rings if asking.query_unheard(at=at) == 1]

    gaps = [(since, later - since) for since, later in pairwise(asked)]
    assert every == 10
    assert max(gap for since, gap in gaps if since < 600) <= 50
    assert max(gap for since, gap in gaps if since >= 660) <= 190
    # Cheap all the same: at most one question in 40 s, and one in three minutes later.
    assert min(gap for _, gap in gaps) > 40
    assert len(asked) <= 660 // 40 + 1140 // 180 + 2


def test_pressing_pay_again_has_wechat_asked_often_again(counter: Counter) -> None:
    counter.pay()
    begun = counter.attempts[0].started_at
    late = begun + timedelta(minutes=20)
    assert asking.query_unheard(at=late) == 1
    assert asking.query_unheard(at=late + timedelta(seconds=50)) == 0

    counter.pay(at=late + timedelta(seconds=55))

    assert asking.query_unheard(at=late + timedelta(seconds=60)) == 1
    assert asking.query_unheard(at=late + timedelta(seconds=101)) == 1


def test_pressing_pay_after_having_paid_unheard_finds_the_payment(counter: Counter) -> None:
    counter.press(counter.pay())
    Payment.objects.update(prepay_id="")  # as after a crash: WeChat has to be asked

    assert counter.pay() is None
    assert counter.status == "PAID"
    assert counter.pay() is None


def test_a_prepay_whose_answer_was_lost_is_repeated_under_the_same_number(counter: Counter) -> None:
    counter.wechat.fault("timeout_after_commit", path=JSAPI, hang_s=1)
    with pytest.raises(wechat_errors.WechatTimeout), impatient():
        counter.pay()
    assert counter.status == "UNPAID"

    counter.press(counter.pay())

    assert counter.announced() == [counter.attempts[0].payment_no] * 2
    assert [row["out_trade_no"] for row in counter.wechat.transactions()] == [counter.attempts[0].payment_no]


@pytest.mark.parametrize(
    ("fault", "settings_of_it", "status"),
    [
        ("http_status", {"status": 500, "code": "SYSTEM_ERROR"}, 502),
        ("http_status", {"status": 429, "code": "FREQUENCY_LIMITED"}, 503),
        ("timeout_before", {"hang_s": 1}, 504),
        ("garbage", {}, 502),
        ("unsigned", {}, 502),
        ("wrong_signature", {}, 502),
        ("http_status", {"status": 400, "code": "PARAM_ERROR"}, 502),
        ("http_status", {"status": 401, "code": "SIGN_ERROR"}, 502),
    ],
)
def test_while_wechat_fails_the_order_stays_payable(
    counter: Counter,
    shopper_of: Callable[[Member], Any],
    fault: str,
    settings_of_it: dict[str, Any],
    status: int,
) -> None:
    shopper, path = shopper_of(counter.member), f"/orders/{counter.order.order_no}/pay"
    counter.wechat.fault(fault, path=JSAPI, **settings_of_it)

    with impatient() if fault == "timeout_before" else nullcontext():
        refused = shopper.call("POST", path)

    assert (refused.status_code, refused.json()["code"]) == (status, "wechat_unavailable")
    assert counter.status == "UNPAID"
    again = shopper.call("POST", path)
    assert again.status_code == 200
    counter.press(again.json())


def test_a_number_that_wechat_closed_is_replaced(counter: Counter) -> None:
    counter.pay()
    first = counter.attempts[0]
    # Closed in the merchant console, or by an earlier close whose answer was lost.
    client.close(out_trade_no=first.payment_no)
    Payment.objects.update(prepay_id="")

    counter.press(counter.pay())

    assert [attempt.status for attempt in counter.attempts] == ["CLOSED", "OPEN"]
    assert counter.announced()[-1] == counter.attempts[1].payment_no


def test_a_number_that_stands_for_other_parameters_is_closed_and_replaced(
    counter: Counter, settings: Any
) -> None:
    counter.pay()
    Payment.objects.update(prepay_id="")
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:10"  # the shop moved

    counter.press(counter.pay())

    states = {row["out_trade_no"]: row["state"] for row in counter.wechat.transactions()}
    assert [states[attempt.payment_no] for attempt in counter.attempts] == ["CLOSED", "SUCCESS"]


# What WeChat says, in different products and years, when a number comes again with other parameters; and one more
# that nobody has seen yet: what counts is whether WeChat knows the number.
SAME_NUMBER_OTHER_PARAMETERS = [
    "请求重入时，参数与首次请求时不一致",
    "重入请求数据和已存在的业务单据数据不一致",
    "订单重入时，要求参数值与原请求一致",
    "参数错误",
]


@pytest.mark.parametrize("code", ["INVALID_REQUEST", "PARAM_ERROR"])
@pytest.mark.parametrize("sentence", SAME_NUMBER_OTHER_PARAMETERS)
def test_whatever_words_wechat_has_for_other_parameters_the_number_is_closed_and_replaced(
    counter: Counter, code: str, sentence: str
) -> None:
    counter.pay()
    Payment.objects.update(prepay_id="")
    counter.wechat.fault("http_status", path=JSAPI, status=400, code=code, message=sentence)

    counter.press(counter.pay())

    states = {row["out_trade_no"]: row["state"] for row in counter.wechat.transactions()}
    assert [states[attempt.payment_no] for attempt in counter.attempts] == ["CLOSED", "SUCCESS"]


@pytest.mark.parametrize("sentence", SAME_NUMBER_OTHER_PARAMETERS)
def test_the_same_words_about_a_number_that_wechat_does_not_know_are_a_refusal(
    counter: Counter, sentence: str
) -> None:
    counter.wechat.fault("http_status", path=JSAPI, status=400, code="INVALID_REQUEST", message=sentence)

    with pytest.raises(wechat_errors.WechatBadAnswer):
        counter.pay()

    assert [attempt.status for attempt in counter.attempts] == ["OPEN"]
    assert counter.announced() == [counter.attempts[0].payment_no]


def test_a_number_refused_because_it_was_paid_meanwhile_is_the_payment(counter: Counter) -> None:
    counter.press(counter.pay())
    Payment.objects.update(prepay_id="")
    counter.wechat.fault("http_status", path=JSAPI, status=400, code="INVALID_REQUEST", message="参数错误")

    assert (counter.pay(), counter.status, len(counter.attempts)) == (None, "PAID", 1)


def test_an_order_of_nothing_is_paid_at_once_without_wechat(
    wechat: Sandbox, shopper_of: Callable[[Member], Any]
) -> None:
    order = make.order(price_fen=0, at=now())
    shopper, path = shopper_of(order.member), f"/orders/{order.order_no}/pay"

    answers = [shopper.call("POST", path).json() for _ in range(3)]

    order.refresh_from_db()
    assert answers == [{"paid": True}, {"paid": True}, {"paid": True}]
    assert (order.status, Payment.objects.count(), wechat.calls("/v3/pay")) == ("PAID", 0, [])
    assert [move.move for move in order.history.all()] == ["place", "pay"]


def test_an_order_of_nothing_cannot_be_paid_when_its_time_is_over() -> None:
    order = make.order(price_fen=0)

    with pytest.raises(OrderExpired):
        paying.pay(member=order.member, order_no=order.order_no, at=order.expires_at)


def test_with_less_than_ninety_seconds_left_it_is_too_late_to_pay(counter: Counter) -> None:
    with pytest.raises(OrderExpired):
        counter.pay(at=counter.order.expires_at - timedelta(seconds=89))

    assert counter.attempts == []


def test_a_closed_order_cannot_be_paid(counter: Counter, shopper_of: Callable[[Member], Any]) -> None:
    closing.cancel(member=counter.member, order_no=counter.order.order_no, at=now())

    answer = shopper_of(counter.member).call("POST", f"/orders/{counter.order.order_no}/pay")

    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")


@pytest.mark.parametrize("order_no", ["SO0", "1' OR '1'='1", "%00", "x" * 300, "订单"])
def test_an_order_that_is_not_there_is_not_found(
    counter: Counter, shopper_of: Callable[[Member], Any], order_no: str
) -> None:
    assert shopper_of(counter.member).call("POST", f"/orders/{order_no}/pay").status_code == 404


def test_somebody_elses_order_is_not_found(counter: Counter, shopper_of: Callable[[Member], Any]) -> None:
    answer = shopper_of(members.member()).call("POST", f"/orders/{counter.order.order_no}/pay")

    assert (answer.status_code, counter.attempts) == (404, [])


def test_nobody_may_pay_without_logging_in(counter: Counter, anyone: Any) -> None:
    assert anyone.call("POST", f"/orders/{counter.order.order_no}/pay").status_code == 401


def test_cancelling_closes_the_attempt_at_wechat_first(counter: Counter) -> None:
    params = counter.pay()

    closing.cancel(member=counter.member, order_no=counter.order.order_no, at=now())

    assert (counter.status, counter.attempts[0].status) == ("CLOSED", "CLOSED")
    with pytest.raises(Exception, match="关闭"):
        counter.press(params)


def test_cancelling_what_was_paid_unheard_books_the_payment_instead(counter: Counter) -> None:
    counter.press(counter.pay())

    with pytest.raises(closing.OrderNotCancellable):
        closing.cancel(member=counter.member, order_no=counter.order.order_no, at=now())

    assert counter.status == "PAID"


def test_while_wechat_does_not_answer_nothing_is_cancelled_or_released(counter: Counter) -> None:
    counter.pay()
    counter.wechat.fault("http_status", path="*/close", status=500, code="SYSTEM_ERROR")

    with pytest.raises(wechat_errors.WechatUnavailable):
        closing.cancel(member=counter.member, order_no=counter.order.order_no, at=now())

    assert (counter.status, counter.attempts[0].status, Stock.objects.get().held) == ("UNPAID", "OPEN", 1)


def test_money_that_came_after_the_close_unheard_is_found_and_goes_back(counter: Counter) -> None:
    counter.pay()
    closing.cancel(member=counter.member, order_no=counter.order.order_no, at=now())
    counter.wechat.pay_although_closed(counter.attempts[0].payment_no)

    later = now() + timedelta(minutes=6)
    assert asking.query_unheard(at=later) == 1
    outbox.deliver_due(at=later)

    assert counter.status == "CLOSED"
    assert counter.attempts[0].surplus_reason == "LATE"
    assert Refund.objects.get().amount_fen == 1000
    assert asking.query_unheard(at=later + timedelta(minutes=10)) == 0


def test_an_attempt_that_is_open_although_its_order_is_closed_gets_closed_at_wechat(counter: Counter) -> None:
    counter.pay()
    Order.objects.filter(pk=counter.order.pk).update(status="CLOSED", closed_at=now())

    asking.query_unheard(at=now() + timedelta(minutes=2))

    assert counter.attempts[0].status == "CLOSED"
    assert counter.wechat.transaction(counter.attempts[0].payment_no)["state"] == "CLOSED"


def test_one_query_that_fails_does_not_keep_the_others_waiting(counter: Counter) -> None:
    counter.press(counter.pay())
    second = make.order(price_fen=1000, at=now(), owner=counter.member)
    counter.press(paying.pay(member=counter.member, order_no=second.order_no, at=now()))
    first_no = counter.attempts[0].payment_no
    counter.wechat.fault("garbage", path=f"*/{first_no}", times=9)

    assert asking.query_unheard(at=now() + timedelta(minutes=2)) == 2

    second.refresh_from_db()
    assert (counter.status, second.status) == ("UNPAID", "PAID")


def test_a_notification_with_a_doubtful_amount_is_settled_by_asking_wechat(counter: Counter) -> None:
    counter.press(counter.pay())
    body, headers = make.notify(make.resource(counter.attempts[0], amount_fen=1))
    refused = Client().generic("POST", "/wechat/pay/notify", body, headers=headers)

    assert hearing.retry_notifications(at=now() + timedelta(minutes=2)) == 1

    kept = Notification.objects.get()
    assert (refused.status_code, counter.status, counter.attempts[0].captured_fen) == (409, "PAID", 1000)
    assert (kept.handled_at is not None, kept.last_error) == (True, "")
    assert hearing.retry_notifications(at=now() + timedelta(days=2)) == 0


def test_while_wechat_is_silent_a_sweep_gives_up_after_three_and_the_others_come_first_next_time(
    counter: Counter,
) -> None:
    for _ in range(4):
        order = make.order(price_fen=1000, at=now(), owner=counter.member)
        counter.press(paying.pay(member=counter.member, order_no=order.order_no, at=now()))
    counter.wechat.fault("timeout_before", path="/v3/pay/transactions/out-trade-no/*", hang_s=1, times=3)

    later = now() + timedelta(minutes=2)

    with impatient():
        assert asking.query_unheard(at=later) == 3
    assert asking.query_unheard(at=later + timedelta(seconds=61), limit=1) == 1
    assert Order.objects.get(status="PAID") == order  # the one that had not had its turn
    assert asking.query_unheard(at=later + timedelta(seconds=62)) == 3
    assert Order.objects.filter(status="PAID").count() == 4


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        ("", [204]),
        ("notify_repeated", [204, 204, 204]),
        ("notify_signtest", [400, 204]),
        ("notify_wrong_signature", [400, 204]),
        ("notify_old_timestamp", [400, 204]),
        ("notify_unknown_serial", [400, 204]),
        ("notify_garbage", [400, 204]),
        ("notify_wrong_amount", [409, 204]),
        ("notify_wrong_appid", [400, 204]),
        ("notify_wrong_mchid", [400, 204]),
        ("notify_wrong_currency", [400, 204]),
    ],
)
def test_over_the_wire_the_order_is_paid_once_however_wrongly_wechat_begins(
    counter: Counter, live_server: Any, settings: Any, fault: str, answers: list[int]
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    if fault:
        counter.wechat.fault(fault)

    counter.press(counter.pay())

    payment_no = counter.attempts[0].payment_no
    counter.wechat.wait(
        lambda: [row for row in counter.wechat.notifies(payment_no) if len(row["attempts"]) == len(answers)]
    )
    (sent,) = counter.wechat.notifies(payment_no)
    assert (sent["state"], [attempt["status"] for attempt in sent["attempts"]]) == ("ACCEPTED", answers)
    assert counter.status == "PAID"
    assert [move.move for move in counter.order.history.all()] == ["place", "pay"]
