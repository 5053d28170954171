"""Operators, the warehouse, the buyer and WeChat at one application at once: one refund, one parcel. Real threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from apps.aftersales import invariants, planning, proposing
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.services import applying, paying_back, refunding, sending
from apps.catalog.models import Sku
from apps.fulfillment.models import ParcelLine
from apps.inventory.models import Stock
from apps.members.models import Level
from apps.members.services import growth
from apps.orders.models import Order, OrderRefund
from apps.payments.models import Payment, Refund
from apps.payments.services import refunds
from apps.points.services import booking
from apps.wechat.pay import facts
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments
from tests.races.payers import until
from tests.races.stage import waiting_for_a_lock
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def asking(order: Order, sku: Sku, units: int = 1, *, key: str = "") -> Callable[[], str]:
    ask = apply.ask(order, {sku: units})

    def say() -> str:
        applying.apply(
            member=order.member,
            order_no=order.order_no,
            ask=ask,
            idempotency_key=key or counter.key(),
            at=apply.LATER,
        )
        return "applied"

    return say


def approving(row: AfterSale) -> Callable[[], str]:
    who = apply.head()

    def say() -> str:
        apply.deciding.approve(after_sale_no=row.after_sale_no, operator=who, at=apply.LATER)
        return "approved"

    return say


def gone_fen() -> int:
    return Refund.objects.aggregate(sum=Sum("amount_fen", default=0))["sum"]


def test_ten_approvals_of_one_application_are_one_refund() -> None:
    order, (cup,) = apply.bought((1999, 2))
    row = apply.applied(order, {cup: 1})

    outcome = all_answers([approving(row) for _ in range(10)])

    assert outcome == {"approved": 1, "move_refused": 9}
    assert (OrderRefund.objects.count(), gone_fen(), apply.moves(row).count("approve")) == (1, 1999, 1)


def test_two_applications_for_one_line_at_once_are_one() -> None:
    apply.reasons()
    order, (cup,) = apply.bought((1999, 2))

    outcome = all_answers([asking(order, cup) for _ in range(6)])

    assert outcome == {"applied": 1, "after_sale_exists": 5}
    assert AfterSaleLine.objects.filter(is_open=True).count() == 1


def test_without_the_lock_two_would_be_made_and_only_the_database_refuses() -> None:
    apply.reasons()
    order, (cup,) = apply.bought((1999, 2))
    unlocked = planning.standing_of(make.fresh(order))
    # Whoever looked before the other one was made sees nothing in the way …
    seen = proposing.propose(unlocked, apply.ask(order, {cup: 1}), at=apply.LATER)
    apply.applied(order, {cup: 1})
    # … and is stopped by the constraint.
    with (
        pytest.raises(proposing.AfterSaleExists),
        apply.applying.transactions.refine({"after_sale_one_open_per_line": proposing.AfterSaleExists}),
    ):
        applying._write(
            order.member,
            seen,
            apply.ask(order, {cup: 1}),
            idempotency_key="k",
            request_hash="x",
            at=apply.LATER,
        )
    assert AfterSale.objects.count() == 1


def test_the_same_key_sent_six_times_at_once_is_one_application() -> None:
    apply.reasons()
    order, (cup,) = apply.bought((1999, 2))
    assert all_answers([asking(order, cup, key="one")] * 6) == {"applied": 6}
    assert AfterSale.objects.count() == 1


def test_an_operator_ships_another_refunds_and_the_buyer_applies_and_no_unit_goes_twice() -> None:
    apply.reasons()
    order, (cup,) = apply.bought((1999, 3))

    def ship() -> str:
        make.ship(order)
        return "sent"

    def refund() -> str:
        make.refund(order, {cup: 2})
        return "refunded"

    outcome = all_answers([ship, refund, asking(order, cup, 2)])

    sent = ParcelLine.objects.aggregate(sum=Sum("quantity", default=0))["sum"]
    line = make.fresh(order).lines.get()
    back = OrderRefund.objects.aggregate(sum=Sum("units_unsent", default=0))["sum"]
    # Whoever was first: what left and what stayed here are never more than was bought, and no money goes twice.
    assert sent + back <= 3
    assert Stock.objects.get().on_hand == 97 + back
    assert gone_fen() == 1999 * line.refunded
    assert outcome["refunded"] + outcome["applied"] >= 1
    # The application that was made is approved for what is left, or refused: never beyond.
    for row in AfterSale.objects.all():
        assert all_answers([approving(row)] * 3).total() == 3
    assert gone_fen() <= make.fresh(order).payable_fen
    assert make.fresh(order).lines.get().refunded <= 3


def test_wechats_success_told_ten_times_at_once_ends_an_application_once() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.approve(apply.applied(order, {cup: 1}))
    refund = Refund.objects.get()
    said = facts.refund(payments.refunded(refund))

    def tell() -> str:
        refunds.apply_result(result=said, at=apply.LATER)
        paying_back.follow_refund(refund_no=refund.refund_no, at=apply.LATER)
        return "told"

    assert all_answers([tell] * 10) == {"told": 10}
    assert (apply.fresh(row).status, apply.moves(row).count("finish")) == ("DONE", 1)
    assert Payment.objects.get().refunded_fen == 1999


def test_an_approval_and_the_buyers_cancel_at_once_are_one_of_both() -> None:
    order, (cup,) = apply.bought((1999, 1))
    row = apply.applied(order, {cup: 1})

    def cancel() -> str:
        applying.cancel(member=order.member, after_sale_no=row.after_sale_no, at=apply.LATER)
        return "cancelled"

    outcome = all_answers([approving(row), cancel])
    kept = apply.fresh(row)
    if outcome["cancelled"]:
        assert (kept.status, gone_fen()) == ("CANCELLED", 0)
    else:
        assert (kept.status, gone_fen(), outcome["move_refused"]) == ("APPROVED", 1999, 1)


def test_the_last_unit_is_held_by_one_exchange_of_two() -> None:
    last = counter.goods(1999, units=1)
    rows = []
    for _ in range(2):
        order, (cup,) = apply.received((1999, 1))
        rows.append(apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: last}))

    assert all_answers([approving(row) for row in rows]) == {"approved": 1, "out_of_stock": 1}
    assert Counter(AfterSale.objects.values_list("status", flat=True)) == {"APPROVED": 1, "APPLIED": 1}
    assert Stock.objects.get(sku=last).held == 1


def test_two_who_send_the_new_parcel_at_once_send_one() -> None:
    order, (cup,) = apply.received((1999, 1))
    fulfillment.carriers()
    row = apply.approve(apply.applied(order, {cup: 1}, "RESHIP"))
    who = apply.head()

    def send() -> str:
        sending.dispatch(
            after_sale_no=row.after_sale_no,
            carrier_code="SF",
            tracking_no="SF99887766",
            operator=who,
            at=apply.LATER,
        )
        return "sent"

    assert all_answers([send] * 4) == {"sent": 1, "after_sale_nothing_to_send": 3}
    assert Stock.objects.get(sku=cup).on_hand == 98


def test_trusted_members_who_apply_for_two_orders_at_once_are_refunded_at_once_as_often_as_the_day_allows() -> (
    None
):
    apply.reasons()
    gold = Level.objects.create(name="金卡", rank=9)
    apply.rules(instant_level=gold, instant_per_day=1)
    buyer, cup = counter.buyer(level=gold), counter.goods(1999)
    orders = [make.paid(buyer, [(cup, 1)]) for _ in range(4)]

    assert all_answers([asking(order, cup) for order in orders]) == {"applied": 4}
    assert AfterSale.objects.filter(is_instant=True).count() == 1


def test_an_instant_refund_and_another_order_that_is_settled_do_not_end_each_other() -> None:
    apply.reasons()
    gold = Level.objects.create(name="金卡", rank=9)
    apply.rules(instant_level=gold)
    buyer, cup = counter.buyer(level=gold), counter.goods(1999)
    order, other = (make.paid(buyer, [(cup, 1)]) for _ in range(2))
    make.ship(other)
    make.receive(other)
    has_account = Event()

    def settle() -> str:
        with transaction.atomic():
            booking.lock(member_id=buyer[0].pk, at=apply.LATER)
            has_account.set()
            until(waiting_for_a_lock)
            growth.add(member_id=buyer[0].pk, amount=1, cause="settled", at=apply.LATER)
        return "settled"

    def ask() -> str:
        has_account.wait(30)
        return asking(order, cup)()

    assert all_answers([settle, ask]) == {"settled": 1, "applied": 1}
    assert AfterSale.objects.get().is_instant


def test_a_shoppers_postage_is_paid_back_once_however_many_press(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    who = apply.head()

    def pay() -> str:
        paying_back.compensate_carriage(
            after_sale_no=row.after_sale_no, amount_fen=1200, operator=who, at=apply.LATER
        )
        return "paid"

    assert all_answers([pay] * 5) == {"paid": 1, "carriage_paid": 4}


def test_an_operators_refund_and_an_application_for_the_same_unit_at_once_are_one_of_them() -> None:
    apply.reasons()
    order, (cup,) = apply.received((2000, 1))

    def refund() -> str:
        make.refund(order, {cup: 1})
        return "refunded"

    outcome = all_answers([refund, asking(order, cup)])

    assert outcome in (
        {"refunded": 1, "after_sale_closed": 1},
        {"applied": 1, "refund_units_asked": 1},
    )
    assert [*invariants.asked_beyond_left(), *invariants.sent_beyond_left()] == []


def test_what_the_shop_refunds_by_rule_and_the_parcel_that_takes_its_place_are_one_of_them() -> None:
    order, (cup,) = apply.received((2000, 1))
    fulfillment.carriers()
    row = apply.approve(apply.applied(order, {cup: 1}, "RESHIP"))
    who, line = apply.head(), make.line(order, cup)

    def send() -> str:
        sending.dispatch(
            after_sale_no=row.after_sale_no,
            carrier_code="SF",
            tracking_no="SF99887766",
            operator=who,
            at=apply.LATER,
        )
        return "sent"

    def refund() -> str:
        refunding.refund(
            order_no=order.order_no,
            wish=planning.Wish(units={line.pk: 1}),
            reason="逾期未自提",
            token="rule",
            approved=True,
            operator=None,
            at=apply.LATER,
        )
        return "refunded"

    outcome = all_answers([send, refund])

    status = apply.fresh(row).status
    assert (outcome, status) in (
        ({"refunded": 1, "after_sale_nothing_to_send": 1}, "CANCELLED"),
        ({"refunded": 1, "sent": 1}, "DONE"),
    )
    stock = Stock.objects.get(sku=cup)
    assert (stock.held, stock.on_hand) == (0, 98 if status == "DONE" else 99)


def test_a_refund_by_rule_and_the_look_at_goods_at_once_shelve_and_pay_once() -> None:
    apply.reasons()
    for _ in range(5):
        order, (cup,) = apply.received((1999, 1))
        before = Stock.objects.get(sku=cup).on_hand
        row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 1}, "RETURN"))))
        wish = planning.Wish(units={make.line(order, cup).pk: 1})

        def by_rule(order: Order = order, wish: planning.Wish = wish) -> str:
            told = {"reason": "无法按时发货", "token": f"rule:{order.pk}", "approved": True, "operator": None}
            refunding.refund(order_no=order.order_no, wish=wish, at=apply.LATER, **told)
            return "refunded"

        def look(row: AfterSale = row, cup: Sku = cup) -> str:
            apply.inspect(row, {cup: 1})
            return "looked"

        outcome = all_answers([by_rule, look, look])
        assert (outcome["looked"], outcome["move_refused"]) == (1, 1)
        assert OrderRefund.objects.filter(order=order).count() == 1
        assert Stock.objects.get(sku=cup).on_hand == before + 1
        assert not list(invariants.asked_beyond_left())
