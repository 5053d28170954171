"""Coupons, points, limited promotions, gifts and stored value at the counter: held, used up, given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalog.models import Sku
from apps.checkout import placing
from apps.checkout.quoting import Choice
from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon
from apps.fulfillment.services import parcels
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.points import selectors as point_facts
from apps.promotions import services as promotions
from apps.promotions.models import Promotion, Tally, Usage
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.inventory import make as stocks
from tests.apps.points import make as points
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _coupon(member: Member, off_fen: int = 1000, from_fen: int = 5000, **terms: Any) -> Coupon:
    template = coupons.template(f"满{from_fen}减{off_fen}", threshold_fen=from_fen, off_fen=off_fen, **terms)
    return coupons.coupon(member, of=template, at=make.NOW)


def _now_coupon(member: Member, off_fen: int = 1000, from_fen: int = 5000) -> Coupon:
    template = coupons.template(f"满{from_fen}减{off_fen}", threshold_fen=from_fen, off_fen=off_fen)
    return coupons.coupon(member, of=template, at=timezone.now() - timedelta(minutes=1))


def _quote(shopper: Any, sku: Any, quantity: int = 1, **more: Any) -> Any:
    body = {"items": [{"sku_id": sku.pk, "quantity": quantity}], **more}
    return shopper.call("POST", "/checkout/quote", body)


def _status(coupon: Coupon) -> str:
    assert not coupon_facts.unbalanced().exists()
    return Coupon.objects.values_list("status", flat=True).get(pk=coupon.pk)


def test_the_best_coupon_is_chosen_and_the_others_are_told_best_first(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup = make.goods(6000)
    ten, twelve = _now_coupon(member, 1000), _now_coupon(member, 1200)
    far = _now_coupon(member, 3000, from_fen=8000)

    quote = _quote(shopper_of(member), cup).json()

    assert quote["payable_fen"] == 4800
    assert quote["coupon_id"] == str(twelve.public_id)
    assert [(c["coupon_id"], c["saving_fen"]) for c in quote["coupons"]["usable"]] == [
        (str(twelve.public_id), 1200),
        (str(ten.public_id), 1000),
    ]
    (unusable,) = quote["coupons"]["unusable"]
    assert (unusable["coupon_id"], unusable["short_by_fen"]) == (str(far.public_id), 2000)
    assert unusable["reason"]


def test_a_coupon_for_shops_is_told_with_the_reason_and_used_by_no_order(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup = make.goods(6000)
    mine = coupons.coupon(member, of=coupons.template(channel="STORE"), at=timezone.now())

    quote = _quote(shopper_of(member), cup).json()

    assert (quote["payable_fen"], quote["coupon_id"]) == (6000, None)
    (unusable,) = quote["coupons"]["unusable"]
    assert (unusable["coupon_id"], unusable["reason"]) == (str(mine.public_id), "仅限到店使用")
    named = _quote(shopper_of(member), cup, coupon_id=str(mine.public_id))
    assert (named.status_code, named.json()["code"]) == (404, "coupon_not_found")


def test_a_named_coupon_is_used_though_another_is_better(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    ten, _ = _now_coupon(member, 1000), _now_coupon(member, 1200)
    quote = _quote(shopper_of(member), make.goods(6000), coupon_id=str(ten.public_id)).json()
    assert (quote["payable_fen"], quote["coupon_id"]) == (5000, str(ten.public_id))


@pytest.mark.parametrize("no_coupon", ["", "none"])
def test_whoever_wants_no_coupon_pays_without(shopper_of: Shoppers, no_coupon: str) -> None:
    member, _ = make.buyer()
    _now_coupon(member)
    quote = _quote(shopper_of(member), make.goods(6000), coupon_id=no_coupon).json()
    assert (quote["payable_fen"], quote["coupon_id"]) == (6000, None)


def test_a_named_coupon_that_does_not_apply_is_declined_with_what_is_missing(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    far = _now_coupon(member, 3000, from_fen=8000)
    quote = _quote(shopper_of(member), make.goods(6000), coupon_id=str(far.public_id)).json()
    assert (quote["payable_fen"], quote["coupon_id"]) == (6000, None)
    (declined,) = quote["declined"]
    assert (declined["ref"], declined["short_by_fen"]) == (f"coupon:{far.public_id}", 2000)


def test_a_stranger_s_a_used_an_ended_and_an_unknown_coupon_do_not_exist(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(6000)
    strangers = _now_coupon(make.buyer()[0])
    used = _now_coupon(member)
    make.pay(make.order(member, address, [(cup, 1)], at=timezone.now()), at=timezone.now())
    ended = coupons.coupon(member, at=make.NOW)
    shopper = shopper_of(member)
    for public_id in (strangers.public_id, used.public_id, ended.public_id, uuid4(), "x"):
        answer = _quote(shopper, cup, coupon_id=str(public_id))
        assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")


@pytest.mark.parametrize(("seen_fen", "spent"), [(6000, "none"), (5000, "ten"), (4800, "twelve")])
def test_the_price_that_was_seen_holds_though_a_better_coupon_came_in_between(
    seen_fen: int, spent: str
) -> None:
    member, address = make.buyer()
    cup = make.goods(6000)
    held = {"ten": _coupon(member, 1000), "twelve": _coupon(member, 1200)}

    order = placing.place(
        member=member,
        choice=Choice(items=((cup.pk, 1),), address_id=address.pk),
        expected_payable_fen=seen_fen,
        idempotency_key=make.key(),
        remark="",
        at=make.NOW,
    )

    assert order.payable_fen == seen_fen
    assert {name: _status(coupon) for name, coupon in held.items()} == {
        name: "HELD" if name == spent else "AVAILABLE" for name in held
    }


def test_a_price_that_no_coupon_explains_has_changed() -> None:
    member, address = make.buyer()
    cup = make.goods(6000)
    _coupon(member, 1000)

    with pytest.raises(placing.PriceChanged) as refused:
        placing.place(
            member=member,
            choice=Choice(items=((cup.pk, 1),), address_id=address.pk),
            expected_payable_fen=5500,
            idempotency_key=make.key(),
            remark="",
            at=make.NOW,
        )

    assert refused.value.details["quote"]["payable_fen"] == 5000


def test_an_order_holds_its_coupon_and_paying_uses_it_up() -> None:
    member, address = make.buyer()
    coupon = _coupon(member)
    order = make.order(member, address, [(make.goods(6000), 1)])
    assert (order.payable_fen, order.reduction_fen, _status(coupon)) == (5000, 1000, "HELD")
    make.pay(order)
    assert _status(coupon) == "USED"


def test_closing_gives_coupon_points_limited_use_and_stock_back() -> None:
    member, address = make.buyer()
    cup = make.goods(6000, units=3)
    coupon = _coupon(member)
    points.points.earn(member_id=member.pk, amount=500, cause="start", at=make.NOW)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 1})
    order = make.order(member, address, [(cup, 1)], use_points=True)
    assert (order.payable_fen, order.points_used) == (6000 - 500 - 1000 - 500, 500)
    assert (_status(coupon), points.standing(member), stock_facts.available([cup.pk])[cup.pk]) == (
        "HELD",
        (0, 0),
        2,
    )

    make.close(order)

    assert (_status(coupon), points.standing(member), stock_facts.available([cup.pk])[cup.pk]) == (
        "AVAILABLE",
        (500, 0),
        3,
    )
    assert Tally.objects.get().uses == 0
    again = make.order(member, address, [(cup, 1)], use_points=True)
    assert again.payable_fen == 4000


def test_a_hundred_points_pay_one_yuan_and_are_gone_when_it_is_paid(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    points.points.earn(member_id=member.pk, amount=250, cause="start", at=timezone.now())
    cup = make.goods(6000)
    quote = _quote(shopper_of(member), cup, use_points=100).json()
    assert (quote["payable_fen"], quote["points_used"]) == (5900, 100)
    order = make.order(member, address, [(cup, 1)], use_points=True)
    assert (order.payable_fen, order.points_used) == (5750, 250)
    make.pay(order)
    assert points.standing(member) == (0, 0)


def test_more_points_than_there_are_is_refused_with_the_balance(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    points.points.earn(member_id=member.pk, amount=50, cause="start", at=timezone.now())
    answer = _quote(shopper_of(member), make.goods(6000), use_points=100)
    assert (answer.status_code, answer.json()["code"]) == (409, "points_not_enough")
    assert answer.json()["details"] == {"wanted": 100, "balance": 50}


def _place(member: Member, address: Any, sku: Any, expected_payable_fen: int, **more: Any) -> Order:
    return placing.place(
        member=member,
        choice=Choice(items=((sku.pk, 1),), address_id=address.pk, **more),
        expected_payable_fen=expected_payable_fen,
        idempotency_key=make.key(),
        remark="",
        at=make.NOW,
    )


def test_the_last_use_of_a_promotion_makes_the_next_order_dearer_and_says_so() -> None:
    cup = make.goods(6000)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"total": 1})
    _place(*make.buyer(), cup, 5500)

    with pytest.raises(placing.PriceChanged) as refusal:
        _place(*make.buyer(), cup, 5500)

    assert refusal.value.details["quote"]["payable_fen"] == 6000
    assert Order.objects.count() == 1
    assert Usage.objects.count() == 1


def _tea_with_a_cup_as_gift(cups: int) -> tuple[Any, Any, Promotion]:
    tea, cup = make.goods(6000, units=9), make.goods(900, units=cups, title="小茶杯")
    gift = make.promotion("GIFT", label="满50送茶杯", parts=[(5000, cup.pk, 1)])
    return tea, cup, gift


def test_a_gift_is_a_line_at_no_price_that_is_held_and_leaves_with_the_goods() -> None:
    member, address = make.buyer()
    tea, cup, _ = _tea_with_a_cup_as_gift(3)

    order = make.order(member, address, [(tea, 1)])

    lines = list(order.lines.values_list("sku_id", "quantity", "payable_fen", "is_gift"))
    assert lines == [(tea.pk, 1, 6000, False), (cup.pk, 1, 0, True)]
    assert order.gifts[0]["title"] == "小茶杯"
    assert stock_facts.available([cup.pk]) == {cup.pk: 2}
    make.pay(order)
    assert Stock.objects.get(sku=cup).on_hand == 2


def test_a_gift_of_what_is_bought_too_stands_beside_it_and_both_are_held() -> None:
    member, address = make.buyer()
    cup = make.goods(6000, units=2)
    make.promotion("GIFT", label="买一送一", parts=[(5000, cup.pk, 1)])
    order = make.order(member, address, [(cup, 1)])
    assert list(order.lines.values_list("quantity", "is_gift")) == [(1, False), (1, True)]
    assert stock_facts.available([cup.pk]) == {cup.pk: 0}


def test_a_gift_that_is_gone_is_said_and_never_stops_the_order(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    tea, cup, _ = _tea_with_a_cup_as_gift(0)
    stocks.stock(cup, 1)
    make.order(*make.buyer(), [(tea, 1)])

    quote = _quote(shopper_of(member), tea).json()
    order = make.order(member, address, [(tea, 1)])

    assert quote["gifts"] == []
    assert [declined["label"] for declined in quote["declined"]] == ["满50送茶杯"]
    assert [line.sku_id for line in order.lines.all()] == [tea.pk]
    assert order.payable_fen == 6000


def test_gifts_are_not_counted_as_sold_and_travel_in_parcels() -> None:
    member, address = make.buyer()
    tea, _, _ = _tea_with_a_cup_as_gift(3)
    order = make.order(member, address, [(tea, 2)])
    assert order_facts.units_by_product(order_no=order.order_no) == {tea.product_id: 2}
    assert sorted(parcels.units_left(order).values()) == [1, 2]


def test_goods_below_cost_are_refused_where_the_floor_refuses() -> None:
    member, address = make.buyer()
    cup = make.goods(6000)
    Sku.objects.filter(pk=cup.pk).update(cost_fen=5800)
    make.promotion(label="满50减5", steps=[[5000, 500]])
    promotions.set_floor(mode="REFUSE")
    with pytest.raises(promotions.BelowFloor) as refusal:
        _place(member, address, cup, 5500)
    assert refusal.value.details == {"sku_ids": [cup.pk]}
    assert not Order.objects.exists()


def test_goods_below_cost_are_noted_for_operators_only_where_the_floor_warns(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup = make.goods(6000, title="茶杯")
    Sku.objects.filter(pk=cup.pk).update(cost_fen=5800)
    make.promotion(label="满50减5", steps=[[5000, 500]])
    promotions.set_floor(mode="WARN")
    order = _place(member, address, cup, 5500)
    assert order.price_warnings == ["「茶杯」单价 ¥55.00，低于底价 ¥58.00"]
    told = shopper_of(member).call("GET", f"/orders/{order.order_no}").content.decode()
    assert "58.00" not in told


def test_stored_value_pays_a_part_and_wechat_is_asked_for_the_rest(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    member, address = make.buyer()
    account = wallets.funded(2000, 200, member=member)
    order = make.order(member, address, [(make.goods(6000), 1)], use_balance=True)
    assert (order.payable_fen, order.balance_fen, order.due_fen) == (6000, 2200, 3800)
    assert wallets.figures(account) == (2000, 200, 2000, 200)
    make.pay(order)
    order.refresh_from_db()
    assert order.status == "PAID"
    assert order.payments.get().captured_fen == 3800
    assert wallets.figures(account) == (0, 0, 0, 0)


def test_stored_value_that_pays_all_needs_no_wechat(shopper_of: Shoppers, settings: Any) -> None:
    settings.WALLET_ENABLED = True
    member, address = make.buyer()
    account = wallets.funded(7000, member=member)
    cup = make.goods(6000)
    quote = _quote(shopper_of(member), cup, use_balance=6000).json()
    assert (quote["payable_fen"], quote["balance_fen"], quote["due_fen"]) == (6000, 6000, 0)
    order = make.order(member, address, [(cup, 1)], use_balance=True, at=timezone.now())
    answer = shopper_of(member).call("POST", f"/orders/{order.order_no}/pay")
    assert (answer.status_code, answer.json()) == (200, {"paid": True})
    assert wallets.figures(account) == (1000, 0, 0, 0)
    assert not order.payments.exists()


def test_closing_gives_stored_value_back_and_more_than_there_is_is_refused(
    shopper_of: Shoppers, settings: Any
) -> None:
    settings.WALLET_ENABLED = True
    member, address = make.buyer()
    account = wallets.funded(2000, member=member)
    cup = make.goods(6000)
    order = make.order(member, address, [(cup, 1)], use_balance=1500)
    answer = _quote(shopper_of(member), cup, use_balance=600)
    assert (answer.status_code, answer.json()["code"]) == (409, "balance_short")
    make.close(order)
    assert wallets.figures(account) == (2000, 0, 0, 0)


def test_placing_and_closing_again_and_again_leaves_every_ledger_balanced() -> None:
    member, address = make.buyer()
    tea, cup, _ = _tea_with_a_cup_as_gift(5)
    coupon = _coupon(member)
    points.points.earn(member_id=member.pk, amount=300, cause="start", at=make.NOW)
    make.promotion(label="满50减5", steps=[[5000, 500]], limits={"per_member": 1})
    for _ in range(4):
        make.close(make.order(member, address, [(tea, 1)], use_points=True))
    assert _status(coupon) == "AVAILABLE"
    assert points.standing(member) == (300, 0)
    assert point_facts.unbalanced() == []
    assert stock_facts.available([tea.pk, cup.pk]) == {tea.pk: 9, cup.pk: 5}
    assert {tally.uses for tally in Tally.objects.all()} == {0}


def test_twenty_lines_200_promotions_and_50_coupons_are_quoted_in_12_statements(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    make.freight(800)
    skus = [make.goods(5000) for _ in range(20)]
    always = {"starts_at": make.NOW, "ends_at": timezone.now() + timedelta(days=1), "steps": [[100_00, 5]]}
    Promotion.objects.bulk_create(
        Promotion(kind="STEPPED", scope="ALL", label=f"满减{n}", **always) for n in range(199)
    )
    _, cup, _ = _tea_with_a_cup_as_gift(5)
    template = coupons.template(per_member=50)
    began = timezone.now() - timedelta(minutes=1)
    Coupon.objects.bulk_create(
        Coupon(
            member=member,
            template=template,
            valid_from=began,
            valid_until=began + timedelta(days=7),
            way="JOB",
            cause=f"bulk:{n}",
            issued_at=began,
        )
        for n in range(50)
    )
    points.points.earn(member_id=member.pk, amount=300, cause="start", at=timezone.now())
    body = {
        "items": [{"sku_id": sku.pk, "quantity": 1} for sku in skus],
        "address_id": address.pk,
        "use_points": True,
    }
    shopper = shopper_of(member)

    with CaptureQueriesContext(connection) as counted:
        answer = shopper.call("POST", "/checkout/quote", body)

    assert answer.status_code == 200, answer.content
    quote = answer.json()
    assert len(quote["coupons"]["usable"]) == 50
    assert (quote["gifts"][0]["sku_id"], quote["points_used"]) == (cup.pk, 300)
    assert len(counted) <= 12
