"""Goods bought together, and prices that change: each kind with figures that a merchant adds in the head."""

from __future__ import annotations

import pytest

from mall.pricing import engine
from mall.pricing.offers import (
    ActivityPrice,
    Basis,
    Bundle,
    BundleItem,
    FixedOff,
    MemberPrice,
    NForM,
    OfferInvalid,
    PercentOff,
    SecondHalf,
    Step,
    Stepped,
)
from mall.pricing.scope import Categories, Products, Skus
from tests.pricing.shop import (
    CUP,
    DRINKS,
    GIFT,
    GOLD,
    POT,
    TABLEWARE,
    TEA,
    applied,
    basket,
    declined,
    fen,
    line,
    payable,
)

THREE_FOR_99 = NForM(ref="任选", label="99元任选3件", pieces=3, price_fen=fen("99.00"))
SECOND_HALF = SecondHalf(ref="第二件", label="第二件半价")
TEA_SET = Bundle(
    ref="套餐",
    label="茶具套餐",
    items=(BundleItem(POT, "茶壶", 1), BundleItem(CUP, "茶杯", 2)),
    price_fen=fen("120.00"),
)


def test_an_activity_price_is_for_everybody_and_a_better_member_price_goes_before_it():
    activity = ActivityPrice(ref="活动", label="活动价", prices_fen={CUP: fen("25.00"), POT: fen("70.00")})
    member = MemberPrice(ref="会员", label="会员价", level_ids=frozenset({GOLD}), off_bp=2000)
    goods = [line(CUP, "30.00", 2), line(POT, "100.00"), line(TEA, "10.00")]
    assert payable(engine.quote(basket(*goods), [activity, member])) == {
        CUP: "50.00",
        POT: "70.00",
        TEA: "10.00",
    }
    gold = engine.quote(basket(*goods, level=GOLD), [activity, member])
    assert payable(gold) == {CUP: "48.00", POT: "70.00", TEA: "8.00"}  # cups 24.00 each beat 25.00
    dear = ActivityPrice(ref="活动", label="活动价", prices_fen={CUP: fen("30.00")})
    assert declined(engine.quote(basket(*goods), [dear])) == {"活动": "活动价不低于当前价格"}


def test_a_fixed_discount_is_per_unit_and_never_makes_one_cheaper_than_free():
    five_off = FixedOff(ref="直降", label="每件减5", off_fen=fen("5.00"))
    quote = engine.quote(basket(line(CUP, "30.00", 3), line(TEA, "4.00", 2)), [five_off])
    assert payable(quote) == {CUP: "75.00", TEA: "0.00"}
    assert applied(quote) == {"直降": "23.00"}


def test_a_special_price_reaches_dearer_goods_only():
    special = FixedOff(ref="特价", label="一口价20", price_fen=fen("20.00"))
    quote = engine.quote(basket(line(CUP, "30.00", 2), line(TEA, "15.00")), [special])
    assert payable(quote) == {CUP: "40.00", TEA: "15.00"}
    cheap = engine.quote(basket(line(TEA, "15.00")), [special])
    assert declined(cheap) == {"特价": "特价不低于当前价格"}


def test_a_capped_fixed_discount_is_split_by_what_each_line_would_have_saved():
    """Three cups would save 30.00, the pot 10.00, though the pot costs ten times as much."""
    capped = FixedOff(ref="直降", label="每件减10，最多20", off_fen=fen("10.00"), cap_fen=fen("20.00"))
    quote = engine.quote(basket(line(CUP, "30.00", 3), line(POT, "900.00")), [capped])
    assert payable(quote) == {CUP: "75.00", POT: "895.00"}


@pytest.mark.parametrize(
    ("cups", "teas", "saved"),
    [
        (2, 0, None),
        (3, 0, "21.00"),  # 120 − 99
        (2, 1, "1.00"),  # 40 + 40 + 20 − 99
        (3, 2, "21.00"),  # the dearest three; two teas stay at 20.00
        (3, 3, "21.00"),  # a set of three teas would cost more than they do
        (6, 0, "42.00"),
    ],
)
def test_any_three_for_99_takes_the_dearest_and_repeats_while_it_helps(cups, teas, saved):
    goods = [line(sku, price, n) for sku, price, n in ((CUP, "40.00", cups), (TEA, "20.00", teas)) if n]
    assert applied(engine.quote(basket(*goods), [THREE_FOR_99])) == ({"任选": saved} if saved else {})


def test_three_for_99_charges_the_saving_to_the_pieces_that_were_picked():
    """60 + 40 + 40 − 99 = 41 less: 41 × 60/140 = 17.57 on the pot, 23.43 on the cups, nothing on the tea."""
    goods = [line(TEA, "20.00", 2), line(CUP, "40.00", 2), line(POT, "60.00")]
    quote = engine.quote(basket(*goods), [THREE_FOR_99])
    assert payable(quote) == {TEA: "40.00", CUP: "56.57", POT: "42.43"}


def test_three_for_99_says_how_many_pieces_are_missing_or_that_it_would_not_help():
    two = engine.quote(basket(line(CUP, "40.00", 2)), [THREE_FOR_99])
    assert declined(two) == {"任选": "再买 1 件可享 3 件 ¥99.00"}
    cheap = engine.quote(basket(line(CUP, "33.00", 3)), [THREE_FOR_99])
    assert declined(cheap) == {"任选": "任选价不低于当前价格"}


@pytest.mark.parametrize(("cups", "pays"), [(1, "30.00"), (2, "45.00"), (3, "75.00"), (4, "90.00")])
def test_every_second_piece_of_a_sku_costs_half(cups, pays):
    assert payable(engine.quote(basket(line(CUP, "30.00", cups)), [SECOND_HALF])) == {CUP: pays}


def test_pieces_of_different_skus_make_no_pair_unless_the_offer_says_so():
    goods = basket(line(CUP, "30.00"), line(POT, "80.00"), line(TEA, "10.00", 2))
    by_sku = SecondHalf(ref="第二件", label="第二件半价", same_sku=True)
    assert payable(engine.quote(goods, [by_sku])) == {CUP: "30.00", POT: "80.00", TEA: "15.00"}
    mixed = SecondHalf(ref="第二件", label="第二件半价", same_sku=False)
    # pairs by price: (80, 30) and (10, 10); the cheaper of each is halved
    assert payable(engine.quote(goods, [mixed])) == {CUP: "15.00", POT: "80.00", TEA: "15.00"}


def test_the_second_piece_may_cost_nothing_and_rounds_down_otherwise():
    free = SecondHalf(ref="买一送一", label="买一送一", off_bp=10000)
    assert payable(engine.quote(basket(line(CUP, "9.99", 2)), [free])) == {CUP: "9.99"}
    assert payable(engine.quote(basket(line(CUP, "9.99", 2)), [SECOND_HALF])) == {CUP: "14.99"}


def test_one_piece_alone_hears_what_a_second_would_bring():
    quote = engine.quote(basket(line(CUP, "30.00")), [SECOND_HALF])
    assert declined(quote) == {"第二件": "再买 1 件可享第二件优惠"}
    pair = engine.quote(basket(line(CUP, "0.01", 2)), [SECOND_HALF])
    assert declined(pair) == {"第二件": "优惠金额不足 ¥0.01"}


def test_a_bundle_is_charged_as_often_as_it_is_all_there():
    goods = [line(POT, "100.00", 2), line(CUP, "30.00", 5)]
    quote = engine.quote(basket(*goods), [TEA_SET])
    # twice 100 + 60 − 120 = 40 less; 100/160 of it on the pots; the fifth cup stays at 30.00
    assert applied(quote) == {"套餐": "80.00"}
    assert payable(quote) == {POT: "150.00", CUP: "120.00"}


def test_a_bundle_says_what_is_missing_to_it():
    quote = engine.quote(basket(line(CUP, "30.00")), [TEA_SET])
    assert declined(quote) == {"套餐": "再买「茶壶」1 件、「茶杯」1 件可享套餐价 ¥120.00"}
    cheap = engine.quote(basket(line(POT, "60.00"), line(CUP, "30.00", 2)), [TEA_SET])
    assert declined(cheap) == {"套餐": "套餐价不低于当前价格"}
    assert declined(engine.quote(basket(line(TEA, "30.00")), [TEA_SET])) == {
        "套餐": "订单中没有可参加此优惠的商品"
    }


def test_a_bundle_competes_with_a_discount_for_its_goods():
    goods = basket(line(POT, "100.00"), line(CUP, "30.00", 2), line(TEA, "50.00"))
    fifth_off = PercentOff(ref="八折", label="八折", off_bp=2000)
    quote = engine.quote(goods, [TEA_SET, fifth_off])
    assert applied(quote) == {"套餐": "40.00", "八折": "10.00"}  # 40 beats 20 + 12; the tea keeps its 八折
    assert payable(quote) == {POT: "75.00", CUP: "45.00", TEA: "40.00"}


def test_a_full_reduction_counts_what_the_sets_have_left_to_pay():
    full = Stepped(ref="满减", label="满100减10", steps=(Step(fen("100.00"), fen("10.00")),))
    quote = engine.quote(basket(line(CUP, "40.00", 3)), [THREE_FOR_99, full])
    assert declined(quote) == {"满减": "再买 ¥1.00 可减 ¥10.00"}


def test_a_line_that_became_free_counts_as_no_piece_any_more():
    by_pieces = Stepped(ref="件", label="满3件减10", basis=Basis.PIECES, steps=(Step(3, fen("10.00")),))
    five_off = FixedOff(ref="直降", label="每件减5", off_fen=fen("5.00"))
    quote = engine.quote(basket(line(CUP, "30.00", 2), line(TEA, "4.00")), [five_off, by_pieces])
    assert declined(quote) == {"件": "再买 1 件可减 ¥10.00"}


def test_an_offer_that_came_earlier_may_cost_the_buyer_a_better_one_later():
    """Across lanes nothing is weighed: with 九九折 the basket pays more than without, because 满100 is lost."""
    full = Stepped(ref="满减", label="满100减15", steps=(Step(fen("100.00"), fen("15.00")),))
    tiny = PercentOff(ref="九九折", label="九九折", off_bp=100)
    goods = basket(line(CUP, "100.00"))
    assert engine.quote(goods, [full]).payable_fen == 8500
    assert engine.quote(goods, [full, tiny]).payable_fen == 9900


def test_a_set_reaches_the_goods_of_its_scope_only():
    tableware = Categories(frozenset({TABLEWARE}))
    any_two = NForM(ref="任选", label="任选", pieces=2, price_fen=fen("50.00"), scope=tableware)
    quote = engine.quote(basket(line(CUP, "30.00"), line(POT, "30.00"), line(TEA, "90.00")), [any_two])
    assert payable(quote) == {CUP: "25.00", POT: "25.00", TEA: "90.00"}
    on_skus = FixedOff(ref="直降", label="直降", off_fen=100, scope=Skus(frozenset({TEA})))
    assert applied(engine.quote(basket(line(CUP, "30.00"), line(TEA, "9.00")), [on_skus])) == {"直降": "1.00"}
    drinks = SecondHalf(ref="第二件", label="", same_sku=False, scope=Categories(frozenset({DRINKS})))
    free_gift = engine.quote(basket(line(TEA, "30.00"), line(GIFT, "0.00")), [drinks])
    assert declined(free_gift) == {"第二件": "再买 1 件可享第二件优惠"}  # what is free makes no pair


ONE_OF_TWO = (BundleItem(POT, "茶壶", 1), BundleItem(CUP, "茶杯", 1))


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("只能选一种", lambda: FixedOff(ref="x", label="x")),
        ("只能选一种", lambda: FixedOff(ref="x", label="x", off_fen=1, price_fen=1)),
        ("必须大于 0", lambda: FixedOff(ref="x", label="x", off_fen=0)),
        ("不能为负", lambda: FixedOff(ref="x", label="x", price_fen=-1)),
        ("最高优惠金额", lambda: FixedOff(ref="x", label="x", off_fen=1, cap_fen=0)),
        ("至少为 2 件", lambda: NForM(ref="x", label="x", pieces=1, price_fen=1)),
        ("总价必须大于 0", lambda: NForM(ref="x", label="x", pieces=2, price_fen=0)),
        ("0 到 100%", lambda: SecondHalf(ref="x", label="x", off_bp=0)),
        ("0 到 100%", lambda: SecondHalf(ref="x", label="x", off_bp=10001)),
        ("至少包含两件", lambda: Bundle(ref="x", label="x", items=(), price_fen=1)),
        ("至少包含两件", lambda: Bundle(ref="x", label="x", items=ONE_OF_TWO[:1], price_fen=1)),
        (
            "至少包含两件",
            lambda: Bundle(ref="x", label="x", items=(*ONE_OF_TWO, BundleItem(TEA, "茶", 0)), price_fen=1),
        ),
        ("不能重复", lambda: Bundle(ref="x", label="x", items=ONE_OF_TWO[:1] * 2, price_fen=1)),
        ("套餐价必须", lambda: Bundle(ref="x", label="x", items=ONE_OF_TWO, price_fen=0)),
        ("活动价或活动折扣", lambda: ActivityPrice(ref="x", label="x")),
        ("活动价不能为负", lambda: ActivityPrice(ref="x", label="x", prices_fen={1: -1})),
    ],
)
def test_a_set_that_nobody_could_explain_is_refused(reason, build):
    with pytest.raises(OfferInvalid, match=reason):
        build()


def test_a_percent_off_certain_products_leaves_the_bundle_its_own():
    on_tea = PercentOff(ref="九折", label="九折", off_bp=1000, scope=Products(frozenset({TEA})))
    goods = basket(line(POT, "100.00"), line(CUP, "30.00", 2), line(TEA, "50.00"))
    assert applied(engine.quote(goods, [TEA_SET, on_tea])) == {"套餐": "40.00", "九折": "5.00"}
