"""Goods of the points mall at the counter: money beside points, explained, held with the order and given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.catalog.models import Sku
from apps.checkout import activities, closing
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.points.models import PointsGood, Redemption
from apps.promotions.models import PriceFloor
from tests.apps.checkout import make
from tests.apps.points import make as points

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


@pytest.fixture
def cup() -> Sku:
    """A cup at 50 yuan, ten in stock; 8 yuan of freight; 满40减15, which is not for points goods."""
    make.freight()
    make.promotion(steps=[[4_000, 1_500]])
    sku = make.goods(5_000, units=10)
    Sku.objects.filter(pk=sku.pk).update(cost_fen=2_000)
    return sku


def good_of(sku: Sku, **columns: Any) -> PointsGood:
    """The cup for 300 points and 9.90."""
    whole = {"kind": "SKU", "sku": sku, "coupon_template_id": None, "money_fen": 990, **columns}
    return points.coupon_good(300, **whole)


def buyer(balance: int) -> tuple[Member, Address]:
    member, address = make.buyer()
    points.points.earn(member_id=member.pk, amount=balance, cause="start", at=timezone.now())
    return member, address


def body_of(good: PointsGood, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "items": [{"sku_id": good.sku_id, "quantity": quantity}],
        "activity": {"kind": "points_good", "id": good.pk},
        **more,
    }


def placed(member: Member, address: Address, good: PointsGood, sku: Sku) -> Order:
    activity = activities.read({"kind": "points_good", "id": good.pk})
    return make.order(member, address, [(sku, 1)], activity=activity, at=timezone.now())


def standing(member: Member, good: PointsGood, sku: Sku) -> tuple[tuple[int, int], int, int]:
    """The member's balance and debt, units redeemed of the good, units of the cup that are free."""
    good.refresh_from_db()
    return points.standing(member), good.redeemed, stock_facts.available([sku.pk])[sku.pk]


def test_the_quote_says_what_is_paid_in_money_and_what_in_points(cup: Sku, shopper_of: Shoppers) -> None:
    member, address = buyer(700)
    good = good_of(cup)
    quote = shopper_of(member).call("POST", "/checkout/quote", body_of(good, 2, address_id=address.pk)).json()
    figures = ("goods_fen", "reduction_fen", "shipping_fen", "payable_fen", "points_used")
    assert [quote[name] for name in figures] == [10_000, 8_020, 800, 2_780, 600]
    assert quote["applied"] == [
        {
            "ref": f"points_good:{good.pk}",
            "label": "积分兑换：每件 300 积分",
            "kind": "goods",
            "amount_fen": 8_020,
        }
    ]


def test_free_postage_holds_for_points_goods_too(cup: Sku, shopper_of: Shoppers) -> None:
    make.promotion("FREE_POSTAGE", threshold_fen=900, label="满9元包邮")
    member, address = buyer(300)
    quote = (
        shopper_of(member)
        .call("POST", "/checkout/quote", body_of(good_of(cup), address_id=address.pk))
        .json()
    )
    assert (quote["shipping_fen"], quote["payable_fen"]) == (0, 990)


def test_an_order_holds_points_quota_and_stock_and_gives_them_back_when_it_closes(cup: Sku) -> None:
    member, address = buyer(500)
    good = good_of(cup, quota=5)
    order = placed(member, address, good, cup)
    assert (order.payable_fen, order.points_used) == (1_790, 300)
    assert standing(member, good, cup) == ((200, 0), 1, 9)
    closing.cancel(member=member, order_no=order.order_no, at=timezone.now())
    assert standing(member, good, cup) == ((500, 0), 0, 10)
    assert Redemption.objects.get().status == "CANCELLED"


def test_a_paid_good_is_redeemed_and_comes_back_with_a_whole_refund(cup: Sku) -> None:
    member, address = buyer(500)
    good = good_of(cup, quota=5)
    order = placed(member, address, good, cup)
    make.pay(order, at=timezone.now())
    assert Redemption.objects.get().status == "DONE"
    assert standing(member, good, cup) == ((200, 0), 1, 9)
    aftersales.refund_unshipped(order_no=order.order_no, reason="不想要了", operator=None, at=timezone.now())
    assert standing(member, good, cup) == ((500, 0), 0, 10)


def test_quota_limit_and_points_are_the_goods(cup: Sku, shopper_of: Shoppers) -> None:
    member, address = buyer(1_000)
    good = good_of(cup, quota=5, per_member=1)
    placed(member, address, good, cup)
    shopper = shopper_of(member)
    body = body_of(good, address_id=address.pk, expected_payable_fen=1_790)
    answers = [shopper.call("POST", "/orders", body, idempotency_key="again")]
    PointsGood.objects.update(quota=1, per_member=0)
    answers.append(shopper.call("POST", "/orders", body, idempotency_key="once-more"))
    PointsGood.objects.update(quota=None)
    answers.append(shopper.call("POST", "/checkout/quote", body_of(good, 3, address_id=address.pk)))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "redemption_limit_reached"),
        (409, "redeemed_out"),
        (409, "points_not_enough"),
    ]
    assert standing(member, good, cup) == ((700, 0), 1, 9)


def test_the_price_floor_does_not_take_the_money_part_for_the_price(cup: Sku) -> None:
    PriceFloor.objects.update_or_create(pk=1, defaults={"mode": "REFUSE"})
    member, address = buyer(300)
    assert placed(member, address, good_of(cup), cup).payable_fen == 1_790


def test_a_points_good_is_ordered_by_itself(cup: Sku, shopper_of: Shoppers) -> None:
    member, _ = buyer(1_000)
    good, other = good_of(cup), make.goods(3_000)
    shopper = shopper_of(member)
    one = {"sku_id": cup.pk, "quantity": 1}
    answers = [
        shopper.call("POST", "/checkout/quote", body_of(good, **more))
        for more in (
            {"items": [one, {"sku_id": other.pk, "quantity": 1}]},
            {"items": [{"sku_id": other.pk, "quantity": 1}]},
            {"use_points": True},
            {"coupon_id": "0f8fad5b-d9cb-469f-a165-70867728950e"},
        )
    ]
    answers.append(
        shopper.call(
            "POST",
            "/checkout/quote",
            {"from_cart": True, "activity": {"kind": "points_good", "id": good.pk}},
        )
    )
    said = {(answer.status_code, answer.json()["code"]) for answer in answers[:-1]}
    assert said == {(400, "activity_stands_alone")}
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (400, "activity_stands_alone")


@pytest.mark.parametrize("good_id", ["1", 1.5, True, None, [], {}])
def test_an_activity_that_is_none_is_refused_at_the_door(
    cup: Sku, shopper_of: Shoppers, good_id: Any
) -> None:
    member, _ = buyer(1_000)
    one = {"items": [{"sku_id": cup.pk, "quantity": 1}]}
    said = [{"kind": "points_good", "id": good_id}, {"kind": good_id, "id": 1}, {"id": 1}, {}]
    answers = [
        shopper_of(member).call("POST", "/checkout/quote", {**one, "activity": activity}) for activity in said
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "invalid"),
        (404, "activity_not_found") if good_id == "1" else (400, "invalid"),
        (400, "invalid"),
        (400, "invalid"),
    ]


@pytest.mark.parametrize("good_id", [0, -1, 2**63, 10**30, 999_999])
def test_what_is_no_good_is_not_found(cup: Sku, shopper_of: Shoppers, good_id: Any) -> None:
    member, _ = buyer(1_000)
    body = {"items": [{"sku_id": cup.pk, "quantity": 1}], "activity": {"kind": "points_good", "id": good_id}}
    answer = shopper_of(member).call("POST", "/checkout/quote", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")


@pytest.mark.parametrize("columns", [{"enabled": False}, {"money_fen": 5_000}])
def test_a_good_that_is_off_the_shelf_or_saves_nothing_is_not_found(
    cup: Sku, shopper_of: Shoppers, columns: dict[str, Any]
) -> None:
    member, _ = buyer(1_000)
    answer = shopper_of(member).call("POST", "/checkout/quote", body_of(good_of(cup, **columns)))
    assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")
