"""Group-buys as operators write them. Forms and files come here alike; their life is that of every campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from apps.campaigns import services as campaigns
from apps.catalog.models import Sku
from apps.groupbuy import drafts, progress
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import terms as group_terms
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import Group, GroupBuy, Price
from apps.groupbuy.sharing import SHARED_AS
from apps.groupbuy.states import KIND
from mall.errors import Fault, Faulty

LABEL: Final = "拼团"


class GroupBuyRefused(Faulty):
    """The group-buy cannot be saved, or approved, like this; each fault with its field."""

    code = "group_buy_refused"


class GroupBuyCampaigns(campaigns.Campaigns[GroupBuy, Draft]):
    """All group-buys. Orders and groups that exist keep what they were told; groups that run are joined to their end."""

    model = GroupBuy
    kind = KIND
    label = LABEL
    refused = GroupBuyRefused
    shared_as = SHARED_AS

    def faults(self, draft: Draft, *, warnings: list[str]) -> Iterator[Fault]:
        yield from drafts.faults_of(draft)
        ladders = group_terms.Terms(draft.ladders)
        sold = [campaigns.Sold(ladders.ladders, draft.limit_per_member, draft.quota)]
        faults, warned = campaigns.price_faults(ladders.lowest_fen(), sold=sold)
        warnings += warned
        above, _ = campaigns.price_faults(ladders.highest_fen(), sold=[])
        yield from (*faults, *above)

    def draft_of(self, row: GroupBuy) -> Draft:
        """One statement."""
        return Draft.of(row, ladders=group_terms.of_campaign(row).ladders)

    def columns_of(self, draft: Draft) -> dict[str, Any]:
        product_ids = Sku.objects.filter(pk__in=draft.ladders).values_list("product_id", flat=True)
        return draft.columns() | {"product_id": product_ids[0]}

    def spoken_for(self, row: GroupBuy) -> Mapping[str, Mapping[int, int]]:
        return {str(row.pk): group_terms.of_campaign(row).lowest_fen()}

    def subjects_of(
        self, rows: Sequence[GroupBuy], *, ordered: Mapping[int, Sequence[str]]
    ) -> Mapping[int, Sequence[str]]:
        """Groups: whoever is in one sends it."""
        found: dict[int, list[str]] = {row.pk: [] for row in rows}
        for group_buy_id, number in Group.objects.filter(group_buy__in=rows).values_list(
            "group_buy", "group_no"
        ):
            found[group_buy_id].append(number)
        return found

    def write_beside(self, row: GroupBuy, draft: Draft) -> None:
        _write_prices(row, draft)
        campaigns.set_quota(kind=KIND, key=str(row.pk), quota=row.quota)

    def sold_otherwise(self, row: GroupBuy, *, at: datetime) -> None:
        """Whether its groups can be joined is another thing now than what is kept of them."""
        for group_no in group_facts.running().filter(group_buy=row).values_list("group_no", flat=True):
            progress.changes(group_no)


CAMPAIGNS: Final = GroupBuyCampaigns()


def _write_prices(row: GroupBuy, draft: Draft) -> None:
    wanted = {
        (sku_id, size): price_fen
        for sku_id, ladder in draft.ladders.items()
        for size, price_fen in ladder.items()
    }
    known = {(price.sku_id, price.size): price.price_fen for price in row.prices.all()}
    if wanted != known:
        row.prices.all().delete()
        Price.objects.bulk_create(
            Price(group_buy=row, sku_id=sku_id, size=size, price_fen=price_fen)
            for (sku_id, size), price_fen in sorted(wanted.items())
        )
