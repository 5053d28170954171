"""尊享包装: a line of the order at its own price, with stock or a card, gone with the last of the goods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from apps.aftersales import planning, proposing
from apps.catalog import services as catalog
from apps.catalog.models import Product
from apps.catalog.rules import ProductInvalid
from apps.checkout import quoting
from apps.checkout.packing import Wanted
from apps.checkout.quoting import Choice
from apps.content import selectors as review_facts
from apps.deadlines.models import Promise
from apps.deadlines.services import fixing, ruling
from apps.fulfillment import wave
from apps.fulfillment.services import packing, parcels
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.orders import personal, telling
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine
from apps.storefront import cart
from config.invariants import INVARIANTS
from mall.errors import ShopError
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as aftersales
from tests.apps.cardkeys import make as cards
from tests.apps.checkout import make
from tests.apps.fulfillment import make as fulfillment
from tests.apps.fulfillment import packings
from tests.apps.inventory import make as shelves

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
NOW = make.NOW


def wrapped(option: Any, message: str = "") -> Wanted:
    return Wanted(option.pk, message)


def line_of(order: Order) -> OrderLine:
    return order.lines.get(is_packing=True)


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(ShopError) as caught:
        act()
    return caught.value.code


def whole() -> None:
    """Everything that the shop reckons up by itself is as it should be."""
    for promise in INVARIANTS:
        for faults in promise.faults:
            assert list(import_string(faults)()) == [], promise.name


def test_packing_is_a_line_that_no_offer_touches_and_the_parts_add_up() -> None:
    make.promotion()  # 满100减15
    make.freight(800)
    member, address = make.buyer()
    cup = make.goods(9000)
    box = packings.option(price_fen=1500)
    choice = Choice(items=((cup.pk, 1),), address_id=address.pk, packing=wrapped(box))
    told = quoting.compose(member=member, choice=choice, at=NOW).as_dict()
    # 90.00 and the box do not make a hundred.
    assert (told["goods_fen"], told["reduction_fen"], told["shipping_fen"], told["payable_fen"]) == (
        10_500,
        0,
        800,
        11_300,
    )
    assert [(item["title"], item["payable_fen"], item["is_packing"]) for item in told["items"]] == [
        (cup.product.title, 9000, False),
        ("尊享包装", 1500, True),
    ]
    assert told["delivery"]["packing"] == {"id": box.pk, "name": "尊享包装", "message": ""}
    order = make.order(member, address, [(cup, 2)], packing=wrapped(box))
    # 180.00 do: 15.00 are taken off the cups alone.
    line = line_of(order)
    assert (order.goods_fen, order.reduction_fen, order.payable_fen) == (19_500, 1500, 18_800)
    assert (line.title, line.payable_fen, line.reductions, line.cost_fen) == ("尊享包装", 1500, [], 600)
    assert sum(each.payable_fen for each in order.lines.all()) + order.shipping_fen == order.payable_fen
    # A later price is of later orders.
    box.price_fen = 2000
    packing.save(box)
    line.refresh_from_db()
    assert line.payable_fen == 1500
    assert make.order(member, address, [(cup, 1)], packing=wrapped(box)).goods_fen == 11_000


def test_without_packing_nothing_takes_a_statement_more_and_with_it_one() -> None:
    member, address = make.buyer()
    cup, box = make.goods(), packings.option()

    def counted(**more: Any) -> int:
        choice = Choice(items=((cup.pk, 1),), address_id=address.pk, **more)
        quoting.compose(member=member, choice=choice, at=NOW)
        with CaptureQueriesContext(connection) as queries:
            quoting.compose(member=member, choice=choice, at=NOW)
        return len(queries)

    assert counted(packing=wrapped(box)) == counted() + 1


def test_refunding_line_by_line_returns_exactly_what_was_paid_and_packing_goes_with_the_last() -> None:
    make.freight(700)
    make.promotion()
    cup, pot, box = make.goods(3333), make.goods(7777), packings.option(price_fen=1501)
    order = aftersales.paid(make.buyer(), [(cup, 2), (pot, 1)], packing=wrapped(box))
    first = aftersales.refund(order, {cup: 1})
    second = aftersales.refund(order, {pot: 1})
    assert line_of(order).refunded == 0
    third = aftersales.refund(order, {cup: 1})
    order = aftersales.fresh(order)
    assert (order.status, line_of(order).refunded) == ("REFUNDED", 1)
    assert third.lines.filter(order_line__is_packing=True).get().amount_fen == 1501
    assert sum(each.goods_fen + each.shipping_fen for each in (first, second, third)) == order.payable_fen
    assert order.refunded_fen == order.payable_fen
    assert list(order_facts.unbalanced_refunds()) == list(order_facts.unbalanced_reductions()) == []


def test_an_operator_may_give_its_price_back_first_and_the_rest_is_the_rest() -> None:
    cup, box = make.goods(), packings.option()
    order = aftersales.paid(make.buyer(), [(cup, 1)], packing=wrapped(box))
    assert aftersales.refund(order, {box.sku: 1}).goods_fen == 1500
    assert aftersales.fresh(order).status == "PAID"
    aftersales.refund(order, {cup: 1})
    order = aftersales.fresh(order)
    assert (order.status, order.refunded_fen) == ("REFUNDED", order.payable_fen)


def test_after_it_left_packing_stays_paid_unless_an_operator_says_otherwise() -> None:
    cup, box = make.goods(), packings.option()
    order = aftersales.paid(make.buyer(), [(cup, 2)], packing=wrapped(box))
    aftersales.ship(order)
    aftersales.refund(order, {cup: 2})
    order = aftersales.fresh(order)
    assert (order.status, order.payable_fen - order.refunded_fen) == ("REFUNDED", 1500)
    aftersales.refund(order, {box.sku: 1})
    assert aftersales.fresh(order).refunded_fen == order.payable_fen
    with pytest.raises(planning.OrderNotRefundable):
        aftersales.refund(order, {box.sku: 1})


def test_shoppers_ask_for_it_with_all_of_the_goods_only() -> None:
    apply.reasons()
    cup, pot, box = make.goods(), make.goods(), packings.option()
    order = aftersales.paid(make.buyer(), [(cup, 1), (pot, 1)], packing=wrapped(box))

    def proposed(*skus: Any, kind: str = "REFUND") -> Any:
        standing = planning.standing_of(order)
        return proposing.propose(standing, apply.ask(order, dict.fromkeys(skus, 1), kind), at=NOW)

    assert code_of(lambda: proposed(box.sku)) == "after_sale_packing"
    assert code_of(lambda: proposed(cup, box.sku)) == "after_sale_packing"
    assert proposed(cup, pot).amount_fen == proposed(cup, pot, box.sku).amount_fen == order.payable_fen
    assert proposed(cup).amount_fen == 5000
    aftersales.ship(order)
    aftersales.receive(order)
    order = aftersales.fresh(order)
    assert code_of(lambda: proposed(cup, pot, box.sku)) == "after_sale_packing"
    assert code_of(lambda: proposed(box.sku, kind="RETURN")) == "after_sale_packing"
    assert proposed(cup, pot, kind="RETURN").amount_fen == 10_000


def test_counted_packing_is_held_used_up_and_comes_back() -> None:
    cup, box = make.goods(), packings.option(uses_stock=True)
    shelves.stock(box.sku, 2)

    def free() -> int:
        return stock_facts.available([box.sku_id])[box.sku_id]

    buyer = make.buyer()
    unpaid = make.order(*buyer, [(cup, 1)], packing=wrapped(box))
    assert free() == 1
    make.close(unpaid)
    assert free() == 2
    order = aftersales.paid(buyer, [(cup, 1)], packing=wrapped(box))
    aftersales.paid(make.buyer(), [(cup, 1)], packing=wrapped(box))
    assert free() == 0
    assert code_of(lambda: make.order(*make.buyer(), [(cup, 1)], packing=wrapped(box))) == "out_of_stock"
    aftersales.refund(order, {cup: 1})
    assert free() == 1
    whole()


def test_what_is_not_counted_never_runs_out_and_nothing_of_it_is_put_back() -> None:
    cup, box = make.goods(), packings.option()
    order = aftersales.paid(make.buyer(), [(cup, 1)], packing=wrapped(box))
    aftersales.refund(order, {cup: 1})
    assert not Stock.objects.filter(sku=box.sku).exists()
    whole()


def test_packing_goes_with_the_first_parcel() -> None:
    cup, pot, box = make.goods(), make.goods(), packings.option()
    order = aftersales.paid(make.buyer(), [(cup, 1), (pot, 1)], packing=wrapped(box))
    aftersales.ship(order, {cup: 1})
    assert set(parcels.units_left(order)) == {aftersales.line(order, pot).pk}
    aftersales.refund(order, {pot: 1})
    order = aftersales.fresh(order)
    # Nothing waits any more, and the box has left.
    assert (order.status, line_of(order).refunded) == ("SHIPPED", 0)


def test_the_card_goes_with_the_first_parcel_and_the_next_slip_has_none() -> None:
    cup, pot = make.goods(5000), make.goods(2000)
    member, address = make.buyer()
    order = make.order(member, address, [(cup, 1), (pot, 2)], packing=wrapped(packings.card(), "生日快乐"))
    make.pay(order)
    (first,) = wave.slips([order.pk])
    assert (first.card, [line.units for line in first.packed]) == ("生日快乐", [1, 2, 1])
    fulfillment.parcel(order, quantities={aftersales.line(order, cup).pk: 1})
    (second,) = wave.slips([order.pk])
    assert (second.card, [line.mark for line in second.packed], second.sent_before) == ("", [""], 1)
    fulfillment.parcel(order, quantities={aftersales.line(order, pot).pk: 1})
    (third,) = wave.slips([order.pk])
    assert (third.card, third.units) == ("", 1)


def test_packing_is_no_good_of_the_shop(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, box = make.goods(), packings.option()
    product = box.sku.product
    assert (product.packing, product.on_sale) == (True, False)
    with pytest.raises(ProductInvalid):
        catalog.put_on_sale(product_ids=[product.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=product.pk).update(on_sale=True)
    alone = Choice(items=((box.sku_id, 1),), address_id=address.pk)
    assert code_of(lambda: quoting.compose(member=member, choice=alone, at=NOW)) == "not_on_sale"
    put = shopper_of(member).call("POST", "/cart/items", {"sku_id": box.sku_id, "quantity": 1})
    assert put.status_code in (404, 409)
    assert shopper_of(member).call("GET", f"/products/{product.pk}").status_code == 404
    order = aftersales.paid((member, address), [(cup, 1)], packing=wrapped(box))
    assert order_facts.units_by_product(order_no=order.order_no) == {cup.product_id: 1}
    aftersales.ship(order)
    aftersales.receive(order)
    kept = review_facts.kept_lines(OrderLine.objects.filter(order=order))
    assert [line.sku_id for line in kept] == [cup.pk]
    assert set(cart.put_again(member=member, order_no=order.order_no, at=NOW).added) == {cup.pk}


def test_what_does_not_travel_or_has_not_come_is_not_wrapped() -> None:
    member, address = make.buyer()
    box = packings.option()
    course = cards.goods()

    def ask(sku: Any, wanted: Wanted | None = None) -> str:
        choice = Choice(items=((sku.pk, 1),), address_id=address.pk, packing=wanted or wrapped(box))
        return code_of(lambda: quoting.compose(member=member, choice=choice, at=NOW))

    assert ask(course) == "packing_not_offered"
    cup = make.goods()
    assert ask(cup, Wanted(10**9)) == "packing_not_found"
    assert ask(cup, wrapped(box, "生日快乐")) == "invalid"
    card = packings.card(message_most=4)
    assert ask(cup, wrapped(card, "生日快乐！")) == "invalid"
    card.active = False
    packing.save(card)
    assert ask(cup, wrapped(card)) == "packing_not_found"


def test_the_card_is_printed_exported_and_goes_with_the_address() -> None:
    member, address = make.buyer()
    cup, card = make.goods(), packings.card()
    order = aftersales.paid((member, address), [(cup, 1)], packing=wrapped(card, "祝妈妈\n生日快乐 🎂"))
    assert order.packing is not None and order.packing["message"] == "祝妈妈\n生日快乐 🎂"
    (slip,) = wave.slips([order.pk])
    assert slip.card == "祝妈妈\n生日快乐 🎂"
    assert [line.mark for line in slip.packed] == ["", "【包装】"]
    aftersales.ship(order)
    aftersales.receive(order)
    personal.forget_old(at=NOW + timedelta(days=1200), limit=10)
    order.refresh_from_db()
    assert (order.packing["message"], order.packing["name"]) == ("", "礼品包装")


def test_over_http_options_are_public_and_the_order_answers_what_it_is_wrapped_in(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    cup = make.goods()
    box = packings.option(uses_stock=True)
    shelves.stock(box.sku, 3)
    card = packings.card(position=1)
    shopper = shopper_of(member)
    page = type(shopper)().call("GET", "/packings").json()
    assert [
        (row["id"], row["price_fen"], row["message_most"], row["available"]) for row in page["results"]
    ] == [
        (box.pk, 1500, 0, 3),
        (card.pk, 800, 60, None),
    ]
    said = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "address_id": address.pk,
        "delivery": {"kind": "EXPRESS", "packing": {"id": card.pk, "message": "  生日快乐  "}},
    }
    quote = shopper.call("POST", "/checkout/quote", said).json()
    assert quote["payable_fen"] == 5800
    body = {**said, "expected_payable_fen": 5800}
    placed = shopper.call("POST", "/orders", body, idempotency_key="pack-1").json()
    wanted = {"id": card.pk, "name": "礼品包装", "message": "生日快乐"}
    assert placed["delivery"] == {
        "kind": "EXPRESS", "place_id": None, "place": None, "distance_m": None, "slot": None, "packing": wanted,
    }  # fmt: skip
    assert [item["is_packing"] for item in placed["items"]] == [False, True]
    shown = shopper.call("GET", f"/orders/{placed['order_no']}").json()
    assert shown["delivery"]["packing"] == wanted
    listed = shopper.call("GET", "/orders").json()["results"][0]
    assert listed["delivery"]["packing"] == wanted
    # The same key with another card is another request.
    other = {**body, "delivery": {"kind": "EXPRESS", "packing": {"id": card.pk, "message": "新年快乐"}}}
    assert (
        shopper.call("POST", "/orders", other, idempotency_key="pack-1").json()["code"]
        == "idempotency_key_reused"
    )


def test_a_price_that_moved_is_shown_before_anything_is_ordered(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, box = make.goods(), packings.option()
    body = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "address_id": address.pk,
        "expected_payable_fen": 6500,
        "delivery": {"kind": "EXPRESS", "packing": {"id": box.pk}},
    }
    box.price_fen = 1600
    packing.save(box)
    answer = shopper_of(member).call("POST", "/orders", body, idempotency_key="pack-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert answer.json()["details"]["quote"]["payable_fen"] == 6600
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        7, True, "x", [], {}, {"message": "x"}, {"id": "1"}, {"id": True}, {"id": 0}, {"id": -1}, {"id": 1.0},
        {"id": 2**63}, {"id": None}, {"id": 1, "message": 7}, {"id": 1, "message": "a\x00b"},
        {"id": 1, "message": "\ud800"}, {"id": 1, "message": "x" * 5000}, {"id": 1, "message": []},
    ],
)  # fmt: skip
def test_nonsense_for_a_packing_is_refused_politely(shopper_of: Shoppers, said: Any) -> None:
    member, address = make.buyer()
    body = {
        "items": [{"sku_id": make.goods().pk, "quantity": 1}],
        "address_id": address.pk,
        "delivery": {"kind": "EXPRESS", "packing": said},
    }
    assert shopper_of(member).call("POST", "/checkout/quote", body).status_code == 400


def test_bad_questions_about_packings_are_refused_politely(shopper_of: Shoppers) -> None:
    shopper = shopper_of(make.buyer()[0])
    for said in ("x", "-1", "0", "1.5", str(2**63), "9" * 40, "１", "1%00"):
        assert shopper.call("GET", f"/packings?place_id={said}").status_code == 400, said
    packings.option(uses_stock=True)
    assert shopper.call("GET", f"/packings?place_id={10**9}").json()["results"][0]["available"] == 0


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "尊享包装"}, "name"),
        ({"price_fen": -1}, "price_fen"),
        ({"cost_fen": -1}, "cost_fen"),
        ({"message_most": 201}, "message_most"),
        ({"image": ""}, "image"),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_its_field(columns: Any, field: str) -> None:
    packings.option()
    with pytest.raises(packing.PackingRefused) as refused:
        packings.option(**{"name": "另一种", **columns})
    assert [fault.field for fault in refused.value.faults] == [field]


def test_the_guides_worked_example() -> None:
    make.freight(800)
    make.promotion()  # 满100减15
    cup, box = make.goods(5000), packings.option(price_fen=1500)
    buyer = make.buyer()
    assert make.order(*buyer, [(cup, 1)], packing=wrapped(box)).goods_fen == 6500
    order = aftersales.paid(buyer, [(cup, 2)], packing=wrapped(box))
    assert order.payable_fen == 10_800
    assert aftersales.refund(order, {cup: 1}).goods_fen == 4250
    last = aftersales.refund(order, {cup: 1})
    assert (last.goods_fen, last.shipping_fen) == (4250 + 1500, 800)


def test_packing_neither_delays_a_promise_nor_is_counted_in_a_message() -> None:
    cup, box = make.goods(title="茶杯"), packings.option()
    ruling.save_promise(Promise(product=cup.product, hours=6))
    order = aftersales.paid(make.buyer(), [(cup, 1)], packing=wrapped(box))
    fixed = fixing.fix(order_no=order.order_no, at=NOW)
    assert fixed is not None and (fixed.source, fixed.promised_at) == ("PROMISE", NOW + timedelta(hours=6))
    assert telling.goods_of(order) == "茶杯"
