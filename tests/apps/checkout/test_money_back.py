"""Every fen that goes back for an order shows in the order, whoever sent it back and whichever bill it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.checkout import bills, closing, paying
from apps.groupbuy import services as groupbuy
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund
from apps.payments.services import console, refunds
from apps.wechat.pay import facts
from tests.apps.aftersales import make as sales
from tests.apps.checkout import make as counter
from tests.apps.groupbuy import make as groups
from tests.apps.payments import make as payments
from tests.apps.presale import make as presales
from tests.apps.presale.make import BALANCE_FROM, BALANCE_UNTIL

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
NOW = counter.NOW
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _adds_up() -> Iterator[None]:
    """Whatever went back: payments, refunds and orders say the same at the end."""
    yield
    call_command("check_payments", stdout=StringIO())
    call_command("check_refunds", stdout=StringIO())


@pytest.fixture
def sees(shopper_of: Shoppers) -> Callable[[Order], Any]:
    """What the order's buyer is answered."""

    def look(order: Order) -> Any:
        seen = shopper_of(order.member).call("GET", f"/orders/{order.order_no}").json()
        listed = shopper_of(order.member).call("GET", "/orders").json()["results"]
        (row,) = (one for one in listed if one["order_no"] == order.order_no)
        assert (row["refunds"], row["money_back_fen"]) == (seen["refunds"], seen["money_back_fen"])
        return seen

    return look


def told(seen: Any) -> list[tuple[int, str]]:
    return [(refund["amount_fen"], refund["status"]) for refund in seen["refunds"]]


def arrive(refund: Refund, *, status: str = "SUCCESS") -> None:
    """WeChat says how the refund ended."""
    console.hear(result=facts.refund(payments.refunded(refund, status=status)), at=NOW)


def late(attempt: Payment, *, at: Any = NOW) -> None:
    """WeChat says that the attempt was paid, and what nothing can use is sent back."""
    said = payments.paid(attempt, success_time=at.isoformat())
    paying.confirm_payment(transaction=said, at=at)
    outbox.deliver_due(at=at)


def from_console(payment: Payment, amount_fen: int, *, number: str = "console-1") -> None:
    """Somebody gave so much of a payment back in WeChat's merchant console."""
    said = payments.refunded(
        Refund(payment=payment, refund_no=number, amount_fen=amount_fen),
        amount={"total": payment.captured_fen, "refund": amount_fen},
    )
    console.hear(result=facts.refund(said), at=NOW)
    outbox.deliver_due(at=NOW)


def test_a_deposit_that_goes_back_shows_until_it_has_arrived(sees: Callable[[Order], Any]) -> None:
    order = presales.reserved(presales.presale(deposit_refundable=True), units=2)
    assert sees(order)["refunds"] == []
    closing.close_expired(at=BALANCE_UNTIL)
    seen = sees(order)
    assert (seen["status"], told(seen), seen["money_back_fen"]) == ("CLOSED", [(40_00, "PENDING")], 0)
    assert (seen["refunded_fen"], seen["refunds"][0]["reason"]) == (40_00, "退还定金：超时未支付")
    arrive(Refund.objects.get())
    seen = sees(order)
    assert (told(seen), seen["money_back_fen"]) == ([(40_00, "DONE")], 40_00)
    assert seen["refunds"][0]["wechat_fen"] == 40_00


def test_a_deposit_of_which_the_console_gave_a_part_back_returns_the_rest(
    sees: Callable[[Order], Any],
) -> None:
    order = presales.reserved(presales.presale(deposit_refundable=True), units=2)
    from_console(Payment.objects.get(), 15_00)
    assert told(sees(order)) == [(15_00, "DONE")]
    closing.close_expired(at=BALANCE_UNTIL)
    assert sorted(told(sees(order))) == [(15_00, "DONE"), (25_00, "PENDING")]


def test_a_balance_that_was_paid_after_its_window_goes_back_and_the_order_lapses_as_agreed(
    sees: Callable[[Order], Any],
) -> None:
    order = presales.reserved(presales.presale())
    attempt = presales.attempt(order, bills.BALANCE, at=BALANCE_FROM)
    late(attempt, at=BALANCE_UNTIL)
    seen = sees(order)
    assert (seen["status"], told(seen)) == ("RESERVED", [(110_00, "PENDING")])
    assert (seen["refunded_fen"], seen["refunds"][0]["reason"]) == (0, "支付时间结束后付款")
    closing.close_expired(at=BALANCE_UNTIL + SECOND)
    arrive(Refund.objects.get())
    seen = sees(order)
    assert (seen["status"], told(seen), seen["money_back_fen"]) == ("CLOSED", [(110_00, "DONE")], 110_00)
    assert [stage["status"] for stage in seen["stages"]] == ["KEPT", "LAPSED"]


def test_a_balance_that_was_paid_in_its_window_counts_though_the_shop_hears_of_it_afterwards(
    sees: Callable[[Order], Any],
) -> None:
    order = presales.reserved(presales.presale())
    attempt = presales.attempt(order, bills.BALANCE, at=BALANCE_FROM)
    said = payments.paid(attempt, success_time=(BALANCE_UNTIL - SECOND).isoformat())
    paying.confirm_payment(transaction=said, at=BALANCE_UNTIL + 5 * SECOND)
    seen = sees(order)
    assert (seen["status"], seen["refunds"]) == ("PAID", [])


def test_money_that_comes_for_a_closed_order_shows(sees: Callable[[Order], Any]) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    counter.close(order)
    late(payments.attempt(order, status="CLOSED", closed_at=NOW))
    seen = sees(order)
    assert (seen["status"], told(seen), seen["refunded_fen"]) == (
        "CLOSED",
        [(order.payable_fen, "PENDING")],
        0,
    )
    assert seen["refunds"][0]["reason"] == "订单已关闭后付款"
    arrive(Refund.objects.get())
    assert sees(order)["money_back_fen"] == order.payable_fen


def test_money_that_comes_twice_shows_and_the_order_stays_paid(sees: Callable[[Order], Any]) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    second = payments.attempt(order, status="CLOSED", closed_at=NOW)
    counter.pay(order)
    late(second)
    sales.refund(sales.fresh(order), {order.lines.get().sku: 1})
    seen = sees(order)
    assert told(seen) == [(order.payable_fen, "PENDING")] * 2
    assert (seen["refunded_fen"], seen["status_text"]) == (order.payable_fen, "退款中")
    arrive(Refund.objects.get(business_key__startswith="refund:"))
    assert sees(order)["status_text"] == "已退款"


def test_an_amount_that_was_not_asked_for_shows_in_the_order_that_goes_on_waiting(
    sees: Callable[[Order], Any],
) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    said = payments.paid(payments.attempt(order), amount_fen=1)
    paying.confirm_payment(transaction=said, at=NOW, from_query=True)
    outbox.deliver_due(at=NOW)
    seen = sees(order)
    assert (seen["status"], told(seen)) == ("UNPAID", [(1, "PENDING")])


def test_what_the_console_gave_back_is_told_once_also_when_the_shop_refunds_the_rest(
    sees: Callable[[Order], Any],
) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(10_00), 2)])
    counter.pay(order)
    from_console(Payment.objects.get(), 6_00)
    seen = sees(order)
    assert (told(seen), seen["money_back_fen"], seen["refunded_fen"]) == ([(6_00, "DONE")], 6_00, 6_00)
    cup = order.lines.get().sku
    sales.refund(sales.fresh(order), {cup: 1})
    assert told(sees(order)) == [(6_00, "DONE"), (10_00, "PENDING")]
    sales.refund(sales.fresh(order), {cup: 1})
    seen = sees(order)
    # Of the last ten yuan the console had given six back before: they are told with them, and not once more.
    assert sorted(told(seen)) == [(10_00, "PENDING"), (10_00, "PENDING")]
    assert (seen["refunded_fen"], seen["money_back_fen"]) == (20_00, 6_00)
    for refund in Refund.objects.filter(business_key__startswith="refund:"):
        arrive(refund)
    assert sees(order)["money_back_fen"] == 20_00 == Payment.objects.get().refunded_fen


def test_a_refund_that_wechat_closed_and_that_is_taken_up_anew_is_one_refund(
    sees: Callable[[Order], Any],
) -> None:
    order = presales.reserved(presales.presale(deposit_refundable=True))
    closing.close_expired(at=BALANCE_UNTIL)
    first = Refund.objects.get()
    Refund.objects.update(status="PROCESSING", attempts=1)
    arrive(first, status="CLOSED")
    seen = sees(order)
    assert (told(seen), seen["money_back_fen"]) == ([(20_00, "FAILED")], 0)
    refunds.resubmit(refund_no=first.refund_no, at=BALANCE_UNTIL)
    seen = sees(order)
    assert (told(seen), seen["refunds"][0]["refund_no"]) == ([(20_00, "PENDING")], first.refund_no)
    arrive(Refund.objects.exclude(pk=first.pk).get())
    assert sees(order)["money_back_fen"] == 20_00


def test_a_group_shows_differences_and_what_goes_back_of_the_late_and_of_the_failed(
    sees: Callable[[Order], Any],
) -> None:
    cup = counter.goods(50_00, units=20)
    row = groups.campaign(cup, {2: 39_00, 3: 35_00})
    first = groups.order(row)
    groups.pay(first)
    group = groups.group_of(first)
    second, third = (groups.joined(group) for _ in range(2))
    failed = groups.order(row)
    groups.pay(failed)
    too_late = groups.order(row, group=groups.group_of(failed), at=NOW + HOUR - 10 * SECOND)
    groups.pay(too_late, at=NOW + HOUR)
    groupbuy.end_due(at=NOW + HOUR)
    groups.post(at=NOW + HOUR)
    assert [told(sees(order)) for order in (first, second, third)] == [
        [(4_00, "PENDING")],
        [(4_00, "PENDING")],
        [],
    ]
    assert [told(sees(order)) for order in (failed, too_late)] == [[(39_00, "PENDING")]] * 2
    for refund in Refund.objects.all():
        arrive(refund)
    assert [sees(order)["money_back_fen"] for order in (first, second, third, failed, too_late)] == [
        4_00,
        4_00,
        0,
        39_00,
        39_00,
    ]


def test_what_goes_back_stands_on_the_operators_page_of_the_order_with_its_state(admin_client: Any) -> None:
    order = presales.reserved(presales.presale(deposit_refundable=True))
    closing.close_expired(at=BALANCE_UNTIL)
    refund = Refund.objects.get()
    page = admin_client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert [text in page for text in (refund.refund_no, "退还定金：超时未支付", "待提交")] == [True] * 3
    arrive(refund)
    page = admin_client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "已到账" in page


def test_what_is_to_be_paid_follows_the_stages(sees: Callable[[Order], Any]) -> None:
    order = presales.order(presales.presale(), units=2)
    assert sees(order)["due_fen"] == 40_00
    presales.pay(order)
    assert sees(order)["due_fen"] == 220_00
    presales.pay(order, at=BALANCE_FROM)
    assert (sees(order)["due_fen"], order.payable_fen) == (260_00, 260_00)


@pytest.mark.parametrize("whole", [False, True])
def test_a_presale_of_which_nothing_is_due_says_how_its_stages_stand(whole: bool) -> None:
    row = presales.presale(whole=whole)
    order = presales.order(row)
    presales.pay(order)
    if not whole:
        with pytest.raises(bills.StageNotDue) as early:
            paying.pay(member=order.member, order_no=order.order_no, at=BALANCE_FROM - SECOND)
        assert [stage["status"] for stage in early.value.details["stages"]] == ["PAID", "LATER"]
        presales.pay(order, at=BALANCE_FROM)
    with pytest.raises(bills.StageNotDue) as done:
        paying.pay(member=order.member, order_no=order.order_no, at=BALANCE_FROM)
    assert {stage["status"] for stage in done.value.details["stages"]} == {"PAID"}


def test_a_paid_order_of_no_stages_answers_that_it_is_paid() -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    counter.pay(order)
    assert paying.pay(member=order.member, order_no=order.order_no, at=NOW) is None


def test_figures_that_were_changed_past_the_services_are_found() -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(10_00), 2)])
    counter.pay(order)
    sales.refund(sales.fresh(order), {order.lines.get().sku: 1})
    payment, refund = Payment.objects.get(), Refund.objects.get()
    for changed, said in (
        (lambda: Payment.objects.update(refunded_fen=1), "refunded of payment"),
        (lambda: Refund.objects.update(amount_fen=30_00), "captured by payment"),
        (lambda: Refund.objects.update(amount_fen=9_00), "refunds of order"),
    ):
        changed()
        told_of = StringIO()
        with pytest.raises(CommandError):
            call_command("check_payments", stdout=told_of)
        assert said in told_of.getvalue()
        Payment.objects.filter(pk=payment.pk).update(refunded_fen=0)
        Refund.objects.filter(pk=refund.pk).update(amount_fen=10_00)


@pytest.mark.parametrize(
    ("console_fen", "shown", "refunded_fen"),
    [
        (10_00, [(10_00, "DONE")], 10_00),
        (4_00, [(10_00, "FAILED")], 10_00),
        (14_00, [(4_00, "DONE"), (10_00, "DONE")], 14_00),
        (20_00, [(10_00, "DONE"), (10_00, "DONE")], 20_00),
    ],
)
def test_what_wechat_would_not_refund_and_the_console_did_is_told_once(
    sees: Callable[[Order], Any], console_fen: int, shown: list[tuple[int, str]], refunded_fen: int
) -> None:
    order = counter.order(*counter.buyer(), [(counter.goods(10_00), 2)])
    counter.pay(order)
    sales.refund(sales.fresh(order), {order.lines.get().sku: 1})
    Refund.objects.update(status="PROCESSING", attempts=1)
    arrive(Refund.objects.get(), status="CLOSED")
    from_console(Payment.objects.get(), console_fen)
    seen = sees(order)
    assert sorted(told(seen)) == shown
    assert (seen["refunded_fen"], seen["money_back_fen"]) == (refunded_fen, console_fen)


def test_of_a_deposit_that_wechat_would_not_refund_the_console_gave_a_part_back(
    sees: Callable[[Order], Any],
) -> None:
    order = presales.reserved(presales.presale(deposit_refundable=True), units=2)
    closing.close_expired(at=BALANCE_UNTIL)
    Refund.objects.update(status="PROCESSING", attempts=1)
    arrive(Refund.objects.get(), status="CLOSED")
    from_console(Payment.objects.get(), 15_00)
    seen = sees(order)
    assert sorted(told(seen)) == [(15_00, "DONE"), (25_00, "FAILED")]
    assert (seen["refunded_fen"], seen["money_back_fen"]) == (40_00, 15_00)
