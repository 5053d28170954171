"""凑单: what a little more would bring, said only where the buyer would truly gain."""

from __future__ import annotations

from mall.pricing import engine
from mall.pricing.offers import (
    Bundle,
    BundleItem,
    Coupon,
    FreePostage,
    Gift,
    GiftItem,
    GiftStep,
    MemberPrice,
    NForM,
    PercentOff,
    SecondHalf,
    Step,
    Stepped,
)
from mall.pricing.scope import ALL_GOODS, Products, Skus
from tests.pricing.shop import (
    CUP,
    GOLD,
    HANGZHOU,
    POT,
    TEA,
    URUMQI,
    applied,
    basket,
    by_piece,
    fen,
    line,
    zone,
)

FULL = Stepped(
    ref="满减",
    label="满100减15，满200减30",
    steps=(Step(fen("100.00"), fen("15.00")), Step(fen("200.00"), fen("30.00"))),
)
POST = by_piece("件", default=zone(1, "8.00", 1, "2.00"))


def hints(quote) -> dict[str, tuple[str, int | None]]:
    return {hint.ref: (hint.reason, hint.gain_fen) for hint in quote.hints}


def test_the_first_step_within_reach_is_told_with_what_it_brings():
    (hint,) = engine.quote(basket(line(CUP, "88.00")), [FULL]).hints
    assert (hint.reason, hint.short_by_fen, hint.gain_fen) == ("再买 ¥12.00 可减 ¥15.00", 1200, 1500)
    assert (hint.short_by_pieces, hint.scope) == (None, ALL_GOODS)


def test_the_next_step_is_told_though_a_lower_one_applies():
    quote = engine.quote(basket(line(CUP, "188.00")), [FULL])
    assert applied(quote) == {"满减": "15.00"}
    assert hints(quote) == {"满减": ("再买 ¥12.00 可减 ¥30.00", 1500)}  # 30 instead of 15


def test_nothing_is_told_at_the_highest_step():
    assert engine.quote(basket(line(CUP, "200.00")), [FULL]).hints == ()


def test_a_step_that_brings_no_more_than_the_winner_is_not_told():
    other = Stepped(ref="小", label="满300减20", steps=(Step(fen("300.00"), fen("20.00")),))
    assert hints(engine.quote(basket(line(CUP, "250.00")), [FULL, other])) == {}
    better = Stepped(ref="大", label="满300减50", steps=(Step(fen("300.00"), fen("50.00")),))
    assert hints(engine.quote(basket(line(CUP, "250.00")), [FULL, better])) == {
        "大": ("再买 ¥50.00 可减 ¥50.00", 2000)
    }


def test_a_loser_whose_next_step_would_win_is_told():
    rival = Stepped(
        ref="大", label="大", steps=(Step(fen("50.00"), fen("5.00")), Step(fen("160.00"), fen("40.00")))
    )
    quote = engine.quote(basket(line(CUP, "150.00")), [FULL, rival])
    assert applied(quote) == {"满减": "15.00"}
    assert hints(quote) == {
        "大": ("再买 ¥10.00 可减 ¥40.00", 2500),
        "满减": ("再买 ¥50.00 可减 ¥30.00", 1500),
    }


def test_an_offer_that_lost_some_goods_counts_on_those_it_has():
    """The cup goes to its own offer; the one on everything has 120.00 of tea and pot, not 180.00."""
    on_cups = Stepped(
        ref="杯", label="杯", steps=(Step(fen("60.00"), fen("20.00")),), scope=Products(frozenset({CUP}))
    )
    quote = engine.quote(basket(line(CUP, "60.00"), line(TEA, "120.00")), [FULL, on_cups])
    assert applied(quote) == {"杯": "20.00", "满减": "15.00"}
    assert hints(quote) == {"满减": ("再买 ¥80.00 可减 ¥30.00", 1500)}


def test_an_offer_on_other_goods_or_for_other_members_is_not_told():
    on_tea = Stepped(
        ref="茶", label="茶", steps=(Step(fen("60.00"), fen("20.00")),), scope=Products(frozenset({TEA}))
    )
    gold = MemberPrice(ref="会员", label="会员", level_ids=frozenset({GOLD}), off_bp=1000)
    tenth = PercentOff(ref="九折", label="九折", off_bp=1000)
    assert hints(engine.quote(basket(line(CUP, "30.00")), [on_tea, gold, tenth])) == {}


def test_the_freight_that_would_be_saved_is_told_where_postage_can_be_free():
    free = FreePostage(
        ref="包邮", label="包邮", threshold_fen=fen("99.00"), regions=frozenset({HANGZHOU.province})
    )

    def quote(to, price="89.00"):
        return engine.quote(basket(line(CUP, price, freight="件"), to=to, freights=(POST,)), [free])

    assert hints(quote(HANGZHOU)) == {"包邮": ("再买 ¥10.00 可包邮", 800)}
    assert hints(quote(URUMQI)) == hints(quote(None)) == hints(quote(HANGZHOU, "99.00")) == {}
    already = FreePostage(ref="已包邮", label="已包邮")
    goods = basket(line(CUP, "89.00", freight="件"), freights=(POST,))
    assert hints(engine.quote(goods, [free, already])) == {}
    assert hints(engine.quote(basket(line(CUP, "89.00")), [free])) == {}  # no freight to save


def test_gifts_and_coupons_and_sets_tell_their_next_step_too():
    offers = [
        Gift(ref="买赠", label="", steps=(GiftStep(fen("100.00"), (GiftItem(9, "茶巾", 1, 5),)),)),
        Coupon(ref="券", label="", off_bp=1000, threshold_fen=fen("100.00")),
        NForM(ref="任选", label="", pieces=4, price_fen=fen("60.00")),
    ]
    assert hints(engine.quote(basket(line(CUP, "30.00", 3)), offers)) == {
        "买赠": ("再买 ¥10.00 可得「茶巾」", None),
        "券": ("再买 ¥10.00 可减 ¥10.00", 1000),
        "任选": ("再买 1 件可享 4 件 ¥60.00", None),
    }


def test_a_single_piece_is_told_of_a_second_and_which_goods_count():
    pairs = SecondHalf(ref="第二件", label="第二件半价")
    (hint,) = engine.quote(
        basket(line(CUP, "30.00", 3), line(TEA, "20.00"), line(POT, "90.00", 2)), [pairs]
    ).hints
    assert (hint.short_by_pieces, hint.gain_fen, hint.scope) == (1, 1500, Skus(frozenset({CUP})))
    assert engine.quote(basket(line(POT, "90.00", 2)), [pairs]).hints == ()


def test_a_bundle_that_is_not_complete_tells_which_goods_are_missing():
    tea_set = Bundle(
        ref="套餐",
        label="套餐",
        items=(BundleItem(POT, "茶壶", 1), BundleItem(CUP, "茶杯", 2)),
        price_fen=fen("120.00"),
    )
    (hint,) = engine.quote(basket(line(CUP, "30.00", 2)), [tea_set]).hints
    assert (hint.reason, hint.short_by_pieces) == ("再买「茶壶」1 件可享套餐价 ¥120.00", 1)
    assert hint.as_dict()["scope"] == {"kind": "SKUS", "ids": [POT]}
    complete = basket(line(CUP, "30.00", 2), line(POT, "100.00"))
    assert engine.quote(complete, [tea_set]).hints == ()


def test_what_a_hint_promises_comes_true():
    short = engine.quote(basket(line(CUP, "1.00", 188)), [FULL])
    (hint,) = short.hints
    more = engine.quote(basket(line(CUP, "1.00", 200)), [FULL])
    assert more.reduction_fen - short.reduction_fen == hint.gain_fen
