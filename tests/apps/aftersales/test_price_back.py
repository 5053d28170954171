"""A price that falls afterwards: the difference comes back once, to the fen, and later refunds know it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.aftersales import services as aftersales
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderRefund
from apps.payments.models import Refund
from apps.points import selectors as point_facts
from apps.points import services as points
from apps.points.models import Account, Rules, Settlement
from tests.apps.aftersales import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db


def returned(order: Order, now_fen: dict[int, int], token: str = "fell") -> OrderRefund | None:
    return aftersales.return_price(
        order_no=order.order_no, now_fen=now_fen, token=token, reason="降价", at=make.LATER
    )


def test_three_cups_that_cost_less_now_return_the_difference_once_and_stay_the_buyers() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 3)])
    made = returned(order, {cup.pk: 8_999})
    assert made is not None
    again = returned(order, {cup.pk: 8_999})
    order = make.fresh(order)
    assert (made.goods_fen, made.wechat_fen, made.units_unsent + made.units_sent) == (3_003, 3_003, 0)
    assert again == made
    assert [row.amount_fen for row in Refund.objects.all()] == [3_003]
    assert (order.status, order.refunded_fen, order.lines.get().refunded) == ("PAID", 3_003, 0)
    assert order_facts.unbalanced_refunds() == []


def test_units_that_come_back_later_are_worth_what_is_still_paid_for_them() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 3)])
    returned(order, {cup.pk: 9_000})
    amounts = [make.refund(order, {cup: 1}, token=f"unit-{n}").amount_fen for n in range(3)]
    order = make.fresh(order)
    assert amounts == [9_000, 9_000, 9_800]  # the last one carries the postage of what never left
    assert (order.status, order.refunded_fen, order.payable_fen) == ("REFUNDED", 30_800, 30_800)


def test_only_units_that_are_kept_return_a_difference() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 3)])
    make.refund(order, {cup: 2})
    made = returned(order, {cup.pk: 9_000})
    assert made is not None and made.amount_fen == 1_000
    assert make.refund(order, {cup: 1}, token="last").goods_fen == 9_000


def test_it_never_returns_more_than_was_paid_and_nothing_where_the_price_rose() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    counter.promotion(steps=[[5_000, 4_000]])
    order = make.paid(counter.buyer(), [(cup, 1)])  # 60 yuan after 满50减40
    assert returned(order, {cup.pk: 12_000}, "rose") is None
    made = returned(order, {cup.pk: 1_000})
    assert made is not None and made.amount_fen == 6_000


@pytest.mark.parametrize(("now_fen", "back_fen"), [(10_000, None), (7_000, None), (6_000, 2_000)])
def test_what_counts_is_the_price_that_was_the_best_whichever_it_was(
    now_fen: int, back_fen: int | None
) -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    counter.promotion("STEP_PRICE", steps=[[5, 3000]])  # the first five at 70
    order = make.paid(counter.buyer(), [(cup, 2)])
    made = returned(order, {cup.pk: now_fen})
    assert (made and made.amount_fen) == back_fen


def test_a_percentage_that_was_taken_off_is_taken_off_the_difference_too() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    counter.promotion("PERCENT", off_bp=1000)
    buyer = counter.buyer()
    coupons.coupon(buyer[0], of=coupons.template(kind="PERCENT", off_fen=None, off_bp=2000), at=counter.NOW)
    order = make.paid(buyer, [(cup, 1)])  # 72 yuan: 9折, then 8折
    assert make.fresh(order).lines.get().payable_fen == 7_200
    made = returned(order, {cup.pk: 8_000})
    assert made is not None and made.amount_fen == 1_440  # as if 57.60 had been paid for 80.00


@pytest.mark.parametrize(
    ("now_fen", "back_fen"),
    [(9_000, 1_000), (5_000, 5_000), (4_000, 5_800), (0, 9_000)],  # 10, 10, 8 and 0 yuan of the lower price
)
def test_a_coupon_that_took_the_most_it_takes_stays_what_it_was_as_long_as_it_would(
    now_fen: int, back_fen: int
) -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    buyer = counter.buyer()
    percent = coupons.template(kind="PERCENT", off_fen=None, off_bp=2000, cap_fen=1_000)
    coupons.coupon(buyer[0], of=percent, at=counter.NOW)
    order = make.paid(buyer, [(cup, 1)])
    assert make.fresh(order).lines.get().payable_fen == 9_000
    made = returned(order, {cup.pk: now_fen})
    assert made is not None and made.amount_fen == back_fen


def test_a_most_that_several_lines_shared_is_shared_by_their_differences_too() -> None:
    cup, pot = counter.goods(10_000, units=5), counter.goods(30_000, units=5)
    counter.freight()
    buyer = counter.buyer()
    percent = coupons.template(kind="PERCENT", off_fen=None, off_bp=1000, cap_fen=3_000)
    coupons.coupon(buyer[0], of=percent, at=counter.NOW)
    order = make.paid(buyer, [(cup, 1), (pot, 1)])
    assert make.fresh(order).payable_fen - make.fresh(order).shipping_fen == 37_000
    made = returned(order, {cup.pk: 5_000, pot.pk: 15_000})
    assert made is not None and made.amount_fen == 37_000 - 18_000  # 10% of 200 yuan, no more 30


def test_a_coupons_percentage_is_of_what_promotions_left() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    counter.promotion(label="满50减20", steps=[[5_000, 2_000]])
    buyer = counter.buyer()
    percent = coupons.template(kind="PERCENT", off_fen=None, off_bp=1000, threshold_fen=0)
    coupons.coupon(buyer[0], of=percent, at=counter.NOW)
    order = make.paid(buyer, [(cup, 1)])
    assert make.fresh(order).lines.get().payable_fen == 7_200
    made = returned(order, {cup.pk: 8_000})
    assert made is not None and made.amount_fen == 7_200 - 5_400


def test_stored_value_and_wechat_get_their_shares(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    cup = counter.goods(10_000, units=5)
    counter.freight(0)
    member, address = counter.buyer()
    wallets.funded(40_00, member=member)
    order = make.paid((member, address), [(cup, 1)], use_balance=True)
    made = returned(order, {cup.pk: 9_000})
    assert made is not None and (made.wechat_fen, made.balance_fen) == (600, 400)


def test_points_are_earned_by_what_was_kept() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 2)])
    returned(order, {cup.pk: 8_000})
    make.ship(order)
    make.receive(order, at=make.LATER)
    assert Settlement.objects.get(order_no=order.order_no).settled_fen == 16_000


def growth_of(order: Order) -> int:
    return Member.objects.get(pk=order.member_id).growth


@pytest.mark.parametrize("rules_changed", [False, True])
def test_what_a_received_order_earned_goes_with_the_difference(rules_changed: bool) -> None:
    cup = counter.goods(10_050, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.ship(order)
    make.receive(order, at=make.LATER)
    account = Account.objects.get(member=order.member)
    assert (account.balance, growth_of(order)) == (201, 201)
    if rules_changed:
        Rules.objects.update_or_create(pk=1, defaults={"points_per_yuan": 3, "growth_per_yuan": 2})
    made = returned(order, {cup.pk: 8_000})
    assert made is not None and (made.points_taken, made.points_short) == (41, 0)
    assert returned(order, {cup.pk: 8_000}) == made
    account.refresh_from_db()
    assert (account.balance, growth_of(order)) == (160, 160)
    make.refund(order, {cup: 1}, token="one")
    account.refresh_from_db()
    assert (account.balance, growth_of(order)) == (80, 80)
    make.refund(order, {cup: 1}, token="two")
    account.refresh_from_db()
    assert (account.balance, growth_of(order)) == (0, 0)
    assert point_facts.unbalanced() == []


def test_points_that_are_spent_by_then_are_owed() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.ship(order)
    make.receive(order, at=make.LATER)
    points.claw_back(member_id=order.member_id, amount=90, cause="spent", at=make.LATER)
    made = returned(order, {cup.pk: 8_000})
    assert made is not None and (made.points_taken, made.points_short) == (20, 10)


def test_a_refunded_order_returns_no_difference() -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 1)])
    make.refund(order, {cup: 1})
    assert returned(order, {cup.pk: 1_000}) is None


def kept_by(order: Order) -> tuple[int, int]:
    return Account.objects.get(member=order.member).balance, growth_of(order)


@pytest.mark.parametrize("received_first", [True, False])
def test_what_is_kept_earns_what_it_cost_whichever_came_first_the_unit_or_the_difference(
    received_first: bool,
) -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = make.paid(counter.buyer(), [(cup, 2)])
    make.ship(order)
    if received_first:
        make.receive(order, at=make.LATER)
    make.refund(order, {cup: 1}, token="one")
    made = returned(order, {cup.pk: 6_000})
    assert made is not None and made.amount_fen == 4_000
    if not received_first:
        make.receive(order, at=make.LATER)
    assert kept_by(order) == (60, 60)  # a cup of 60 yuan is kept
    make.refund(order, {cup: 1}, token="two")
    assert kept_by(order) == (0, 0)


@pytest.mark.parametrize(("goes_back", "kept"), [("pot", 20), ("cup", 100)])
def test_goods_that_go_back_take_what_they_had_earned_and_leave_the_others_theirs(
    goes_back: str, kept: int
) -> None:
    goods = {"cup": counter.goods(10_000, units=5), "pot": counter.goods(10_000, units=5)}
    counter.freight()
    order = make.paid(counter.buyer(), [(goods["cup"], 1), (goods["pot"], 1)])
    make.ship(order)
    make.receive(order, at=make.LATER)
    assert returned(order, {goods["cup"].pk: 2_000}) is not None  # of 200 yuan 120 are left
    assert kept_by(order) == (120, 120)
    made = make.refund(order, {goods[goes_back]: 1}, token="one")
    assert (kept_by(order), made.points_taken) == ((kept, kept), 120 - kept)
    goods.pop(goes_back)
    make.refund(order, dict.fromkeys(goods.values(), 1), token="two")
    assert kept_by(order) == (0, 0)
    assert point_facts.unbalanced() == []
