"""Buying a pre-sale at the counter: deposit and balance, what closes it, what comes back, and what ships when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.campaigns.models import Quota, Take
from apps.checkout import bills, closing, paying
from apps.fulfillment.services import parcels
from apps.inventory.models import Hold
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.payments.models import Payment, Refund
from apps.presale import selectors as presale_facts
from apps.presale.models import Presale, Reservation
from apps.presale.terms import stages_of
from apps.wallet.models import Account
from tests.apps.aftersales import make as refunds
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments
from tests.apps.presale import make
from tests.apps.presale.make import BALANCE_FROM, BALANCE_UNTIL, HOUR, NOW
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
SECOND = timedelta(seconds=1)
AFTERWARDS = BALANCE_UNTIL + HOUR


@pytest.fixture(autouse=True)
def _postage() -> None:
    """Everything travels for ¥8.00 an order."""
    counter.freight(800)


@pytest.fixture
def buyer() -> tuple[Member, Address]:
    return counter.buyer()


def stages(order: Order, at: Any = NOW) -> list[tuple[str, int, str]]:
    order.refresh_from_db()
    return [(row["kind"], row["amount_fen"], row["status"]) for row in stages_of(order, at=at)]


def left(row: Presale) -> int:
    quota = Quota.objects.get(kind="presale", key__startswith=f"{row.pk}:")
    return (quota.quota or 0) - quota.taken


def test_a_deposit_that_is_worth_more_lowers_the_price_and_the_balance_carries_the_freight() -> None:
    row = make.presale()
    order = make.order(row, units=2)
    # 2 × (160 − 30) + 8
    assert (order.goods_fen, order.payable_fen) == (400_00, 268_00)
    assert [(part["label"], part["amount_fen"]) for part in order.applied] == [
        ("预售（定金 ¥20.00 抵 ¥50.00）", 140_00)
    ]
    assert stages(order) == [("deposit", 40_00, "DUE"), ("balance", 228_00, "LATER")]
    assert order.activity is not None
    assert {
        name: order.activity[name] for name in ("deposit_fen", "deposit_worth_fen", "deposit_refundable")
    } == {
        "deposit_fen": 40_00,
        "deposit_worth_fen": 100_00,
        "deposit_refundable": False,
    }


def test_deposit_then_balance_reserve_the_order_and_then_pay_it() -> None:
    row = make.presale()
    order = make.order(row, units=2)
    deposit = make.pay(order)
    assert (order.status, deposit.bill_kind, deposit.captured_fen) == ("RESERVED", "deposit", 40_00)
    assert order.reserved_at == NOW
    assert stages(order) == [("deposit", 40_00, "PAID"), ("balance", 228_00, "LATER")]
    assert stages(order, BALANCE_FROM)[1] == ("balance", 228_00, "DUE")
    assert stages(order, BALANCE_UNTIL)[1] == ("balance", 228_00, "LAPSED")
    balance = make.pay(order, at=BALANCE_FROM)
    assert (order.status, balance.bill_kind, balance.captured_fen) == ("PAID", "balance", 228_00)
    assert stages(order) == [("deposit", 40_00, "PAID"), ("balance", 228_00, "PAID")]
    assert Reservation.objects.get().balance_until is None
    told = Announcement.objects.filter(kind__in=["OrderReserved", "OrderPaid"]).order_by("id")
    assert [news.kind for news in told] == ["OrderReserved", "OrderPaid"]


def test_paid_whole_it_has_one_stage_and_is_paid_at_once() -> None:
    row = make.presale(whole=True)
    order = make.order(row)
    assert stages(order) == [("whole", 168_00, "DUE")]
    assert stages(order, order.expires_at) == [("whole", 168_00, "LAPSED")]
    assert make.pay(order).bill_kind == "order"
    assert (order.status, stages(order)) == ("PAID", [("whole", 168_00, "PAID")])


def test_it_takes_of_the_plan_and_leaves_the_shelf_alone() -> None:
    sku = make.tea(units=3)
    row = make.presale(sku, quota=10)
    order = make.order(row, units=5)
    assert left(row) == 5
    assert (order.awaits_goods, Hold.objects.count()) == (True, 0)
    with pytest.raises(Exception, match="activity_sold_out"):
        make.order(row, units=6)
    counter.close(order, at=NOW)
    assert (left(row), Reservation.objects.get().status) == (10, "DROPPED")


def test_a_deposit_that_nobody_pays_closes_the_order_as_any_other() -> None:
    row = make.presale(quota=3)
    order = make.order(row)
    assert closing.close_expired(at=order.expires_at) == 1
    assert stages(order) == [("deposit", 20_00, "LAPSED"), ("balance", 118_00, "LAPSED")]
    assert (order.status, left(row)) == ("CLOSED", 3)
    late = make.attempt(order, bills.DEPOSIT, status="CLOSED", closed_at=NOW)
    settled = paying.confirm_payment(transaction=payments.paid(late), at=AFTERWARDS)
    assert (settled.outcome.value, settled.payment.surplus_reason) == ("surplus", "LATE")


@pytest.mark.parametrize(("refundable", "end", "back"), [(False, "KEPT", []), (True, "REFUNDED", [40_00])])
def test_a_balance_that_is_not_paid_closes_the_order_and_the_deposit_ends_as_was_agreed(
    refundable: bool, end: str, back: list[int]
) -> None:
    row = make.presale(quota=3, deposit_refundable=refundable)
    order = make.reserved(row, units=2)
    # What the campaign says later does not touch the order.
    Presale.objects.update(deposit_refundable=not refundable)
    assert closing.close_expired(at=BALANCE_UNTIL - SECOND) == 0
    assert closing.close_expired(at=BALANCE_UNTIL) == 1
    assert closing.close_expired(at=AFTERWARDS) == 0
    assert stages(order) == [("deposit", 40_00, end), ("balance", 228_00, "LAPSED")]
    assert (order.status, left(row)) == ("CLOSED", 3)
    assert list(Refund.objects.values_list("amount_fen", flat=True)) == back
    assert Announcement.objects.filter(kind="OrderClosed").count() == 1


def test_a_balance_that_comes_after_closing_goes_back_in_full_and_the_deposit_stays() -> None:
    order = make.reserved(make.presale())
    attempt = make.attempt(order, bills.BALANCE, at=BALANCE_FROM, status="CLOSED", closed_at=BALANCE_UNTIL)
    closing.close_expired(at=BALANCE_UNTIL)
    settled = paying.confirm_payment(transaction=payments.paid(attempt), at=AFTERWARDS)
    assert (settled.outcome.value, settled.payment.surplus_reason) == ("surplus", "LATE")
    outbox.deliver_due(at=AFTERWARDS)
    assert list(Refund.objects.values_list("payment", "amount_fen")) == [(attempt.pk, 118_00)]
    assert stages(order)[0] == ("deposit", 20_00, "KEPT")


def test_a_balance_that_is_paid_twice_is_kept_once() -> None:
    order = make.reserved(make.presale())
    first = make.attempt(order, bills.BALANCE, at=BALANCE_FROM, status="CLOSED", closed_at=BALANCE_FROM)
    make.pay(order, at=BALANCE_FROM)
    settled = paying.confirm_payment(transaction=payments.paid(first), at=BALANCE_FROM)
    assert (settled.outcome.value, settled.payment.surplus_reason) == ("surplus", "DOUBLE")


def test_who_reserved_only_after_the_balances_window_gets_the_deposit_back() -> None:
    order = make.order(make.presale())
    make.pay(order, at=BALANCE_UNTIL)
    assert order.status == "RESERVED"
    closing.close_expired(at=BALANCE_UNTIL)
    assert stages(order)[0] == ("deposit", 20_00, "REFUNDED")
    assert Refund.objects.get().amount_fen == 20_00


def test_a_deposit_is_paid_to_the_last_second_though_its_windows_are_short() -> None:
    row = make.presale(
        ends_at=NOW + 20 * SECOND, balance_from=NOW + 20 * SECOND, balance_until=NOW + 40 * SECOND
    )
    order = make.order(row, at=NOW + 19 * SECOND)
    assert order.expires_at == NOW + 40 * SECOND
    with transaction.atomic():
        bill = bills.DEPOSIT.ask(order.order_no, at=NOW + 39 * SECOND)
        assert (bill.to_the_end, bill.amount_fen, bill.expires_at) == (True, 20_00, NOW + 40 * SECOND)
        with pytest.raises(bills.StageNotDue):
            bills.DEPOSIT.ask(order.order_no, at=NOW + 40 * SECOND)


@pytest.mark.parametrize("at", [NOW, BALANCE_FROM - SECOND, BALANCE_UNTIL])
def test_what_is_not_due_is_not_paid(at: Any) -> None:
    order = make.reserved(make.presale())
    with pytest.raises(bills.StageNotDue) as refused:
        paying.pay(member=order.member, order_no=order.order_no, at=at)
    assert [stage["kind"] for stage in refused.value.details["stages"]] == ["deposit", "balance"]
    assert Payment.objects.filter(status="OPEN").count() == 0


def test_a_lapsed_order_says_that_nothing_is_due() -> None:
    order = make.reserved(make.presale())
    closing.close_expired(at=BALANCE_UNTIL)
    with pytest.raises(bills.StageNotDue):
        paying.pay(member=order.member, order_no=order.order_no, at=AFTERWARDS)


def test_the_shop_that_cannot_deliver_gives_the_deposit_back_whatever_was_agreed() -> None:
    row = make.presale(quota=4)
    order = make.reserved(row)
    by = bills.By(actor=Actor.OPERATOR, why="无法到货")
    assert closing.give_up(kind=bills.BALANCE, bill_no=order.order_no, by=by, at=NOW)
    assert stages(order)[0] == ("deposit", 20_00, "REFUNDED")
    assert (Refund.objects.get().amount_fen, left(row)) == (20_00, 4)
    assert not closing.give_up(kind=bills.BALANCE, bill_no=order.order_no, by=by, at=NOW)


def test_one_of_two_units_is_refunded_from_the_balance_and_the_rest_from_both() -> None:
    row = make.presale(quota=4)
    order = make.paid(row, units=2)
    sku = make.skus_of(row)[0]
    refunds.refund(order, {sku: 1}, at=BALANCE_FROM)
    assert (order.payable_fen, left(row)) == (268_00, 3)
    assert list(Refund.objects.values_list("payment__bill_kind", "amount_fen")) == [("balance", 130_00)]
    refunds.refund(order, {sku: 1}, at=BALANCE_FROM)
    assert sorted(Refund.objects.values_list("payment__bill_kind", "amount_fen")) == [
        ("balance", 98_00),
        ("balance", 130_00),
        ("deposit", 40_00),
    ]
    order.refresh_from_db()
    assert (order.status, left(row), Reservation.objects.get().status) == ("REFUNDED", 4, "DROPPED")


def test_a_refund_before_the_goods_come_needs_none_of_them_and_later_fewer_come_for_it() -> None:
    row = make.presale()
    order = make.paid(row, units=3)
    sku = make.skus_of(row)[0]
    refunds.refund(order, {sku: 1}, at=BALANCE_FROM)
    assert make.arrive(row, 5, at=BALANCE_FROM) == (1, 0)
    assert Hold.objects.get().quantity == 2
    refunds.refund(order, {sku: 1}, at=BALANCE_FROM)
    assert Hold.objects.get().restored == 1


def test_nothing_ships_before_the_goods_are_here() -> None:
    fulfillment.carriers()
    row = make.presale()
    order = make.paid(row)
    with pytest.raises(parcels.GoodsNotHere):
        fulfillment.parcel(order, at=BALANCE_FROM)
    make.arrive(row, 1, at=BALANCE_FROM)
    order.refresh_from_db()
    assert not order.awaits_goods
    fulfillment.parcel(order, at=BALANCE_FROM)
    order.refresh_from_db()
    assert order.status == "SHIPPED"


def test_stored_value_pays_of_the_balance_only(settings: Any, buyer: tuple[Member, Address]) -> None:
    settings.WALLET_ENABLED = True
    wallets.funded(1_000_00, member=buyer[0])
    row = make.presale(combines=["balance"])
    order = make.order(row, buyer, use_balance=True)
    assert (order.payable_fen, order.balance_fen, order.due_fen) == (138_00, 118_00, 20_00)
    make.pay(order)
    assert order.status == "RESERVED"
    with pytest.raises(bills.StageNotDue):
        paying.pay(member=buyer[0], order_no=order.order_no, at=NOW)
    assert paying.pay(member=buyer[0], order_no=order.order_no, at=BALANCE_FROM) is None
    assert stages(order) == [("deposit", 20_00, "PAID"), ("balance", 118_00, "PAID")]
    assert (order.status, Account.objects.get().principal_fen) == ("PAID", 882_00)


def test_units_that_come_back_one_by_one_add_up_to_deposit_balance_and_stored_value(
    settings: Any, buyer: tuple[Member, Address]
) -> None:
    settings.WALLET_ENABLED = True
    wallets.funded(77_77, member=buyer[0])
    row = make.presale(combines=["balance"])
    order = make.order(row, buyer, units=3, use_balance=True)
    for at in (NOW, BALANCE_FROM):
        make.pay(order, at=at)
    # 3 × 130 + 8, of which ¥60.00 were the deposit
    assert (order.payable_fen, order.balance_fen, order.status) == (398_00, 77_77, "PAID")
    captured = dict(Payment.objects.values_list("bill_kind", "captured_fen"))
    assert captured == {"deposit": 60_00, "balance": 260_23}
    for _ in range(3):
        refunds.refund(order, {make.skus_of(row)[0]: 1}, at=BALANCE_FROM)
        order.refresh_from_db()
    sent = Refund.objects.values_list("payment__bill_kind").annotate(fen=Sum("amount_fen")).order_by()
    assert dict(sent) == captured
    assert order.refunded_fen == 398_00
    assert wallets.figures(Account.objects.get()) == (77_77, 0, 0, 0)


def test_stored_value_that_was_held_for_a_lapsed_balance_is_free_again(
    settings: Any, buyer: tuple[Member, Address]
) -> None:
    settings.WALLET_ENABLED = True
    wallets.funded(1_000_00, member=buyer[0])
    make.pay(make.order(make.presale(combines=["balance"]), buyer, use_balance=50_00))
    closing.close_expired(at=BALANCE_UNTIL)
    assert wallets.figures(Account.objects.get()) == (1_000_00, 0, 0, 0)


def test_what_leaves_no_balance_is_refused_with_both_figures() -> None:
    counter.promotion("STEPPED", steps=[[120_00, 120_00]])
    row = make.presale(combines=["promotions"])
    with pytest.raises(Exception, match="presale_reduced_below_deposit") as refused:
        make.order(row)
    assert refused.value.details == {"deposit_fen": 20_00, "payable_fen": 18_00}  # type: ignore[attr-defined]


def test_what_does_not_combine_is_told_with_the_reason(
    shopper_of: Shoppers, buyer: tuple[Member, Address]
) -> None:
    counter.promotion()
    row = make.live()
    body = {
        "items": [{"sku_id": make.skus_of(row)[0].pk, "quantity": 1}],
        "address_id": buyer[1].pk,
        "activity": {"kind": "presale", "id": row.pk},
    }
    answer = shopper_of(buyer[0]).call("POST", "/checkout/quote", body).json()
    assert [said["reason"] for said in answer["declined"]] == ["不与预售（定金 ¥20.00 抵 ¥50.00）同享"]
    assert (answer["payable_fen"], answer["activity"]["deposit_fen"]) == (138_00, 20_00)


@pytest.mark.parametrize(
    ("of", "status", "code"),
    [
        ({"id": "7"}, 400, "invalid"),
        ({"id": True}, 400, "invalid"),
        ({"id": 0}, 404, "activity_not_found"),
        ({"id": 999_999}, 404, "activity_not_found"),
        ({"other": True}, 400, "activity_stands_alone"),
        ({"beside": True}, 400, "activity_stands_alone"),
        ({"quantity": 6}, 409, "activity_sold_out"),
        ({"cart": True}, 400, "activity_stands_alone"),
    ],
)
def test_each_thing_that_cannot_be_ordered_has_its_own_code_and_takes_nothing(
    of: dict[str, Any], status: int, code: str, shopper_of: Shoppers, buyer: tuple[Member, Address]
) -> None:
    row = make.live(quota=5)
    item = {"sku_id": make.skus_of(row)[0].pk, "quantity": of.get("quantity", 1)}
    other = {"sku_id": counter.goods().pk, "quantity": 1}
    said: dict[str, Any] = {
        "items": [other] if "other" in of else [item, other] if "beside" in of else [item],
        "address_id": buyer[1].pk,
        "activity": {"kind": "presale", "id": of.get("id", row.pk)},
        "expected_payable_fen": 1,
    }
    if "cart" in of:
        said = {**said, "from_cart": True}
        del said["items"]
    shopper = shopper_of(buyer[0])
    if "cart" in of:
        shopper.call("POST", "/cart/items", {"sku_id": counter.goods().pk, "quantity": 1})
    answer = shopper.call("POST", "/orders", said, idempotency_key="k1")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (Quota.objects.get().taken, Take.objects.count(), Order.objects.count()) == (0, 0, 0)


def test_too_early_too_late_and_a_draft_have_their_own_codes(
    shopper_of: Shoppers, buyer: tuple[Member, Address]
) -> None:
    now = timezone.now()
    rows = {
        "activity_not_started": make.live(starts_at=now + HOUR, ends_at=now + 2 * HOUR),
        "activity_ended": make.live(starts_at=now - HOUR, ends_at=now + HOUR),
        "activity_not_found": make.live(approved=False),
    }
    make.presales.CAMPAIGNS.stop(rows["activity_ended"], at=now)
    for code, row in rows.items():
        said = {
            "items": [{"sku_id": make.skus_of(row)[0].pk, "quantity": 1}],
            "address_id": buyer[1].pk,
            "activity": {"kind": "presale", "id": row.pk},
        }
        answer = shopper_of(buyer[0]).call("POST", "/checkout/quote", said)
        assert answer.json()["code"] == code


def test_the_order_says_its_stages_and_pay_says_what_is_not_due(
    shopper_of: Shoppers, buyer: tuple[Member, Address]
) -> None:
    row = make.live()
    order = make.order(row, buyer, at=timezone.now())
    shopper = shopper_of(buyer[0])
    told = shopper.call("GET", f"/orders/{order.order_no}").json()["stages"]
    assert [(stage["kind"], stage["amount_fen"], stage["status"]) for stage in told] == [
        ("deposit", 20_00, "DUE"),
        ("balance", 118_00, "LATER"),
    ]
    assert set(told[0]) == {"kind", "amount_fen", "from", "until", "status"}
    make.pay(order, at=timezone.now())
    answer = shopper.call("POST", f"/orders/{order.order_no}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "stage_not_due")
    listed = shopper.call("GET", "/orders?status=RESERVED").json()["results"]
    assert [stage["status"] for stage in listed[0]["stages"]] == ["PAID", "LATER"]
    assert shopper.call("POST", f"/orders/{order.order_no}/cancel").json()["code"] == "order_not_cancellable"


def test_an_order_of_a_presale_takes_few_statements(
    shopper_of: Shoppers, buyer: tuple[Member, Address]
) -> None:
    row = make.live()
    shopper = shopper_of(buyer[0])
    said = {
        "items": [{"sku_id": make.skus_of(row)[0].pk, "quantity": 1}],
        "address_id": buyer[1].pk,
        "activity": {"kind": "presale", "id": row.pk},
        "expected_payable_fen": 138_00,
    }
    assert shopper.call("POST", "/orders", said, idempotency_key="k1").status_code == 201
    with CaptureQueriesContext(connection) as seen:
        assert shopper.call("POST", "/orders", said, idempotency_key="k2").status_code == 201
    assert len([query for query in seen if query["sql"] not in {"BEGIN", "COMMIT"}]) <= 30


def test_a_whole_refund_of_an_unshipped_order_gives_everything_back() -> None:
    row = make.presale(quota=2)
    order = make.paid(row)
    make.arrive(row, 1, at=BALANCE_FROM)
    aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=BALANCE_FROM)
    order.refresh_from_db()
    assert (order.status, order.refunded_fen, left(row)) == ("REFUNDED", 138_00, 2)
    hold = Hold.objects.get()
    assert (hold.quantity, hold.restored) == (1, 1)


def test_balances_are_reminded_of_a_day_and_two_hours_before_the_end_of_the_window_each_once() -> None:
    order = make.reserved(make.presale())
    make.order(make.presale())  # nobody paid its deposit

    def due(since: int, at: int) -> list[tuple[str, int]]:
        """In hours before the end of the window."""
        rows = presale_facts.reminders_due(since=BALANCE_UNTIL - since * HOUR, at=BALANCE_UNTIL - at * HOUR)
        assert all(row.member_id == order.member_id for row in rows)
        return [(row.order_no, int(row.lead / HOUR)) for row in rows]

    assert (due(48, 25), due(24, 3), due(2, 1)) == ([], [], [])
    assert due(25, 24) == [(order.order_no, 24)]
    assert due(3, 2) == [(order.order_no, 2)]
    assert due(48, 1) == [(order.order_no, 24), (order.order_no, 2)]
    make.pay(order, at=BALANCE_FROM)
    assert due(48, 1) == []


def test_a_window_that_opens_later_than_a_reminder_has_none_of_that() -> None:
    row = make.presale(balance_from=BALANCE_UNTIL - 3 * HOUR)
    make.reserved(row)
    rows = presale_facts.reminders_due(since=NOW, at=BALANCE_UNTIL - SECOND)
    assert [row.lead for row in rows] == [2 * HOUR]
