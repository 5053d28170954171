"""Gifts come with the goods while there are some; that there are none is said and stops nothing."""

from __future__ import annotations

import pytest

from mall.pricing import engine
from mall.pricing.offers import (
    EVERY_LANE,
    Basis,
    Coupon,
    Gift,
    GiftItem,
    GiftStep,
    Lane,
    OfferInvalid,
    PercentOff,
    Step,
    Stepped,
)
from tests.pricing.shop import CUP, TEA, applied, basket, declined, fen, line

CLOTH, TRAY = 50, 51


def gift(ref: str = "买赠", *, cloths: int = 9, trays: int = 9, **terms) -> Gift:
    """A cloth from 100.00 on, two cloths and a tray from 200.00 on; as many as are in stock."""
    return Gift(
        ref=ref,
        label=ref,
        steps=(
            GiftStep(fen("100.00"), (GiftItem(CLOTH, "茶巾", 1, cloths),)),
            GiftStep(fen("200.00"), (GiftItem(CLOTH, "茶巾", 2, cloths), GiftItem(TRAY, "茶盘", 1, trays))),
        ),
        **terms,
    )


def given(quote) -> list[tuple[str, int, int, int]]:
    return [(one.ref, one.sku_id, one.quantity, one.missing) for one in quote.gifts]


@pytest.mark.parametrize(
    ("cups", "gifts"),
    [
        (3, []),
        (4, [("买赠", CLOTH, 1, 0)]),
        (8, [("买赠", CLOTH, 2, 0), ("买赠", TRAY, 1, 0)]),
        (40, [("买赠", CLOTH, 2, 0), ("买赠", TRAY, 1, 0)]),
    ],
)
def test_the_gifts_of_the_highest_step_reached_come_once_and_cost_nothing(cups, gifts):
    quote = engine.quote(basket(line(CUP, "25.00", cups)), [gift()])
    assert given(quote) == gifts
    assert (quote.payable_fen, len(quote.items), quote.applied) == (2500 * cups, 1, ())


def test_the_hint_to_the_next_step_counts_its_gifts():
    quote = engine.quote(basket(line(CUP, "188.00")), [gift()])
    assert [hint.reason for hint in quote.hints] == ["再买 ¥12.00 可得「茶巾」×2「茶盘」"]


def test_what_is_missing_to_the_first_gift_is_said():
    quote = engine.quote(basket(line(CUP, "88.00")), [gift()])
    assert declined(quote) == {"买赠": "再买 ¥12.00 可得「茶巾」"}
    assert quote.declined[0].short_by_fen == 1200


def test_what_is_out_of_stock_is_missing_and_the_rest_comes():
    quote = engine.quote(basket(line(CUP, "200.00")), [gift(cloths=1, trays=0)])
    assert given(quote) == [("买赠", CLOTH, 1, 1), ("买赠", TRAY, 0, 1)]
    assert quote.declined == ()


def test_a_gift_of_which_nothing_is_left_is_declined_and_the_order_stands():
    quote = engine.quote(basket(line(CUP, "100.00")), [gift(cloths=0)])
    assert (given(quote), declined(quote), quote.payable_fen) == ([], {"买赠": "赠品「茶巾」已送完"}, 10000)


def test_two_offers_share_the_stock_of_a_gift():
    quote = engine.quote(basket(line(CUP, "100.00")), [gift("乙", cloths=1), gift("丙", cloths=1)])
    assert given(quote) == [("丙", CLOTH, 1, 0)]
    assert declined(quote) == {"乙": "赠品「茶巾」已送完"}
    enough = engine.quote(basket(line(CUP, "100.00")), [gift("乙", cloths=2), gift("丙", cloths=2)])
    assert given(enough) == [("丙", CLOTH, 1, 0), ("乙", CLOTH, 1, 0)]


def test_gifts_count_what_is_left_after_the_full_reduction_and_before_the_coupon():
    full = Stepped(ref="满减", label="满100减15", steps=(Step(fen("100.00"), fen("15.00")),))
    coupon = Coupon(ref="券", label="券", off_fen=fen("10.00"))
    assert given(engine.quote(basket(line(CUP, "110.00")), [full, gift()])) == []
    assert given(engine.quote(basket(line(CUP, "115.00")), [full, gift(), coupon])) == [("买赠", CLOTH, 1, 0)]


def test_gifts_may_count_pieces():
    three = Gift(
        ref="买赠",
        label="买3赠1",
        basis=Basis.PIECES,
        steps=(GiftStep(3, (GiftItem(CLOTH, "茶巾", 1, 5),)),),
    )
    assert declined(engine.quote(basket(line(CUP, "1.00"), line(TEA, "1.00")), [three])) == {
        "买赠": "再买 1 件可得「茶巾」"
    }
    assert given(engine.quote(basket(line(CUP, "1.00", 2), line(TEA, "1.00")), [three])) == [
        ("买赠", CLOTH, 1, 0)
    ]


def test_a_gift_that_does_not_combine_waits_for_others_and_keeps_others_away():
    alone = gift(combines_with=EVERY_LANE - {Lane.ITEM, Lane.COUPON})
    tenth_off = PercentOff(ref="九折", label="九折", off_bp=1000)
    coupon = Coupon(ref="券", label="券", off_fen=fen("10.00"))
    discounted = engine.quote(basket(line(CUP, "200.00")), [tenth_off, alone])
    assert (given(discounted), declined(discounted)) == ([], {"买赠": "不与「九折」同享"})
    gifted = engine.quote(basket(line(CUP, "100.00")), [alone, coupon])
    assert (len(gifted.gifts), declined(gifted)) == (1, {"券": "不与「买赠」同享"})
    gone = engine.quote(basket(line(CUP, "100.00")), [gift(cloths=0, combines_with=frozenset()), coupon])
    assert applied(gone) == {"券": "10.00"}  # a gift that is not given holds nothing


@pytest.mark.parametrize(
    ("reason", "steps"),
    [
        ("至少设置一档", ()),
        ("门槛必须大于 0", (GiftStep(0, (GiftItem(CLOTH, "茶巾", 1, 1),)),)),
        ("至少选择一件赠品", (GiftStep(1, ()),)),
        ("赠品数量必须大于 0", (GiftStep(1, (GiftItem(CLOTH, "茶巾", 0, 1),)),)),
        ("库存不能为负", (GiftStep(1, (GiftItem(CLOTH, "茶巾", 1, -1),)),)),
        ("不能重复", (GiftStep(1, (GiftItem(CLOTH, "茶巾", 1, 1),) * 2),)),
        ("逐档提高", (GiftStep(1, (GiftItem(CLOTH, "茶巾", 1, 1),)),) * 2),
    ],
)
def test_a_gift_that_nobody_could_explain_is_refused(reason, steps):
    with pytest.raises(OfferInvalid, match=reason):
        Gift(ref="x", label="x", steps=steps)
