"""What the buyer holds: coupons, named or the best of many, and points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mall import money
from mall.pricing import engine
from mall.pricing.basket import Basket
from mall.pricing.offers import (
    EVERY_LANE,
    Coupon,
    FreePostage,
    FreightCoupon,
    Lane,
    MemberPrice,
    OfferInvalid,
    PercentOff,
    PointsDeduction,
    Step,
    Stepped,
    one_of,
)
from mall.pricing.scope import Products
from tests.pricing.shop import (
    CUP,
    GOLD,
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

POST = by_piece("件", default=zone(1, "8.00", 1, "2.00"))


def off(ref: str, less: str, *, at_least: str = "0.00", until: str | None = None, **terms) -> Coupon:
    """A coupon over an amount, labelled by its ref."""
    return Coupon(
        ref=ref, label=ref, off_fen=fen(less), threshold_fen=fen(at_least), valid_until=until, **terms
    )


def sent(price: str) -> Basket:
    """One cup at this price, sent for 8.00."""
    return basket(line(CUP, price, freight="件"), freights=(POST,))


@pytest.mark.parametrize(
    ("price", "coupon", "pays"),
    [
        ("99.99", off("券", "20.00", at_least="100.00"), "99.99"),
        ("100.00", off("券", "20.00", at_least="100.00"), "80.00"),
        ("5.00", off("券", "20.00"), "0.00"),  # no threshold: at most what the goods cost
        ("30.00", Coupon(ref="券", label="八折券", off_bp=2000), "24.00"),
        ("30.00", Coupon(ref="券", label="八折券", off_bp=2000, cap_fen=500), "25.00"),
    ],
)
def test_a_coupon_takes_off_what_it_says_and_never_more_than_is_left(price, coupon, pays):
    assert payable(engine.quote(basket(line(CUP, price)), [coupon])) == {CUP: pays}


def test_a_named_coupon_that_does_not_apply_says_why_and_what_is_missing():
    quote = engine.quote(basket(line(CUP, "88.00")), [off("券", "20.00", at_least="100.00")])
    assert declined(quote) == {"券": "再买 ¥12.00 可减 ¥20.00"}
    assert quote.declined[0].short_by_fen == 1200
    on_tea = off("券", "20.00", scope=Products(frozenset({TEA})))
    elsewhere = engine.quote(basket(line(CUP, "88.00")), [on_tea])
    assert declined(elsewhere) == {"券": "订单中没有可参加此优惠的商品"}
    little = engine.quote(
        basket(line(CUP, "0.50")), [Coupon(ref="券", label="", off_bp=100, threshold_fen=50)]
    )
    assert declined(little) == {"券": "优惠金额不足 ¥0.01"}


def test_a_coupon_looks_at_the_goods_in_its_scope_after_the_promotions():
    full = Stepped(ref="满减", label="满200减40", steps=(Step(fen("200.00"), fen("40.00")),))
    on_cups = off("券", "10.00", at_least="80.00", scope=Products(frozenset({CUP})))
    quote = engine.quote(basket(line(CUP, "100.00"), line(TEA, "100.00")), [full, on_cups])
    assert payable(quote) == {CUP: "70.00", TEA: "80.00"}  # 40 off is 20 each; the cups have 80.00 left


def test_a_coupon_for_goods_at_list_price_leaves_reduced_goods_alone():
    plain = off("券", "10.00", at_least="50.00", combines_with=frozenset())
    on_cups = PercentOff(ref="九折", label="九折", off_bp=1000, scope=Products(frozenset({CUP})))
    goods = [line(CUP, "100.00"), line(TEA, "60.00")]
    assert payable(engine.quote(basket(*goods), [plain, on_cups])) == {CUP: "90.00", TEA: "50.00"}
    cups_only = engine.quote(basket(goods[0]), [plain, on_cups])
    assert declined(cups_only) == {"券": "不与「九折」同享"}


def test_of_many_coupons_the_buyers_best_is_chosen():
    coupons = [off("五元", "5.00"), off("十元", "10.00"), off("百元", "30.00", at_least="100.00")]
    assert engine.best_coupon(basket(line(CUP, "99.00")), [], coupons) == "十元"
    assert engine.best_coupon(basket(line(CUP, "100.00")), [], coupons) == "百元"
    assert applied(engine.quote(basket(line(CUP, "100.00")), [], coupons=coupons)) == {"百元": "30.00"}
    assert engine.quote(basket(line(CUP, "100.00")), [], coupons=coupons).declined == ()


def test_of_coupons_that_save_the_same_the_one_that_ends_first_is_used_and_then_the_lower_ref():
    goods = basket(line(CUP, "99.00"))
    soon, late = "2026-11-24T00:00:00+08:00", "2026-12-24T00:00:00+08:00"
    for_ever = off("甲", "5.00")
    assert (
        engine.best_coupon(goods, [], [for_ever, off("a", "5.00", until=late), off("b", "5.00", until=soon)])
        == "b"
    )
    assert engine.best_coupon(goods, [], [off("b", "5.00", until=soon), off("a", "5.00", until=soon)]) == "a"
    assert engine.best_coupon(goods, [], [for_ever, off("乙丙", "5.00", until=late)]) == "乙丙"


def test_no_coupon_is_chosen_where_none_saves_anything():
    assert engine.best_coupon(basket(line(CUP, "9.00")), [], [off("券", "5.00", at_least="10.00")]) is None
    assert engine.best_coupon(basket(line(CUP, "9.00")), [], []) is None


def test_a_coupon_that_costs_the_free_postage_is_not_the_best():
    """99.00 ships free; with 5.00 off it would be 94.00 and 8.00 for the post."""
    free = FreePostage(ref="包邮", label="满99包邮", threshold_fen=fen("99.00"))
    (five,) = engine.weigh(sent("99.00"), [free], [off("五元", "5.00")])
    assert (five.saving_fen, five.usable) == (-300, True)
    assert engine.best_coupon(sent("99.00"), [free], [off("五元", "5.00")]) is None
    quote = engine.quote(sent("99.00"), [free], coupons=[off("五元", "5.00")])
    assert (quote.payable_fen, applied(quote)) == (9900, {"包邮": "8.00"})
    assert engine.best_coupon(sent("99.00"), [free], [off("五元", "5.00"), off("九元", "9.00")]) == "九元"


def test_the_wallet_lists_usable_coupons_best_first_and_the_others_by_what_is_missing():
    coupons = [
        off("一", "3.00"),
        off("二", "80.00", at_least="500.00"),
        off("三", "9.00"),
        off("四", "20.00", at_least="120.00"),
        off("五", "9.00", scope=Products(frozenset({TEA}))),
        FreightCoupon(ref="六", label="六", off_fen=500),
    ]
    weighed = engine.weigh(sent("100.00"), [], coupons)
    assert [(one.ref, one.saving_fen, one.short_by_fen) for one in weighed] == [
        ("三", 900, None),
        ("六", 500, None),
        ("一", 300, None),
        ("四", 0, 2000),
        ("二", 0, 40000),
        ("五", 0, None),
    ]
    assert [one.reason for one in weighed][3:] == [
        "再买 ¥20.00 可减 ¥20.00",
        "再买 ¥400.00 可减 ¥80.00",
        "订单中没有可参加此优惠的商品",
    ]


@pytest.mark.parametrize(
    ("coupon", "shipping_fen", "waived"),
    [
        (FreightCoupon(ref="券", label="运费券"), 0, "8.00"),
        (FreightCoupon(ref="券", label="运费券", off_fen=500), 300, "5.00"),
        (FreightCoupon(ref="券", label="运费券", off_fen=900), 0, "8.00"),
    ],
)
def test_a_freight_coupon_pays_the_freight_or_part_of_it(coupon, shipping_fen, waived):
    quote = engine.quote(sent("20.00"), [coupon])
    assert (quote.shipping_fen, quote.payable_fen, quote.reduction_fen) == (
        shipping_fen,
        2000 + shipping_fen,
        0,
    )
    assert applied(quote) == {"券": waived}


def test_a_freight_coupon_is_not_used_up_where_postage_is_free_anyway():
    free = FreePostage(ref="包邮", label="包邮")
    coupon = FreightCoupon(ref="券", label="运费券")
    quote = engine.quote(sent("20.00"), [coupon, free])
    assert (applied(quote), declined(quote)) == ({"包邮": "8.00"}, {"券": "同类优惠只享一项，已选用「包邮」"})
    assert engine.best_coupon(sent("20.00"), [free], [coupon]) is None
    assert declined(engine.quote(basket(line(CUP, "20.00")), [coupon])) == {"券": "本单无需运费"}


def test_a_freight_coupon_says_what_is_missing():
    coupon = FreightCoupon(ref="券", label="运费券", threshold_fen=fen("30.00"))
    assert declined(engine.quote(sent("20.00"), [coupon])) == {"券": "再买 ¥10.00 可用运费券"}
    nowhere = basket(line(CUP, "30.00", freight="件"), to=None, freights=(POST,))
    assert declined(engine.quote(nowhere, [coupon])) == {"券": "选择收货地址后可用运费券"}


def test_of_two_freight_coupons_the_larger_is_used():
    coupons = [FreightCoupon(ref="乙", label="乙", off_fen=500), FreightCoupon(ref="甲", label="甲")]
    assert applied(engine.quote(sent("20.00"), coupons)) == {"甲": "8.00"}


def points(held: int, **terms) -> PointsDeduction:
    return PointsDeduction(ref="积分", label="积分抵扣", available_points=held, **terms)


@pytest.mark.parametrize(
    ("purse", "paid", "used"),
    [
        (points(500), "5.00", 500),
        (points(50_000), "30.00", 3000),  # all of the goods, and no point more
        (points(50_000, cap_bp=5000), "15.00", 1500),
        (points(57, points_per_yuan=1000), "0.05", 50),  # seven points pay nothing, so they stay
        (points(57, points_per_yuan=10), "5.70", 57),
        (points(50_000, points_per_yuan=10, cap_bp=501), "1.50", 15),  # 1.503 allowed: whole points only
    ],
)
def test_points_pay_up_to_the_cap_and_no_more_than_it_takes_is_used(purse, paid, used):
    quote = engine.quote(basket(line(CUP, "30.00")), [purse])
    assert (applied(quote), quote.points_used) == ({"积分": paid}, used)
    assert quote.as_dict()["points_used"] == used


def test_points_that_pay_nothing_are_declined_and_kept():
    poor = engine.quote(basket(line(CUP, "30.00")), [points(9, points_per_yuan=1000)])
    assert (declined(poor), poor.points_used) == ({"积分": "可用积分不足"}, 0)
    cheap = engine.quote(basket(line(CUP, "0.05")), [points(100, points_per_yuan=10)])
    assert declined(cheap) == {"积分": "可抵扣金额不足"}


def test_points_come_after_the_coupon_and_their_part_is_on_the_lines():
    goods = basket(line(CUP, "60.00"), line(TEA, "40.00"))
    quote = engine.quote(goods, [points(5000, cap_bp=5000), off("券", "20.00")])
    # 100 − 20 = 80 left, half of it may be paid with points: 48 → 24 and 32 → 16
    assert payable(quote) == {CUP: "24.00", TEA: "16.00"}
    assert quote.points_used == 4000
    assert [part.ref for part in quote.items[0].reductions] == ["券", "积分"]


def test_points_do_not_hide_which_coupon_is_best():
    """With and without the coupon nothing is left to pay; with it the buyer keeps 500 points."""
    assert engine.best_coupon(basket(line(CUP, "30.00")), [points(3000)], [off("五元", "5.00")]) == "五元"
    quote = engine.quote(basket(line(CUP, "30.00")), [points(3000)], coupons=[off("五元", "5.00")])
    assert (quote.payable_fen, quote.points_used) == (0, 2500)


def test_all_lanes_one_after_the_other():
    offers = [
        MemberPrice(ref="会员", label="会员价", level_ids=frozenset({GOLD}), off_bp=1000),
        Stepped(ref="满减", label="满150减30", steps=(Step(fen("150.00"), fen("30.00")),)),
        off("券", "20.00", at_least="100.00"),
        points(100_000, cap_bp=1000),
        FreePostage(ref="包邮", label="满99包邮", threshold_fen=fen("99.00")),
    ]
    goods = basket(line(CUP, "200.00", freight="件"), level=GOLD, freights=(POST,))
    quote = engine.quote(goods, offers)
    # 200 → 180 → 150 → 130 → 117, which ships free
    assert applied(quote) == {
        "会员": "20.00",
        "满减": "30.00",
        "券": "20.00",
        "积分": "13.00",
        "包邮": "8.00",
    }
    assert (quote.payable_fen, quote.points_used) == (11700, 1300)


def test_a_buyer_has_one_purse_of_points_and_each_coupon_once():
    goods = basket(line(CUP, "30.00"))
    twice = [points(5), PointsDeduction(ref="又", label="", available_points=5)]
    with pytest.raises(ValueError, match="one purse"):
        engine.quote(goods, twice)
    with pytest.raises(ValueError, match="share a ref"):
        engine.weigh(goods, [off("券", "1.00")], [off("券", "1.00")])


def test_a_coupon_that_does_not_combine_with_points_keeps_them_away():
    proud = off("券", "5.00", combines_with=EVERY_LANE - {Lane.POINTS})
    quote = engine.quote(basket(line(CUP, "30.00")), [proud, points(1000)])
    assert (applied(quote), declined(quote)) == ({"券": "5.00"}, {"积分": "不与「券」同享"})


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("只能选一种", lambda: Coupon(ref="x", label="x")),
        ("只能选一种", lambda: Coupon(ref="x", label="x", off_fen=1, off_bp=1)),
        ("门槛不能为负", lambda: Coupon(ref="x", label="x", off_fen=1, threshold_fen=-1)),
        ("必须大于 0", lambda: Coupon(ref="x", label="x", off_fen=0)),
        ("不能超过门槛", lambda: Coupon(ref="x", label="x", off_fen=101, threshold_fen=100)),
        ("0 到 100%", lambda: Coupon(ref="x", label="x", off_bp=10001)),
        ("最高优惠金额", lambda: Coupon(ref="x", label="x", off_bp=1, cap_fen=0)),
        ("只有折扣券", lambda: Coupon(ref="x", label="x", off_fen=1, cap_fen=1)),
        ("门槛不能为负", lambda: FreightCoupon(ref="x", label="x", threshold_fen=-1)),
        ("必须大于 0", lambda: FreightCoupon(ref="x", label="x", off_fen=0)),
        ("积分不能为负", lambda: points(-1)),
        ("比例必须大于 0", lambda: points(1, points_per_yuan=0)),
        ("上限", lambda: points(1, cap_bp=0)),
        ("上限", lambda: points(1, cap_bp=10001)),
    ],
)
def test_a_coupon_that_nobody_could_explain_is_refused(reason, build):
    with pytest.raises(OfferInvalid, match=reason):
        build()


def test_points_and_fen_are_exchanged_in_one_place():
    assert money.points_worth(7, points_per_yuan=30) == 23
    assert money.points_within(52, points_per_yuan=30) == 15
    assert (money.points_paying(50, points_per_yuan=30), money.points_paying(53, points_per_yuan=30)) == (
        15,
        16,
    )
    for impossible in (money.points_worth, money.points_within, money.points_paying):
        with pytest.raises(ValueError, match="possible"):
            impossible(-1, points_per_yuan=1)
        with pytest.raises(ValueError, match="possible"):
            impossible(1, points_per_yuan=0)


@pytest.mark.parametrize(
    "kind", [off("券", "20.00", at_least="100.00"), FreightCoupon(ref="券", label="运费券")]
)
def test_one_of_many_coupons_alike_is_what_its_terms_say_with_its_own_name_and_end(kind):
    assert one_of(kind, ref="coupon:1", valid_until="2026-12-01") == replace(
        kind, ref="coupon:1", valid_until="2026-12-01"
    )


@pytest.mark.parametrize("named", [[], [off("别的券", "1.00")]])
def test_coupons_alike_are_each_worth_what_they_are_worth_alone(named):
    alike = [off(f"券{n}", "20.00", at_least="50.00", until=f"2026-12-{n:02}") for n in range(1, 5)]
    other = [off("八元券", "8.00"), off("贵券", "90.00", at_least="900.00")]
    goods = basket(line(CUP, "88.00"))

    together = engine.weigh(goods, named, [*alike, *other])

    alone = {one.ref: engine.weigh(goods, named, [one])[0] for one in (*alike, *other)}
    assert {one.ref: one for one in together} == alone
    assert [one.ref for one in together] == ["券1", "券2", "券3", "券4", "八元券", "贵券"]
