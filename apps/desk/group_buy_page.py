"""The page of a group-buy at the desk: it prices every step of its ladders through the same quote as every order."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.utils import timezone

from apps.checkout import samples
from apps.checkout.samples import Step
from apps.desk.results_page import ResultsPage
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import terms as group_terms
from apps.groupbuy.admin import GroupBuyPage
from apps.groupbuy.models import GroupBuy

# So many SKUs are shown priced; the others are priced alike.
_MOST = 3


@admin.register(GroupBuy)
class GroupBuyAdmin(ResultsPage, GroupBuyPage):
    """What is offered to several together, with what a shopper pays."""

    def samples(self, row: GroupBuy) -> list[str]:
        """As few units as can be bought at each step, with what else applies and what does not."""
        return samples.priced(
            kind=self.campaigns.kind,
            label=self.campaigns.label,
            steps=list(_steps(row)),
            combines=row.combines,
            at=timezone.now(),
        )


def _steps(row: GroupBuy) -> Iterator[Step]:
    codes, ladders = group_facts.codes_of(row), group_terms.of_campaign(row).ladders
    for sku_id in sorted(ladders)[:_MOST]:
        for size, price_fen in sorted(ladders[sku_id].items()):
            called = group_terms.called(size)
            yield Step(row.pk, sku_id, price_fen, f"{codes[sku_id]} {called}", f"{called}价")
