"""The promotion page at the desk: the same page and form, which here also see what is in stock."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from apps.inventory import selectors as inventory
from apps.promotions.admin import PromotionPage
from apps.promotions.forms import PromotionForm
from apps.promotions.models import Promotion


class CounterPromotionForm(PromotionForm):
    """Refuses gifts of which there are not even enough for one order."""

    def clean(self) -> dict[str, Any]:
        """The room's own checks, then the gifts against the stock: one statement more."""
        typed = super().clean()
        if self.errors or typed.get("kind") != Promotion.Kind.GIFT:
            return typed
        free = inventory.available({part.sku_id for part in self.parts})
        short = [part for part in self.parts if free.get(part.sku_id, 0) < part.quantity]
        for part in short:
            there = free.get(part.sku_id, 0)
            self.add_error(
                "gifts", f"赠品「{part.title}」没有库存：每单需要 {part.quantity} 件，可用 {there} 件"
            )
        return typed


@admin.register(Promotion)
class PromotionAdmin(PromotionPage):
    """Timed offers to everyone."""

    form = CounterPromotionForm
