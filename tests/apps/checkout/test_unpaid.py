"""What one member may keep from others without paying, and how an order of the cart is not made twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.carts import services as carts
from apps.catalog.models import Sku
from apps.checkout import chosen, closing, placing
from apps.checkout.quoting import Choice
from apps.coupons.models import Coupon
from apps.inventory import services as inventory
from apps.inventory.models import Stock
from apps.members.models import Address, Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.promotions import services as promotions
from apps.promotions.models import Tally
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons

Shoppers = Callable[[Member], Any]

pytestmark = pytest.mark.django_db

NOW, TEN_MINUTES = make.NOW, timedelta(minutes=10)


def _figures(sku: Sku) -> tuple[int, int]:
    row = Stock.objects.get(sku=sku)
    return row.on_hand, row.held


def _of_the_cart(member: Member, address: Address, payable_fen: int, **more: Any) -> Order:
    return placing.place(
        member=member,
        choice=Choice(address_id=address.pk),
        expected_payable_fen=payable_fen,
        remark="",
        **{"idempotency_key": make.key(), "at": NOW, **more},
    )


def test_the_eleventh_unpaid_order_is_refused_and_nothing_of_it_is_held(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    for _ in range(10):
        make.order(member, address, [(cup, 1)])

    answer = shopper_of(member).call(
        "POST",
        "/orders",
        {
            "items": [{"sku_id": cup.pk, "quantity": 1}],
            "address_id": address.pk,
            "expected_payable_fen": 5000,
        },
        idempotency_key="eleventh",
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_unpaid_orders")
    assert answer.json()["details"] == {"max": 10}
    assert _figures(cup) == (20, 10)
    assert Order.objects.count() == 10


def test_paying_one_or_cancelling_one_makes_place_for_another() -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    ten = [make.order(member, address, [(cup, 1)]) for _ in range(10)]
    make.pay(ten[3])
    make.close(ten[7])

    taken = [make.order(member, address, [(cup, 1)]).unpaid_place for _ in range(2)]

    assert taken == [4, 8]
    with pytest.raises(orders.TooManyUnpaidOrders):
        make.order(member, address, [(cup, 1)])


def test_the_tenth_order_sent_again_under_its_key_is_answered_though_no_place_is_free() -> None:
    member, address = make.buyer()
    cup = make.goods(5000, units=20)
    ten = [make.order(member, address, [(cup, 1)], idempotency_key=f"k{n}") for n in range(10)]
    assert make.order(member, address, [(cup, 1)], idempotency_key="k9") == ten[9]


def test_another_member_s_unpaid_orders_do_not_count() -> None:
    cup = make.goods(5000, units=20)
    first, second = make.buyer(), make.buyer()
    for _ in range(10):
        make.order(*first, [(cup, 1)])
    assert make.order(*second, [(cup, 1)]).unpaid_place == 1


def test_a_shop_that_lowers_the_limit_takes_no_more_from_whoever_is_above_it(settings: Any) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    for _ in range(3):
        make.order(member, address, [(cup, 1)])
    settings.MEMBER_UNPAID_ORDERS = 2
    with pytest.raises(orders.TooManyUnpaidOrders):
        make.order(member, address, [(cup, 1)])


def test_of_one_sku_a_member_s_unpaid_orders_have_500_units_and_of_another_as_many() -> None:
    member, address = make.buyer()
    cup, pot = make.goods(100, units=5000), make.goods(100, units=5000)
    make.order(member, address, [(cup, 300)])
    make.order(member, address, [(cup, 200), (pot, 400)])

    with pytest.raises(inventory.TooManyUnpaidUnits) as refused:
        make.order(member, address, [(cup, 1), (pot, 100)])
    assert refused.value.details == {"sku_id": cup.pk, "held": 500, "max": 500}
    with pytest.raises(inventory.TooManyUnpaidUnits) as refused:
        make.order(member, address, [(pot, 101)])
    assert refused.value.details == {"sku_id": pot.pk, "held": 400, "max": 500}

    assert make.order(member, address, [(pot, 100)]).status == "UNPAID"
    assert (_figures(cup), _figures(pot)) == ((5000, 500), (5000, 500))


def test_units_that_were_paid_for_are_not_counted_any_more() -> None:
    member, address = make.buyer()
    cup = make.goods(100, units=5000)
    make.pay(make.order(member, address, [(cup, 500)]))
    make.close(make.order(member, address, [(cup, 500)]))
    assert make.order(member, address, [(cup, 500)]).status == "UNPAID"


def test_twenty_goods_by_three_thousand_in_one_request_are_refused() -> None:
    member, address = make.buyer()
    goods = [make.goods(100, units=3000) for _ in range(20)]
    with pytest.raises(inventory.TooManyUnpaidUnits):
        make.order(member, address, [(sku, 3000) for sku in goods])
    assert {_figures(sku) for sku in goods} == {(3000, 0)}


@pytest.mark.parametrize(
    ("units", "wanted", "minutes"),
    [
        (101, 51, 10),  # more than 50, and more than half of what lies there
        (102, 51, 30),  # half is not more than half
        (60, 50, 30),  # 50 is not more than 50
    ],
)
def test_an_order_of_more_than_50_units_that_takes_most_of_them_is_paid_within_ten_minutes(
    units: int, wanted: int, minutes: int
) -> None:
    member, address = make.buyer()
    cup = make.goods(100, units=units)
    order = make.order(member, address, [(cup, wanted)])
    order.refresh_from_db()
    assert order.expires_at == NOW + timedelta(minutes=minutes)


def test_units_that_others_hold_do_not_lie_there() -> None:
    cup = make.goods(100, units=200)
    make.order(*make.buyer(), [(cup, 100)])
    hasty = make.order(*make.buyer(), [(cup, 51)])
    assert hasty.expires_at == NOW + TEN_MINUTES


def test_what_is_not_paid_within_ten_minutes_is_given_back() -> None:
    cup = make.goods(100, units=60)
    order = make.order(*make.buyer(), [(cup, 60)])

    assert closing.close_expired(at=NOW + TEN_MINUTES) == 1
    order.refresh_from_db()
    assert (order.status, _figures(cup)) == ("CLOSED", (60, 0))


def test_a_shop_that_gives_everybody_less_time_gives_no_more_to_a_large_order(settings: Any) -> None:
    settings.ORDER_PAYMENT_MINUTES = 5
    order = make.order(*make.buyer(), [(make.goods(100, units=60), 60)])
    assert order.expires_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("limit", ["limit_total", "limit_per_day"])
def test_of_a_promotion_with_ten_uses_for_all_one_member_holds_two_without_paying(limit: str) -> None:
    off = make.promotion(**{limit: 10})
    member, address = make.buyer()
    cup = make.goods(10_000)
    first, second = (make.order(member, address, [(cup, 1)]) for _ in range(2))

    with pytest.raises(promotions.TooManyUnpaidUses) as refused:
        make.order(member, address, [(cup, 1)])

    assert refused.value.details == {
        "ref": f"promotion:{off.pk}",
        "order_nos": sorted([first.order_no, second.order_no]),
        "max": 2,
    }
    assert Tally.objects.get().uses == 2
    assert make.order(*make.buyer(), [(cup, 1)]).payable_fen == 8500
    make.pay(first)
    assert make.order(member, address, [(cup, 1)]).payable_fen == 8500


def test_a_promotion_that_everybody_can_have_is_used_as_often_as_one_likes() -> None:
    make.promotion()
    member, address = make.buyer()
    cup = make.goods(10_000)
    assert [make.order(member, address, [(cup, 1)]).payable_fen for _ in range(5)] == [8500] * 5


def test_a_cart_that_was_ordered_a_moment_ago_is_answered_with_that_order(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    shopper = shopper_of(member)
    shopper.call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 2})
    body = {"from_cart": True, "address_id": address.pk, "expected_payable_fen": 10_000}

    first = shopper.call("POST", "/orders", body, idempotency_key="first")
    second = shopper.call("POST", "/orders", body, idempotency_key="second")

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["code"] == "cart_already_ordered"
    assert second.json()["details"] == {"order_no": first.json()["order_no"]}


def test_an_empty_cart_is_an_empty_cart_without_an_order_of_it() -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    make.order(member, address, [(cup, 1)])  # bought at once, not out of the cart
    with pytest.raises(chosen.NothingSelected):
        _of_the_cart(member, address, 5000)


@pytest.mark.parametrize("what", ["later", "closed"])
def test_an_order_of_the_cart_that_is_long_past_or_closed_is_not_taken_for_the_same(what: str) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    carts.put(member=member, sku_id=cup.pk, quantity=1, selected=True, at=NOW)
    order = _of_the_cart(member, address, 5000)
    if what == "closed":
        make.close(order)
    with pytest.raises(chosen.NothingSelected):
        _of_the_cart(member, address, 5000, at=NOW + timedelta(minutes=6 if what == "later" else 1))


def test_what_is_put_into_the_cart_after_an_order_of_it_is_another_order() -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    for _ in range(2):
        carts.put(member=member, sku_id=cup.pk, quantity=1, selected=True, at=NOW)
        _of_the_cart(member, address, 5000)
    assert Order.objects.filter(from_cart=True).count() == 2


def test_a_coupon_that_another_unpaid_order_holds_is_told_with_the_order_and_free_once_that_is_cancelled(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup = make.goods(6000)
    coupon = coupons.coupon(member, of=coupons.template(), at=timezone.now())
    holder = make.order(member, address, [(cup, 1)], at=timezone.now())
    shopper = shopper_of(member)
    named = {"items": [{"sku_id": cup.pk, "quantity": 1}], "coupon_id": str(coupon.public_id)}
    placed = {**named, "address_id": address.pk, "expected_payable_fen": 5000}

    for path, body, headers in (
        ("/checkout/quote", named, {}),
        ("/orders", placed, {"idempotency_key": "held"}),
    ):
        answer = shopper.call("POST", path, body, **headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "coupon_held")
        assert answer.json()["details"] == {"order_no": holder.order_no}

    assert shopper.call("POST", f"/orders/{holder.order_no}/cancel").status_code == 200
    assert shopper.call("POST", "/checkout/quote", named).json()["coupon_id"] == str(coupon.public_id)
    again = shopper.call("POST", "/orders", placed, idempotency_key="free")
    assert (again.status_code, again.json()["payable_fen"]) == (201, 5000)
    assert Coupon.objects.get(pk=coupon.pk).order_no == again.json()["order_no"]


def test_a_stranger_is_not_told_whose_order_holds_a_coupon(shopper_of: Shoppers) -> None:
    owner = make.buyer()
    cup = make.goods(6000)
    coupon = coupons.coupon(owner[0], of=coupons.template(), at=timezone.now())
    make.order(*owner, [(cup, 1)], at=timezone.now())
    named = {"items": [{"sku_id": cup.pk, "quantity": 1}], "coupon_id": str(coupon.public_id)}
    answer = shopper_of(make.buyer()[0]).call("POST", "/checkout/quote", named)
    assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")
