"""Money going back: never more than came, never twice, always under the number it began with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from apps.checkout import paying
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import endings, giving_back, refunds
from apps.wechat.pay import facts
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.members import make as members
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(tz=UTC)


def captured(price_fen: int = 1000) -> Payment:
    """A payment that the shop believes in; no WeChat is involved."""
    attempt = make.attempt(make.order(price_fen=price_fen))
    paying.confirm_payment(transaction=make.paid(attempt), at=AT)
    return Payment.objects.get(pk=attempt.pk)


def ask(payment: Payment, amount_fen: int, key: str) -> Refund:
    return payments.request_refund(
        payment_no=payment.payment_no, amount_fen=amount_fen, reason="退货", business_key=key, at=AT
    )


def test_refunds_may_use_up_the_payment_and_not_a_fen_more() -> None:
    payment = captured(1000)

    ask(payment, 600, "a")
    with pytest.raises(payments.RefundTooMuch) as refused:
        ask(payment, 401, "b")
    ask(payment, 400, "c")
    with pytest.raises(payments.RefundTooMuch):
        ask(payment, 1, "d")

    assert refused.value.details == {"refundable_fen": 400}
    assert sorted(Refund.objects.values_list("amount_fen", flat=True)) == [400, 600]


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_a_refund_is_at_least_one_fen(amount_fen: int) -> None:
    with pytest.raises(payments.RefundTooMuch):
        ask(captured(), amount_fen, "a")


def test_the_same_cause_asked_again_is_the_same_refund() -> None:
    payment = captured(1000)

    first, again = ask(payment, 300, "after-sale:1"), ask(payment, 300, "after-sale:1")

    assert first.refund_no == again.refund_no
    with pytest.raises(payments.RefundKeyReused):
        ask(payment, 301, "after-sale:1")


def test_a_failed_refund_still_counts_because_wechat_may_carry_it_out_after_all() -> None:
    payment = captured(1000)
    refund = ask(payment, 1000, "a")
    refunds.apply_result(result=result(refund, status="ABNORMAL"), at=AT)

    with pytest.raises(payments.RefundTooMuch):
        ask(payment, 1, "b")


def test_nothing_goes_back_of_what_never_came() -> None:
    with pytest.raises(payments.NotRefundable):
        ask(make.attempt(make.order()), 1, "a")


def result(refund: Refund, *, status: str = "SUCCESS", **changes: Any) -> facts.RefundResult:
    """What WeChat says of the refund, as the adapter reads it."""
    return facts.refund(make.refunded(refund, status=status, **changes))


def test_success_settles_once_whatever_comes_after_it() -> None:
    payment = captured(1000)
    refund = ask(payment, 600, "a")

    for status in ("PROCESSING", "SUCCESS", "SUCCESS", "PROCESSING", "CLOSED"):
        refunds.apply_result(result=result(refund, status=status), at=AT)

    payment.refresh_from_db()
    refund.refresh_from_db()
    assert (refund.status, payment.refunded_fen) == ("SETTLED", 600)
    assert Announcement.objects.filter(kind="RefundSettled").count() == 1


def test_a_refund_that_wechat_cannot_pay_out_waits_for_an_operator_under_its_number() -> None:
    refund = ask(captured(1000), 600, "a")
    refunds.apply_result(result=result(refund, status="ABNORMAL"), at=AT)
    refund.refresh_from_db()
    number = refund.refund_no
    assert (refund.status, refund.last_error[:4]) == ("FAILED", "退款异常")

    refunds.resubmit(refund_no=number, at=AT)

    refund.refresh_from_db()
    assert (refund.status, refund.refund_no) == ("REQUESTED", number)
    with pytest.raises(MoveRefused):
        refunds.resubmit(refund_no=number, at=AT)


def test_a_refund_that_wechat_closed_gets_one_successor_and_never_two() -> None:
    payment = captured(1000)
    refund = ask(payment, 1000, "a")
    refunds.apply_result(result=result(refund, status="CLOSED"), at=AT)

    first = refunds.resubmit(refund_no=refund.refund_no, at=AT)
    again = refunds.resubmit(refund_no=refund.refund_no, at=AT)

    assert first.refund_no == again.refund_no != refund.refund_no
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["CLOSED", "REQUESTED"]
    with pytest.raises(MoveRefused):
        refunds.apply_result(result=result(refund), at=AT)


@pytest.mark.parametrize(
    "lie",
    [
        {"transaction_id": "4200"},
        {"out_trade_no": "PY1234567"},
        {"amount": {"total": 1000, "refund": 1}},
    ],
)
def test_wechat_speaking_of_something_else_under_our_number_is_not_believed(lie: dict[str, Any]) -> None:
    refund = ask(captured(1000), 600, "a")

    with pytest.raises(refunds.RefundConflict):
        refunds.apply_result(result=result(refund, **lie), at=AT)

    refund.refresh_from_db()
    assert refund.status == "REQUESTED"


def test_a_refund_notification_settles_the_refund() -> None:
    refund = ask(captured(1000), 600, "a")
    body, headers = make.notify(make.refunded(refund), event="REFUND.SUCCESS")

    answer = Client().generic("POST", "/wechat/refund/notify", body, headers=headers)

    refund.refresh_from_db()
    assert (answer.status_code, refund.status) == (204, "SETTLED")


def test_a_refund_notification_of_another_merchant_is_refused() -> None:
    refund = ask(captured(1000), 600, "a")
    body, headers = make.notify(make.refunded(refund, mchid="1900000001"), event="REFUND.SUCCESS")

    assert Client().generic("POST", "/wechat/refund/notify", body, headers=headers).status_code == 400


# --- with WeChat's sandbox ------------------------------------------------------------------------------


@pytest.fixture
def surplus(wechat: Sandbox, settings: Any) -> Refund:
    """Ten yuan that a shopper paid at the sandbox for an order which is closed: the refund waits to be submitted."""
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # no notification ever arrives
    at = now()
    shopper = wechat.login("小茶")
    order = make.order(price_fen=1000, at=at, owner=members.member(openid=shopper.openid))
    params = paying.pay(member=order.member, order_no=order.order_no, at=at)
    assert isinstance(params, dict)
    wechat.pay(shopper.openid, params)
    (paid,) = payments.close_open(order.payments.all(), at=at)
    Order.objects.filter(pk=order.pk).update(status="CLOSED", closed_at=at)
    paying.confirm_payment(transaction=paid, at=at, from_query=True)
    refund = giving_back.refund_surplus(payment_no=paid.out_trade_no, at=at)
    assert refund is not None
    return refund


def refund_calls(wechat: Sandbox) -> list[str]:
    """The refund numbers that WeChat was told to carry out, one per call."""
    calls = wechat.calls("/v3/refund/domestic/refunds")
    return [json.loads(call["request"])["out_refund_no"] for call in calls if call["method"] == "POST"]


def settle(wechat: Sandbox, refund: Refund, *, at: datetime) -> None:
    """Let WeChat finish, and ask."""
    wechat.wait(lambda: [row for row in wechat.refunds() if row["status"] != "PROCESSING"])
    refunds.query_due(at=at)
    refund.refresh_from_db()


def test_a_surplus_is_submitted_and_settled(wechat: Sandbox, surplus: Refund) -> None:
    at = now()
    assert refunds.submit_due(at=at) == 1
    surplus.refresh_from_db()
    assert surplus.status == "PROCESSING"
    assert refunds.submit_due(at=at) == 0

    settle(wechat, surplus, at=at + timedelta(minutes=5))

    assert surplus.status == "SETTLED"
    assert Payment.objects.get().refunded_fen == 1000
    assert [row["refund_fen"] for row in wechat.refunds()] == [1000]


def test_a_refund_whose_answer_was_lost_is_asked_about_and_happens_once(
    wechat: Sandbox, surplus: Refund
) -> None:
    wechat.fault("timeout_after_commit", path="/v3/refund/domestic/refunds", hang_s=1)
    at = now()
    with override_settings(WECHAT_TIMEOUT_S=(1.0, 0.3)):
        refunds.submit_due(at=at)
    surplus.refresh_from_db()
    assert (surplus.status, len(wechat.refunds())) == ("REQUESTED", 1)

    refunds.submit_due(at=at + timedelta(minutes=1))
    settle(wechat, surplus, at=at + timedelta(hours=1))

    assert surplus.status == "SETTLED"
    assert [row["out_refund_no"] for row in wechat.refunds()] == [surplus.refund_no]
    assert refund_calls(wechat) == [surplus.refund_no]


def test_a_refund_that_never_arrived_is_repeated_under_the_same_number(
    wechat: Sandbox, surplus: Refund
) -> None:
    wechat.fault("timeout_before", path="/v3/refund/domestic/refunds", hang_s=1)
    at = now()
    with override_settings(WECHAT_TIMEOUT_S=(1.0, 0.3)):
        refunds.submit_due(at=at)
    assert wechat.refunds() == []

    refunds.submit_due(at=at + timedelta(minutes=1))
    settle(wechat, surplus, at=at + timedelta(hours=1))

    assert surplus.status == "SETTLED"
    assert refund_calls(wechat) == [surplus.refund_no, surplus.refund_no]


def test_a_refund_waits_while_the_balance_is_short(wechat: Sandbox, surplus: Refund) -> None:
    wechat.fault("not_enough")
    at = now()

    refunds.submit_due(at=at)

    surplus.refresh_from_db()
    assert (surplus.status, surplus.last_error) == ("REQUESTED", "商户账户余额不足，充值后会自动重试")
    assert refunds.submit_due(at=at + timedelta(minutes=1)) == 0
    assert refunds.submit_due(at=at + timedelta(minutes=3)) == 1
    settle(wechat, surplus, at=at + timedelta(hours=1))
    assert surplus.status == "SETTLED"
    assert set(refund_calls(wechat)) == {surplus.refund_no}


def test_an_answer_that_wechat_did_not_sign_settles_nothing(wechat: Sandbox, surplus: Refund) -> None:
    wechat.fault("wrong_signature", path="/v3/refund/domestic/refunds")

    refunds.submit_due(at=now())

    surplus.refresh_from_db()
    assert surplus.status == "REQUESTED"
    assert "effect unknown" in surplus.last_error


def test_one_refund_that_fails_does_not_keep_the_others_waiting(wechat: Sandbox, surplus: Refund) -> None:
    # A payment that WeChat knows nothing of: its refund is refused, the other one is carried out.
    stranger = ask(captured(1000), 600, "a")
    Refund.objects.filter(pk=stranger.pk).update(due_at=AT - timedelta(days=1))

    assert refunds.submit_due(at=now()) == 2

    stranger.refresh_from_db()
    surplus.refresh_from_db()
    assert (stranger.status, surplus.status) == ("FAILED", "PROCESSING")
    assert "RESOURCE_NOT_EXISTS" in stranger.last_error


def test_while_wechat_is_silent_a_sweep_gives_up_after_three(wechat: Sandbox, settings: Any) -> None:
    settings.WECHATPAY_BASE = "http://127.0.0.1:9"  # nobody listens there
    for key in "abcde":
        ask(captured(1000), 100, key)

    assert [refunds.submit_due(at=AT + timedelta(seconds=n)) for n in range(2)] == [3, 2]
    assert {refund.last_error for refund in Refund.objects.all()} == {"wechat_unavailable: no connection"}


def test_the_waits_for_a_balance_grow(wechat: Sandbox, surplus: Refund) -> None:
    wechat.fault("not_enough", times=9)
    begun = now()
    tries = [m for m in range(60) if refunds.submit_due(at=begun + timedelta(minutes=m))]

    # After 2 minutes, then 4, 8, 16 and 30.
    assert tries == [0, 2, 6, 14, 30]


@pytest.mark.parametrize("code", ["INVALID_REQUEST", "PARAM_ERROR"])
@pytest.mark.parametrize(
    "sentence",
    [
        "重入请求数据和已存在的业务单据数据不一致",
        "订单金额或退款金额与之前请求不一致，请核实后再试",
        "请求重入时，参数与首次请求时不一致",
        "订单重入时，要求参数值与原请求一致",
        "参数错误",
    ],
)
def test_a_refused_refund_that_wechat_has_all_the_same_is_under_way(
    wechat: Sandbox, surplus: Refund, code: str, sentence: str
) -> None:
    path = "/v3/refund/domestic/refunds"
    wechat.fault("timeout_after_commit", path=path, hang_s=1)
    at = now()
    with override_settings(WECHAT_TIMEOUT_S=(1.0, 0.3)):
        refunds.submit_due(at=at)
    # The worker died before it wrote down that it had told WeChat, so that it tells again.
    Refund.objects.filter(pk=surplus.pk).update(attempts=0, due_at=at)
    wechat.fault("http_status", path=path, status=400, code=code, message=sentence)

    refunds.submit_due(at=at + timedelta(minutes=2))

    surplus.refresh_from_db()
    assert surplus.status in {"PROCESSING", "SETTLED"}
    assert len(wechat.refunds()) == 1


def test_a_refund_that_was_told_with_another_address_is_recognised(
    wechat: Sandbox, surplus: Refund, settings: Any
) -> None:
    at = now()
    refunds.submit_due(at=at)
    Refund.objects.filter(pk=surplus.pk).update(status="REQUESTED", attempts=0, due_at=at)
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:10"  # the shop moved: WeChat says 重入请求数据…不一致

    refunds.submit_due(at=at + timedelta(minutes=2))

    surplus.refresh_from_db()
    assert surplus.status in {"PROCESSING", "SETTLED"}
    assert len(wechat.refunds()) == 1


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "INVALID_REQUEST", "订单已全额退款"),
        (400, "INVALID_REQUEST", "订单已经超过退款期限"),
        (400, "PARAM_ERROR", "参数错误"),
        (404, "RESOURCE_NOT_EXISTS", "订单不存在"),
        (404, "ORDER_NOT_EXIST", "订单不存在"),
        (403, "USER_ACCOUNT_ABNORMAL", "退款请求失败"),
    ],
)
def test_what_wechat_refuses_and_does_not_know_waits_for_a_person(
    wechat: Sandbox, surplus: Refund, status: int, code: str, message: str
) -> None:
    wechat.fault("http_status", path="/v3/refund/domestic/refunds", status=status, code=code, message=message)

    refunds.submit_due(at=now())

    surplus.refresh_from_db()
    assert (surplus.status, surplus.last_error) == ("FAILED", f"{code} {message}")
    assert wechat.refunds() == []


# --- a minute apart, and within a year --------------------------------------------------------------------


def sent(at: datetime) -> list[int]:
    """Let the sweep run, and return the amounts that have left, in their order."""
    refunds.submit_due(at=at)
    return list(
        Refund.objects.filter(attempts__gte=1).order_by("due_at").values_list("amount_fen", flat=True)
    )


def test_refunds_of_one_payment_leave_a_minute_apart_and_those_of_others_at_once(settings: Any) -> None:
    settings.WECHATPAY_BASE = "http://127.0.0.1:9"  # nobody listens there: what counts is when they leave
    one, other = captured(1000), captured(1000)
    for payment, amount_fen in ((one, 1), (one, 2), (other, 3)):
        ask(payment, amount_fen, f"cause-{amount_fen}")

    assert sorted(sent(AT)) == [1, 3]
    assert sorted(sent(AT + timedelta(seconds=59))) == [1, 3]
    later = AT + timedelta(seconds=60)
    Refund.objects.filter(amount_fen=1).update(due_at=later + timedelta(hours=1))
    assert sorted(sent(later)) == [1, 2, 3]


def test_what_wechat_found_too_frequent_is_told_again_after_a_minute_and_ever_more_rarely(
    wechat: Sandbox, surplus: Refund
) -> None:
    wechat.fault(
        "http_status",
        path="/v3/refund/domestic/refunds",
        status=429,
        code="FREQUENCY_LIMITED",
        message="频率限制",
        times=3,
    )
    begun = now()
    tries = [s for s in range(0, 600, 30) if refunds.submit_due(at=begun + timedelta(seconds=s))]

    # After a minute, then two, then four.
    assert tries == [0, 60, 180, 420]
    assert set(refund_calls(wechat)) == {surplus.refund_no}
    surplus.refresh_from_db()
    assert surplus.status in {"PROCESSING", "SETTLED"}


def test_what_wechat_takes_no_more_after_365_days_is_decided_and_waits_for_somebody(
    wechat: Sandbox, settings: Any
) -> None:
    payment = captured(1000)
    assert payment.captured_at is not None
    last = payment.captured_at + timedelta(days=365)
    late = last + timedelta(seconds=1)

    def ask_at(at: datetime, key: str) -> Refund:
        return payments.request_refund(
            payment_no=payment.payment_no, amount_fen=1, reason="退货", business_key=key, at=at
        )

    in_time = ask_at(last, "a")
    assert in_time.status == "REQUESTED"
    refused = ask_at(late, "b")
    (of_order,) = payments.refund_order(
        order_id=payment.order_id or 0, amount_fen=1, reason="退货", business_key="c", at=late
    )
    for row in (refused, of_order):
        assert (row.status, "365 天" in row.last_error) == ("FAILED", True)
        assert list(row.steps.values_list("step", flat=True)) == ["REQUEST", "FAIL"]
        assert payment_facts.needing_somebody().filter(pk=row.pk).exists()
    with pytest.raises(payments.RefundTooMuch):  # never more than was paid
        payments.request_refund(
            payment_no=payment.payment_no, amount_fen=998, reason="", business_key="d", at=late
        )
    Refund.objects.filter(pk=in_time.pk).update(due_at=late + timedelta(days=9))
    assert (refunds.submit_due(at=late + timedelta(days=1)), refund_calls(wechat)) == (0, [])
    for number in (refused.refund_no, of_order.refund_no):
        with pytest.raises(payments.PaymentTooOld):
            refunds.resubmit(refund_no=number, at=late)
    refunds.apply_result(result=result(in_time, status="CLOSED"), at=last)
    with pytest.raises(payments.PaymentTooOld):
        refunds.resubmit(refund_no=in_time.refund_no, at=late)


def test_the_51st_refund_of_a_payment_is_decided_waits_for_somebody_and_ends_without_wechat(
    wechat: Sandbox,
) -> None:
    payment = captured(1000)
    kept = [ask(payment, 1, f"cause-{number}") for number in range(50)]
    assert {row.status for row in kept} == {"REQUESTED"}

    row = ask(payment, 1, "cause-50")

    assert (row.status, "50 次" in row.last_error) == ("FAILED", True)
    assert ask(payment, 1, "cause-50") == row
    with pytest.raises(payments.RefundedTooOften):
        refunds.resubmit(refund_no=row.refund_no, at=AT)
    one, other = User.objects.create_superuser("安娜"), User.objects.create_superuser("贝特")
    endings.ask(refund_no=row.refund_no, way="PAID_OUTSIDE", proof="转账 1000071", operator=one, at=AT)
    assert endings.grant(refund_no=row.refund_no, operator=other, at=AT).status == "PAID_OUTSIDE"
    # One that WeChat refused and does not know leaves room for another; one that failed is taken up among its 50.
    Refund.objects.filter(pk=kept[0].pk).update(status="FAILED")
    assert ask(payment, 1, "cause-51").status == "REQUESTED"
    with pytest.raises(payments.RefundedTooOften):
        refunds.resubmit(refund_no=kept[0].refund_no, at=AT)
    Refund.objects.filter(pk=kept[1].pk).update(status="FAILED", wechat_refund_id="5030")
    assert refunds.resubmit(refund_no=kept[1].refund_no, at=AT).status == "REQUESTED"
