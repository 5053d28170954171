"""The page of a bargain at the desk: it prices its start, its way and its floor through the same quote as every order."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.utils import timezone

from apps.bargain.admin import BargainPage
from apps.bargain.models import Bargain
from apps.checkout import samples
from apps.checkout.samples import Step
from apps.desk.results_page import ResultsPage
from mall import money


@admin.register(Bargain)
class BargainAdmin(ResultsPage, BargainPage):
    """The bargains, with what a shopper pays."""

    def samples(self, row: Bargain) -> list[str]:
        """The start, half the way and the floor; only the floor where nothing else is sold."""
        return samples.priced(
            kind=self.campaigns.kind,
            label="砍价",
            steps=list(_steps(row)),
            combines=row.combines,
            at=timezone.now(),
        )


def _steps(row: Bargain) -> Iterator[Step]:
    """Cuts are drawn at random: half-way there is an average, and it says so."""
    start_fen = row.sku.price_fen
    if row.buy_at_any_price:
        yield Step(row.pk, row.sku_id, start_fen, "起砍价（0 人帮砍）")
        if half := row.helpers // 2:
            cut_fen = money.average((start_fen - row.floor_fen) * half, over=row.helpers)
            yield Step(row.pk, row.sku_id, start_fen - cut_fen, f"{half} 人帮砍后（平均）")
    yield Step(row.pk, row.sku_id, row.floor_fen, f"底价（{row.helpers} 人帮砍）")
