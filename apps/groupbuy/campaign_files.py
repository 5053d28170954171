"""Group-buys as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, StrictInt

from apps.campaigns.files import Code, Entry, Fen, Flag, Id, Part, Title, Units, When
from apps.groupbuy import services as groupbuy
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import GroupBuy
from apps.groupbuy.terms import LEADER, of_campaign
from mall.errors import Fault


class Tier(Entry):
    """From so many people on a unit costs so much."""

    size: Annotated[StrictInt, Field(ge=2, le=100)]
    price_fen: Fen


class SkuEntry(Entry):
    """The prices of one SKU, and what whoever opens pays, where that is another."""

    sku_id: Id
    tiers: Annotated[list[Tier], Field(min_length=1, max_length=20)]
    leader_price_fen: Fen | None = None


class GroupBuyEntry(Entry):
    """One group-buy; no limit and no quota where they are left out."""

    code: Code
    title: Title
    skus: Annotated[list[SkuEntry], Field(min_length=1, max_length=200)]
    starts_at: When
    ends_at: When
    minutes_per_group: Units = 1440
    limit_per_member: Units | None = None
    quota: Units | None = None
    newcomers_only: Flag = False
    combines: list[str] = []


def _load(entry: GroupBuyEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the group-buy of this code, and approve it. Raises GroupBuyRefused, SkuTaken, QuotaTooSmall."""
    row = groupbuy.CAMPAIGNS.of_code(entry.code)
    draft = Draft(
        row_id=row.pk if row else None,
        code=entry.code,
        title=entry.title,
        preheat_at=_preheat(row, entry),
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        ladders=_ladders(entry),
        minutes_per_group=entry.minutes_per_group,
        limit_per_member=entry.limit_per_member,
        quota=entry.quota,
        newcomers_only=entry.newcomers_only,
        combines=entry.combines,
    )
    return entry.code, groupbuy.CAMPAIGNS.load(draft, at=at).pk


def _preheat(row: GroupBuy | None, entry: GroupBuyEntry) -> datetime | None:
    """A file says nothing of it: what was set stays, unless it would come after the beginning."""
    if row is None or row.preheat_at is None or row.preheat_at > entry.starts_at:
        return None
    return row.preheat_at


def _ladders(entry: GroupBuyEntry) -> dict[int, dict[int, int]]:
    """The prices by SKU and number of people. Raises GroupBuyRefused for what is said twice."""
    ladders: dict[int, dict[int, int]] = {}
    for place, sku in enumerate(entry.skus):
        ladder = {tier.size: tier.price_fen for tier in sku.tiers}
        if len(ladder) != len(sku.tiers):
            raise groupbuy.GroupBuyRefused([Fault(f"skus[{place}].tiers", "同一人数只能有一个价格")])
        if sku.sku_id in ladders:
            raise groupbuy.GroupBuyRefused([Fault(f"skus[{place}].sku_id", "同一规格只能出现一次")])
        if sku.leader_price_fen is not None:
            ladder[LEADER] = sku.leader_price_fen
        ladders[sku.sku_id] = ladder
    return ladders


def _dump() -> Iterator[GroupBuyEntry]:
    """The group-buys that were approved and not stopped."""
    for row in groupbuy.CAMPAIGNS.decided().prefetch_related("prices"):
        terms = of_campaign(row)
        yield GroupBuyEntry(
            code=row.code,
            title=row.title,
            skus=[
                SkuEntry(
                    sku_id=sku_id,
                    tiers=[Tier(**tier) for tier in terms.tiers_of(sku_id)],
                    leader_price_fen=ladder.get(LEADER),
                )
                for sku_id, ladder in terms.ladders.items()
            ],
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            minutes_per_group=row.minutes_per_group,
            limit_per_member=row.limit_per_member,
            quota=row.quota,
            newcomers_only=row.newcomers_only,
            combines=row.combines,
        )


PART: Final = Part(name="group_buys", entry=GroupBuyEntry, load=_load, dump=_dump)
