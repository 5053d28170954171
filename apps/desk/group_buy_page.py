"""The page of a group-buy at the desk: the room's own, where a sample basket is priced as the counter would price it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.utils import timezone

from apps.catalog.models import Sku
from apps.checkout import samples
from apps.desk.results_page import ResultsPage
from apps.groupbuy import terms as group_terms
from apps.groupbuy.admin import GroupBuyPage
from apps.groupbuy.models import GroupBuy
from apps.groupbuy.states import KIND
from mall.money import yuan
from mall.pricing.quote import Declined

# So many SKUs are shown priced; the others are priced alike.
_MOST = 3


@admin.register(GroupBuy)
class GroupBuyAdmin(ResultsPage, GroupBuyPage):
    """What is offered to several together."""

    def samples(self, row: GroupBuy) -> Iterator[str]:
        """As few units as can be bought at each step, with what else applies and what does not."""
        return _lines(row)


def _is_of(declined: Declined, called: str) -> bool:
    """Whether an offer was refused by the activity's price, or is within reach of it."""
    return called in declined.reason or declined.short_by_fen is not None


def _lines(row: GroupBuy) -> Iterator[str]:
    ladders = group_terms.of_campaign(row)
    skus: Any = Sku.objects.filter(pk__in=ladders.ladders).select_related("product__category")
    for sku in skus.order_by("pk")[:_MOST]:
        ladder = ladders.ladders[sku.pk]
        for size, price_fen in sorted(ladder.items()):
            called = group_terms.called(size)
            quote = samples.sample(
                kind=KIND,
                activity_id=row.pk,
                label=f"{called}价",
                prices_fen={sku.pk: price_fen},
                combines=row.combines,
                basket={sku: sku.product.min_quantity},
                at=timezone.now(),
            )
            least = samples.units(sku.product.min_quantity)
            told = [f"{sku.code} {called}{least}：应付 ¥{yuan(quote.payable_fen)}"]
            told += [f"{off.label} −¥{yuan(off.amount_fen)}" for off in quote.applied]
            # What is about other goods says nothing of this price.
            told += [f"{no.label}（{no.reason}）" for no in quote.declined if _is_of(no, called)]
            yield "；".join(told)
