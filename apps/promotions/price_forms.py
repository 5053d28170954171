"""The operators' forms of member prices and of the price floor."""

from __future__ import annotations

from typing import Any

from apps.base.forms import PercentField, RuledForm, YuanField
from apps.catalog.sku_codes import SkuCodeField
from apps.promotions import services as promotions
from apps.promotions.models import LevelPrice, PriceFloor


class LevelPriceForm(RuledForm):
    """A level's own price of one SKU, which is found by its code."""

    sku = SkuCodeField()
    price_fen = YuanField(label="会员价（元）", help_text="必须低于售价")

    class Meta:
        model = LevelPrice
        fields = ["level", "sku", "price_fen"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["sku"] = self.instance.sku

    def check(self, row: LevelPrice) -> None:
        promotions.check_level_price(row)


class PriceFloorForm(RuledForm):
    """How low promotions may go, typed in percent above cost."""

    above_cost_bp = PercentField(
        label="高于成本（%）", help_text="0 表示底价即成本，10 表示成本之上 10%。没有填写成本的商品没有底价"
    )

    class Meta:
        model = PriceFloor
        fields = ["mode", "above_cost_bp"]
        help_texts = {
            "mode": "「拒绝」：保存会突破底价的促销时拒绝，下单时也拒绝；「仅提醒」：保存时提示，下单时记在订单备注"
        }

    def check(self, row: PriceFloor) -> None:
        promotions.check_price_floor(row)
