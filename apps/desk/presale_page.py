"""The page of a pre-sale at the desk: it prices a unit of its goods through the same quote as every order."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from apps.checkout import samples
from apps.checkout.samples import Step
from apps.desk.results_page import ResultsPage
from apps.presale.admin import PresalePage
from apps.presale.models import Presale
from mall.money import priced

# A pre-sale of many SKUs shows its first: the others are priced likewise.
_MOST = 5


@admin.register(Presale)
class PresaleAdmin(ResultsPage, PresalePage):
    """The pre-sales, with what a shopper pays."""

    def samples(self, row: Presale) -> list[str]:
        """What as few units as can be bought of the first goods cost now, in stages, and what does not go with it."""
        goods = list(row.goods.all())[:_MOST]
        told = samples.priced(
            kind=self.campaigns.kind,
            label="预售价",
            steps=[Step(row.pk, good.sku_id, good.price_fen - row.growth_fen) for good in goods],
            combines=row.combines,
            at=timezone.now(),
        )
        if row.deposit_fen is None:
            return told
        return [
            f"{line}；其中定金 {priced(row.deposit_fen * good.sku.product.min_quantity)}，其余为尾款"
            for line, good in zip(told, goods, strict=True)
        ]
