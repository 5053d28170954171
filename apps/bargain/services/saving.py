"""Bargains as operators write them. Forms and files come here alike; their life is that of every campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain, Run
from apps.bargain.states import KIND, LABEL, RunStatus
from apps.campaigns import services as campaigns
from apps.campaigns.states import Approval
from apps.catalog.models import Sku
from mall.errors import Fault, Faulty
from mall.money import priced

_LONGEST_MINUTES: Final = 30 * 24 * 60


class BargainRefused(Faulty):
    """What nobody could explain to a shopper; ``faults`` say at which field of the draft, and why."""

    code = "bargain_refused"


class BargainCampaigns(campaigns.Campaigns[Bargain, BargainDraft]):
    """All bargains. Runs that exist keep their start and floor, whatever is saved; with a campaign they lapse."""

    model = Bargain
    kind = KIND
    label = LABEL
    refused = BargainRefused
    goods_field = "sku"
    shared_as = KIND

    def faults(self, draft: BargainDraft, *, warnings: list[str]) -> Iterator[Fault]:
        yield from _of_figures(draft)
        one = campaigns.Sold([draft.sku_id], 1, None, "sku")
        of_price, warned = campaigns.price_faults(
            {draft.sku_id: draft.floor_fen}, sold=[one], field="floor_fen", free=True
        )
        warnings += warned
        yield from of_price or _of_sku(draft)

    def draft_of(self, row: Bargain) -> BargainDraft:
        """One statement."""
        return BargainDraft.of(row, quota=campaigns.quota_of(kind=KIND, key=str(row.pk)))

    def spoken_for(self, row: Bargain) -> Mapping[str, Mapping[int, int]]:
        return {str(row.pk): {row.sku_id: row.floor_fen}}

    def ordered_as(self, rows: Sequence[Bargain]) -> Mapping[int, Sequence[str]]:
        """Runs: everybody orders, and sends, their own."""
        found: dict[int, list[str]] = {row.pk: [] for row in rows}
        for bargain_id, number in Run.objects.filter(bargain__in=rows).values_list("bargain", "bargain_no"):
            found[bargain_id].append(number)
        return found

    def write_beside(self, row: Bargain, draft: BargainDraft) -> None:
        campaigns.set_quota(kind=KIND, key=str(row.pk), quota=draft.quota)

    def sold_otherwise(self, row: Bargain, *, at: datetime) -> None:
        """No run outlives its campaign: where that ends earlier than was said, so do they."""
        until = at if row.approval == Approval.STOPPED else row.ends_at
        going = Run.objects.filter(bargain=row, status__in=[RunStatus.OPEN, RunStatus.BOUGHT])
        going.filter(ends_at__gt=until).update(ends_at=until)


CAMPAIGNS: Final = BargainCampaigns()


def _of_figures(draft: BargainDraft) -> Iterator[Fault]:
    for name, most in (("helpers", 1000), ("helps_per_day", 1000), ("minutes_per_run", _LONGEST_MINUTES)):
        if not 1 <= getattr(draft, name) <= most:
            yield Fault(name, f"应为 1 到 {most} 之间的整数")
    if draft.quota is not None and draft.quota < 1:
        yield Fault("quota", "总量至少为 1，不限请留空")


def _of_sku(draft: BargainDraft) -> list[Fault]:
    """What is wrong between the SKU and the figures: a fen for each helper."""
    sku = Sku.objects.get(pk=draft.sku_id)
    faults = []
    if sku.price_fen - draft.floor_fen < draft.helpers:
        faults.append(
            Fault(
                "helpers",
                f"原价 {priced(sku.price_fen)} 与底价之差不足以让 {draft.helpers} 人每人至少砍 1 分",
            )
        )
    return faults
