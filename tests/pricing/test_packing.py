"""What goods are packed in costs what it says, after every offer was heard."""

from __future__ import annotations

import pytest

from mall.pricing import engine
from mall.pricing.offers import EVERY_LANE, Step, Stepped
from mall.pricing.packing import packed
from tests.pricing.shop import CUP, basket, by_piece, line, zone

BOX = 900
OFF = Stepped(ref="promotion:1", label="满100减15", steps=(Step(10_000, 1500),), combines_with=EVERY_LANE)


def test_packing_is_the_last_line_at_its_own_price_and_the_parts_add_up() -> None:
    post = by_piece("件", default=zone(1, "8.00", 1, "2.00"))
    quote = engine.quote(basket(line(CUP, "50.00", 2, freight="件"), freights=(post,)), [OFF])
    wrapped = packed(quote, sku_id=BOX, title="尊享包装", price_fen=1500)
    box = wrapped.items[-1]
    assert (box.sku_id, box.quantity, box.payable_fen, box.reductions, box.is_packing) == (
        BOX,
        1,
        1500,
        (),
        True,
    )
    assert [item.sku_id for item in wrapped.goods] == [CUP]
    assert (wrapped.goods_fen, wrapped.reduction_fen, wrapped.shipping_fen) == (11_500, 1500, 1000)
    assert (
        wrapped.payable_fen
        == sum(item.payable_fen for item in wrapped.items) + wrapped.shipping_fen
        == 11_000
    )
    assert quote.payable_fen == 9500  # the quote before is what it was


def test_packing_helps_over_no_threshold() -> None:
    quote = engine.quote(basket(line(CUP, "99.00")), [OFF])
    wrapped = packed(quote, sku_id=BOX, title="尊享包装", price_fen=1500)
    assert (wrapped.reduction_fen, wrapped.payable_fen) == (0, 11_400)


def test_packing_may_cost_nothing_and_never_less() -> None:
    quote = engine.quote(basket(line(CUP, "10.00")), [])
    assert packed(quote, sku_id=BOX, title="环保袋", price_fen=0).payable_fen == 1000
    with pytest.raises(ValueError, match="does not add up"):
        packed(quote, sku_id=BOX, title="环保袋", price_fen=-1)
    with pytest.raises(ValueError, match="wraps the same order"):
        packed(quote, sku_id=CUP, title="茶杯", price_fen=100)
