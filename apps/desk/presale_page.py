"""The page of a pre-sale at the desk: it prices a unit of its goods through the same quote as every order."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.checkout import samples
from apps.presale.admin import PresalePage
from apps.presale.models import Presale
from apps.presale.states import KIND
from mall.money import yuan

# A pre-sale of many SKUs shows its first: the others are priced likewise.
_MOST = 5


@admin.register(Presale)
class PresaleAdmin(PresalePage):
    """The pre-sales, with what a shopper pays."""

    readonly_fields = [*PresalePage.readonly_fields, "sample"]
    fieldsets = [
        (None, {"fields": ["sentence", "phase", "sample", "results"]}),
        *PresalePage.fieldsets[1:],
    ]

    @admin.display(description="试算（一件，普通会员，不含运费）")
    def sample(self, row: Presale) -> SafeString | str:
        """What one unit of each of the first goods costs now, in its stages, and what does not go with it."""
        if row.pk is None:
            return "保存后显示"
        goods = list(row.goods.all())[:_MOST]
        told = samples.priced(
            kind=KIND,
            label="预售价",
            prices_fen={good.pk: (good.sku_id, good.price_fen - row.growth_fen) for good in goods},
            combines=row.combines,
            at=timezone.now(),
        )
        if row.deposit_fen is not None:
            first = f"其中定金 ¥{yuan(row.deposit_fen)}，其余为尾款"
            told = [f"{line}；{first}" for line in told]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in told))
