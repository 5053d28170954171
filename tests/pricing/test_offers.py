"""Single offers, as a merchant would check them with a pencil."""

from __future__ import annotations

import pytest

from mall.pricing import engine, hearing
from mall.pricing.offers import Basis, FreePostage, MemberPrice, OfferInvalid, PercentOff, Step, Stepped
from mall.pricing.scope import Brands, Categories, Products, ScopeInvalid
from tests.pricing.shop import (
    CUP,
    DRINKS,
    GIFT,
    GOLD,
    HANGZHOU,
    KILN,
    POT,
    SILVER,
    TABLEWARE,
    TEA,
    URUMQI,
    applied,
    basket,
    by_piece,
    declined,
    fen,
    line,
    payable,
    zone,
)


def steps(*pairs: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(Step(fen(at_least), fen(off)) for at_least, off in pairs)


FULL_100 = Stepped(
    ref="满减", label="满100减15，满199减30", steps=steps(("100.00", "15.00"), ("199.00", "30.00"))
)


@pytest.mark.parametrize(
    ("cups", "pays"),
    [
        (3, "90.00"),
        (4, "105.00"),  # 120 − 15
        (6, "165.00"),  # 180 − 15
        (7, "180.00"),  # 210 − 30: the higher step, not both
        (20, "570.00"),  # 600 − 30: once, however much it is
    ],
)
def test_the_highest_step_reached_counts_once(cups, pays):
    quote = engine.quote(basket(line(CUP, "30.00", cups)), [FULL_100])
    assert payable(quote) == {CUP: pays}


def test_what_is_missing_to_the_first_step_is_said():
    quote = engine.quote(basket(line(CUP, "44.00", 2)), [FULL_100])
    (refusal,) = quote.declined
    assert refusal.reason == "再买 ¥12.00 可减 ¥15.00"
    assert refusal.short_by_fen == 1200


def test_a_step_is_reached_at_its_very_amount():
    assert payable(engine.quote(basket(line(CUP, "100.00")), [FULL_100])) == {CUP: "85.00"}
    assert payable(engine.quote(basket(line(CUP, "99.99")), [FULL_100])) == {CUP: "99.99"}


def test_a_whole_order_reduction_is_split_over_the_lines_by_what_is_left_of_them():
    quote = engine.quote(basket(line(CUP, "50.00"), line(POT, "100.00"), line(GIFT, "0.00")), [FULL_100])
    assert payable(quote) == {CUP: "45.00", POT: "90.00", GIFT: "0.00"}
    assert [len(item.reductions) for item in quote.items] == [1, 1, 0]


def test_steps_may_count_pieces_that_are_still_to_be_paid_for():
    by_pieces = Stepped(ref="件", label="满3件减10", basis=Basis.PIECES, steps=(Step(3, fen("10.00")),))
    assert applied(engine.quote(basket(line(CUP, "30.00", 2), line(TEA, "50.00")), [by_pieces])) == {
        "件": "10.00"
    }
    with_gift = engine.quote(basket(line(CUP, "30.00", 2), line(GIFT, "0.00")), [by_pieces])
    assert declined(with_gift) == {"件": "再买 1 件可减 ¥10.00"}
    assert with_gift.declined[0].short_by_fen is None


def test_pieces_may_be_worth_less_than_the_step_takes_off_and_cost_nothing_then():
    by_pieces = Stepped(ref="件", label="满3件减10", basis=Basis.PIECES, steps=(Step(3, fen("10.00")),))
    quote = engine.quote(basket(line(CUP, "3.00", 3)), [by_pieces])
    assert (applied(quote), quote.payable_fen) == ({"件": "9.00"}, 0)


@pytest.mark.parametrize(
    ("scope", "pays"),
    [
        (Products(frozenset({POT})), {CUP: "30.00", POT: "81.00", TEA: "50.00"}),
        (Categories(frozenset({TABLEWARE})), {CUP: "27.00", POT: "81.00", TEA: "50.00"}),
        (Brands(frozenset({KILN})), {CUP: "27.00", POT: "81.00", TEA: "50.00"}),
    ],
)
def test_a_discount_reaches_the_goods_of_its_scope_only(scope, pays):
    tenth_off = PercentOff(ref="九折", label="九折", off_bp=1000, scope=scope)
    quote = engine.quote(basket(line(CUP, "30.00"), line(POT, "90.00"), line(TEA, "50.00")), [tenth_off])
    assert payable(quote) == pays


def test_a_capped_discount_takes_its_cap_and_splits_it():
    half_off = PercentOff(ref="半价", label="半价，最高减20", off_bp=5000, cap_fen=fen("20.00"))
    quote = engine.quote(basket(line(CUP, "30.00"), line(POT, "90.00")), [half_off])
    assert payable(quote) == {CUP: "25.00", POT: "75.00"}


def test_a_discount_too_small_for_a_fen_is_declined():
    one_percent = PercentOff(ref="九九折", label="九九折", off_bp=100)
    quote = engine.quote(basket(line(CUP, "0.99"), line(POT, "0.99")), [one_percent])
    assert declined(quote) == {"九九折": "优惠金额不足 ¥0.01"}


GOLD_PRICES = MemberPrice(
    ref="金卡", label="金卡会员价", level_ids=frozenset({GOLD}), prices_fen={CUP: fen("25.00")}, off_bp=1000
)


def test_members_pay_the_price_of_the_table_and_the_percentage_elsewhere():
    quote = engine.quote(basket(line(CUP, "30.00", 2), line(POT, "90.00"), level=GOLD), [GOLD_PRICES])
    assert payable(quote) == {CUP: "50.00", POT: "81.00"}
    assert [item.unit_price_fen for item in quote.items] == [3000, 9000]


@pytest.mark.parametrize("level", [None, SILVER])
def test_a_member_price_is_for_its_levels_only(level):
    quote = engine.quote(basket(line(CUP, "30.00"), level=level), [GOLD_PRICES])
    assert payable(quote) == {CUP: "30.00"}
    assert declined(quote) == {"金卡": "您的会员等级不享受此优惠"}


def test_a_member_price_above_the_list_price_changes_nothing():
    quote = engine.quote(basket(line(CUP, "20.00"), level=GOLD), [GOLD_PRICES])
    assert payable(quote) == {CUP: "20.00"}
    assert declined(quote) == {"金卡": "会员价不低于当前价格"}


def test_a_member_percentage_is_rounded_per_unit():
    quote = engine.quote(basket(line(TEA, "0.19", 10), level=GOLD), [GOLD_PRICES])
    assert payable(quote) == {TEA: "1.80"}  # 0.19 − 0.01 = 0.18 each


POST = by_piece("件", default=zone(1, "8.00", 1, "2.00"))


@pytest.mark.parametrize(
    ("price", "shipping_fen", "total"), [("98.99", 800, 10699), ("99.00", 0, 9900), ("120.00", 0, 12000)]
)
def test_postage_is_free_from_its_threshold_on(price, shipping_fen, total):
    free = FreePostage(ref="包邮", label="满99包邮", threshold_fen=fen("99.00"))
    quote = engine.quote(basket(line(CUP, price, freight="件"), freights=(POST,)), [free])
    assert (quote.shipping_fen, quote.payable_fen) == (shipping_fen, total)
    assert applied(quote) == ({} if shipping_fen else {"包邮": "8.00"})
    assert quote.reduction_fen == 0  # the freight that is not charged is no reduction of the goods


def test_the_threshold_of_free_postage_looks_at_what_is_left_to_pay():
    free = FreePostage(ref="包邮", label="满99包邮", threshold_fen=fen("99.00"))
    quote = engine.quote(basket(line(CUP, "105.00", freight="件"), freights=(POST,)), [free, FULL_100])
    assert (quote.payable_fen, quote.shipping_fen) == (9800, 800)  # 105 − 15 + 8
    assert declined(quote) == {"包邮": "再买 ¥9.00 可包邮"}
    assert quote.declined[0].short_by_fen == 900


@pytest.mark.parametrize(
    ("to", "lines", "reason"),
    [
        (URUMQI, [line(CUP, "99.00", freight="件")], "收货地区不在包邮范围内"),
        (None, [line(CUP, "99.00", freight="件")], "选择收货地址后可享包邮"),
        (HANGZHOU, [line(CUP, "99.00")], "本单无需运费"),
        (URUMQI, [line(CUP, "89.00", freight="件")], "再买 ¥10.00 可包邮"),
        (HANGZHOU, [], "订单中没有可参加此优惠的商品"),
    ],
)
def test_free_postage_says_why_not(to, lines, reason):
    free = FreePostage(ref="包邮", label="包邮", threshold_fen=fen("99.00"), regions=frozenset({"浙江省"}))
    quote = engine.quote(basket(*lines, to=to, freights=(POST,)), [free])
    assert declined(quote) == {"包邮": reason}


def test_free_postage_for_one_province_applies_there():
    free = FreePostage(ref="包邮", label="包邮", regions=frozenset({"浙江省"}))
    quote = engine.quote(basket(line(CUP, "1.00", freight="件"), freights=(POST,)), [free])
    assert (quote.shipping_fen, quote.payable_fen) == (0, 100)


def test_of_two_free_postages_the_lower_ref_is_used():
    offers = [FreePostage(ref=ref, label=ref) for ref in ("乙", "丙", "甲")]
    quote = engine.quote(basket(line(CUP, "1.00", freight="件"), freights=(POST,)), offers)
    assert applied(quote) == {"丙": "8.00"}
    assert declined(quote) == dict.fromkeys(["乙", "甲"], "同类优惠只享一项，已选用「丙」")


def test_an_offer_on_goods_that_are_not_there_says_so():
    on_drinks = PercentOff(ref="茶", label="茶", off_bp=1000, scope=Categories(frozenset({DRINKS})))
    for goods in ([line(CUP, "30.00")], [line(GIFT, "0.00")], []):
        assert declined(engine.quote(basket(*goods), [on_drinks])) == {"茶": "订单中没有可参加此优惠的商品"}


def test_a_basket_hears_of_all_offers_on_its_goods_and_of_twenty_on_others():
    on_cups = [
        PercentOff(ref=f"杯{n:03}", label="杯", off_bp=1000, scope=Products(frozenset({CUP, n})))
        for n in range(500, 530)
    ]
    elsewhere = [
        PercentOff(ref=f"他{n:03}", label="他", off_bp=9000, scope=Products(frozenset({n})))
        for n in range(800, 900)
    ]
    cups = basket(line(CUP, "30.00"))
    heard = hearing.heard(cups, [*reversed(elsewhere), *on_cups])
    assert [offer.ref for offer in heard[:30]] == [offer.ref for offer in on_cups]
    assert [offer.ref for offer in heard[30:]] == [f"他{n:03}" for n in range(800, 820)]
    assert payable(engine.quote(cups, heard)) == {CUP: "27.00"}


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("至少设置一档", lambda: Stepped(ref="x", label="x", steps=())),
        ("必须大于 0", lambda: Stepped(ref="x", label="x", steps=(Step(0, 0),))),
        ("必须大于 0", lambda: Stepped(ref="x", label="x", steps=(Step(100, -5),))),
        ("不能超过门槛", lambda: Stepped(ref="x", label="x", steps=(Step(100, 101),))),
        ("逐档提高", lambda: Stepped(ref="x", label="x", steps=(Step(100, 20), Step(200, 10)))),
        ("逐档提高", lambda: Stepped(ref="x", label="x", steps=(Step(100, 10), Step(100, 20)))),
        ("逐档提高", lambda: Stepped(ref="x", label="x", steps=(Step(200, 10), Step(100, 20)))),
        ("0 到 100%", lambda: PercentOff(ref="x", label="x", off_bp=10001)),
        ("0 到 100%", lambda: PercentOff(ref="x", label="x", off_bp=0)),
        ("最高优惠金额", lambda: PercentOff(ref="x", label="x", off_bp=1000, cap_fen=0)),
        ("会员等级", lambda: MemberPrice(ref="x", label="x", level_ids=frozenset(), off_bp=1000)),
        ("会员价或会员折扣", lambda: MemberPrice(ref="x", label="x", level_ids=frozenset({1}))),
        ("不能为负", lambda: MemberPrice(ref="x", label="x", level_ids=frozenset({1}), prices_fen={1: -1})),
        ("0 到 100%", lambda: MemberPrice(ref="x", label="x", level_ids=frozenset({1}), off_bp=20000)),
        ("不能为负", lambda: FreePostage(ref="x", label="x", threshold_fen=-1)),
        ("包邮地区", lambda: FreePostage(ref="x", label="x", regions=frozenset())),
    ],
)
def test_an_offer_that_nobody_could_explain_is_refused(reason, build):
    with pytest.raises(OfferInvalid, match=reason):
        build()


@pytest.mark.parametrize("scope", [Products, Categories, Brands])
def test_a_scope_of_nothing_is_refused_and_never_means_everything(scope):
    with pytest.raises(ScopeInvalid):
        scope(frozenset())


def test_a_member_price_keeps_its_own_copy_of_the_table():
    table = {CUP: fen("25.00")}
    offer = MemberPrice(ref="x", label="x", level_ids=frozenset({GOLD}), prices_fen=table)
    table[CUP] = 1
    assert dict(offer.prices_fen) == {CUP: 2500}
