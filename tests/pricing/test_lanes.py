"""Several offers at once: lanes in order, the buyer's best inside each, and who combines with whom."""

from __future__ import annotations

import pytest

from mall import money
from mall.pricing import engine
from mall.pricing.basket import Basket
from mall.pricing.offers import EVERY_LANE, FreePostage, Lane, MemberPrice, PercentOff, Step, Stepped
from mall.pricing.scope import ALL_GOODS, Brands, Categories, Products, Scope
from tests.pricing.shop import (
    CUP,
    GIFT,
    GOLD,
    KILN,
    POT,
    TABLEWARE,
    TEA,
    applied,
    basket,
    by_piece,
    declined,
    fen,
    line,
    payable,
    zone,
)


def off(ref: str, at_least: str, less: str, scope: Scope = ALL_GOODS, *, with_lanes=EVERY_LANE) -> Stepped:
    """满…减…, labelled by its ref."""
    return Stepped(
        ref=ref,
        label=ref,
        steps=(Step(fen(at_least), fen(less)),),
        scope=scope,
        combines_with=frozenset(with_lanes),
    )


def only(*sku_ids: int) -> Products:
    return Products(frozenset(sku_ids))


def test_the_lanes_run_in_order_and_each_starts_from_what_is_left():
    post = by_piece("件", default=zone(1, "8.00", 1, "2.00"))
    offers = [
        FreePostage(ref="包邮", label="满150包邮", threshold_fen=fen("150.00")),
        off("满减", "150.00", "20.00"),
        PercentOff(ref="九折", label="茶具九折", off_bp=1000, scope=Categories(frozenset({TABLEWARE}))),
        MemberPrice(ref="会员", label="会员价", level_ids=frozenset({GOLD}), prices_fen={POT: fen("100.00")}),
    ]
    goods = [line(POT, "120.00", freight="件"), line(TEA, "40.00", 2, freight="件")]
    quote = engine.quote(basket(*goods, level=GOLD, freights=(post,)), offers)
    # pot 120 → member 100 → 九折 90; with tea 90 + 80 = 170 ≥ 150: −20, of which 90/170 on the pot; 150 left: 包邮
    assert payable(quote) == {POT: "79.41", TEA: "70.59"}
    assert applied(quote) == {"会员": "20.00", "九折": "10.00", "满减": "20.00", "包邮": "12.00"}
    assert [reduction.ref for reduction in quote.items[0].reductions] == ["会员", "九折", "满减"]
    assert (quote.goods_fen, quote.reduction_fen, quote.shipping_fen, quote.payable_fen) == (
        20000,
        5000,
        0,
        15000,
    )


def test_in_a_lane_the_buyers_best_wins_and_the_other_says_so():
    quote = engine.quote(
        basket(line(CUP, "120.00")), [off("小", "50.00", "5.00"), off("大", "100.00", "15.00")]
    )
    assert applied(quote) == {"大": "15.00"}
    assert declined(quote) == {"小": "同类优惠只享一项，已选用「大」"}


def test_a_tie_goes_to_the_lower_ref():
    quote = engine.quote(basket(line(CUP, "120.00")), [off("b", "50.00", "5.00"), off("a", "100.00", "5.00")])
    assert applied(quote) == {"a": "5.00"}


def test_a_tie_between_one_offer_and_two_goes_to_the_lowest_ref_among_them():
    offers = [
        off("b", "200.00", "20.00"),
        off("a", "100.00", "12.00", only(CUP)),
        off("c", "100.00", "8.00", only(TEA)),
    ]
    quote = engine.quote(basket(line(CUP, "100.00"), line(TEA, "100.00")), offers)
    assert applied(quote) == {"a": "12.00", "c": "8.00"}


def test_goods_wanted_by_a_chain_of_offers_are_given_once():
    """The first offer wants cup and pot, the second cup and tea, the third pot and gift."""
    goods = [line(sku_id, "100.00") for sku_id in (CUP, POT, TEA, GIFT)]
    offers = [
        off("壶杯", "150.00", "20.00", only(CUP, POT)),
        off("茶杯", "150.00", "5.00", only(CUP, TEA)),
        off("壶礼", "150.00", "10.00", only(POT, GIFT)),
    ]
    assert applied(engine.quote(basket(*goods), offers)) == {"壶杯": "20.00"}  # 20 > 5 + 10


def test_offers_on_different_goods_do_not_compete():
    quote = engine.quote(
        basket(line(CUP, "100.00"), line(TEA, "100.00")),
        [off("茶杯", "100.00", "10.00", only(CUP)), off("茶叶", "100.00", "20.00", only(TEA))],
    )
    assert payable(quote) == {CUP: "90.00", TEA: "80.00"}


def test_two_smaller_offers_beat_one_that_saves_less_than_both():
    quote = engine.quote(
        basket(line(CUP, "100.00"), line(TEA, "100.00")),
        [
            off("全场", "200.00", "15.00"),
            off("茶杯", "100.00", "9.00", only(CUP)),
            off("茶叶", "50.00", "8.00", only(TEA)),
        ],
    )
    assert applied(quote) == {"茶杯": "9.00", "茶叶": "8.00"}
    assert declined(quote) == {"全场": "同类优惠只享一项，已选用「茶叶」「茶杯」"}


def test_an_offer_that_lost_some_goods_still_applies_to_the_rest():
    quote = engine.quote(
        basket(line(CUP, "60.00"), line(TEA, "150.00")),
        [off("全场", "100.00", "10.00"), off("茶杯", "50.00", "20.00", only(CUP))],
    )
    assert payable(quote) == {CUP: "40.00", TEA: "140.00"}


def test_each_line_takes_the_best_discount_for_itself():
    offers = [
        PercentOff(ref="九折", label="全场九折", off_bp=1000),
        PercentOff(ref="八折", label="龙窑八折", off_bp=2000, scope=Brands(frozenset({KILN}))),
    ]
    quote = engine.quote(basket(line(CUP, "10.00"), line(TEA, "10.00")), offers)
    assert payable(quote) == {CUP: "8.00", TEA: "9.00"}


def test_an_offer_that_excludes_a_lane_leaves_its_goods_out_of_it():
    alone = PercentOff(
        ref="特价", label="特价", off_bp=1000, scope=only(CUP), combines_with=EVERY_LANE - {Lane.ORDER}
    )
    goods = basket(line(CUP, "50.00"), line(TEA, "80.00"))
    assert declined(engine.quote(goods, [alone, off("满减", "100.00", "10.00")])) == {
        "满减": "再买 ¥20.00 可减 ¥10.00"
    }
    assert payable(engine.quote(goods, [alone, off("满减", "80.00", "10.00")])) == {
        CUP: "45.00",
        TEA: "70.00",
    }


def test_it_is_enough_that_one_of_two_offers_does_not_combine():
    on_all = PercentOff(ref="九折", label="全场九折", off_bp=1000)
    proud = off("满减", "50.00", "10.00", with_lanes=EVERY_LANE - {Lane.ITEM})
    quote = engine.quote(basket(line(CUP, "100.00")), [on_all, proud])
    assert payable(quote) == {CUP: "90.00"}
    assert declined(quote) == {"满减": "不与「全场九折」同享"}


def test_the_reason_names_only_those_that_stand_in_the_way():
    offers = [
        MemberPrice(ref="会员", label="会员价", level_ids=frozenset({GOLD}), off_bp=1000),
        PercentOff(ref="九折", label="全场九折", off_bp=1000, combines_with=frozenset({Lane.PRICE})),
        off("满减", "50.00", "10.00"),
        FreePostage(ref="包邮", label="包邮"),
    ]
    quote = engine.quote(basket(line(CUP, "100.00"), level=GOLD), offers)
    assert declined(quote) == {"满减": "不与「全场九折」同享", "包邮": "不与「全场九折」同享"}


def test_many_rivals_are_served_best_first():
    """Beyond six rival claims the engine no longer tries every order; the best claim goes first."""
    goods = [line(CUP, "100.00"), line(POT, "100.00"), line(TEA, "100.00")]
    every_set = [(CUP,), (POT,), (TEA,), (CUP, POT), (CUP, TEA), (POT, TEA), (CUP, POT, TEA)]
    offers = [off(f"{n}", "10.00", f"{n}.00", only(*skus)) for n, skus in enumerate(every_set, start=1)]
    quote = engine.quote(basket(*goods), offers)
    assert applied(quote) == {"7": "7.00"}  # every set of the goods has its offer; all three together save 7
    better = [*offers, off("8", "10.00", "8.00", only(CUP, TEA))]
    assert applied(engine.quote(basket(*goods), better)) == {"8": "8.00", "7": "7.00"}  # 7 on the pot alone


def test_the_quote_is_the_contracts_json():
    post = by_piece("件", default=zone(1, "8.00", 1, "2.00"))
    offers = [
        off("promotion:1", "100.00", "15.00"),
        FreePostage(ref="promotion:2", label="满99包邮", threshold_fen=9900),
    ]
    assert engine.quote(basket(line(CUP, "50.00", 2, freight="件"), freights=(post,)), offers).as_dict() == {
        "items": [
            {
                "sku_id": CUP,
                "title": "茶杯",
                "quantity": 2,
                "unit_price_fen": 5000,
                "list_fen": 10000,
                "reductions": [
                    {"ref": "promotion:1", "label": "promotion:1", "kind": "goods", "amount_fen": 1500}
                ],
                "payable_fen": 8500,
                "is_packing": False,
            }
        ],
        "goods_fen": 10000,
        "reduction_fen": 1500,
        "freight_fen": 1000,
        "shipping_fen": 1000,
        "payable_fen": 9500,
        "applied": [{"ref": "promotion:1", "label": "promotion:1", "kind": "goods", "amount_fen": 1500}],
        "declined": [
            {"ref": "promotion:2", "label": "满99包邮", "reason": "再买 ¥14.00 可包邮", "short_by_fen": 1400}
        ],
        "gifts": [],
        "hints": [
            {
                "ref": "promotion:2",
                "label": "满99包邮",
                "reason": "再买 ¥14.00 可包邮",
                "short_by_fen": 1400,
                "short_by_pieces": None,
                "gain_fen": 1000,
                "scope": {"kind": "ALL", "ids": []},
            }
        ],
        "points_used": 0,
    }


def test_an_empty_basket_costs_nothing():
    quote = engine.quote(basket(), [off("满减", "100.00", "10.00")])
    assert (quote.payable_fen, quote.items, quote.applied) == (0, (), ())


def test_two_offers_with_one_ref_are_refused():
    with pytest.raises(ValueError, match="share a ref"):
        engine.quote(
            basket(line(CUP, "1.00")), [off("a", "1.00", "1.00"), PercentOff(ref="a", label="", off_bp=1)]
        )


def test_a_sku_stands_in_a_basket_once():
    with pytest.raises(ValueError, match="once"):
        basket(line(CUP, "1.00"), line(CUP, "1.00", 2))


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_of_nothing_is_refused(quantity):
    with pytest.raises(ValueError, match="wanted"):
        line(CUP, "1.00", quantity)


def test_a_basket_must_hold_the_templates_that_its_lines_name():
    with pytest.raises(ValueError, match="does not hold"):
        Basket(lines=(line(CUP, "1.00", freight="件"),))
    post = by_piece("件", default=zone(1, "8.00", 1, "2.00"))
    with pytest.raises(ValueError, match="share a ref"):
        basket(line(CUP, "1.00"), freights=(post, post))


def test_a_units_refund_value_is_its_part_of_the_lines_payable():
    quote = engine.quote(basket(line(CUP, "40.00", 3)), [off("满减", "100.00", "20.00")])
    assert money.split_units(quote.items[0].payable_fen, 3) == [3334, 3333, 3333]
