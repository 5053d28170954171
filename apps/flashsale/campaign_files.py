"""Flash sales as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from apps.campaigns.files import Code, Entry, Fen, Id, Part, Title, Units, When
from apps.flashsale import services as flashsale
from apps.members.models import Group
from mall.errors import Fault


class GoodEntry(Entry):
    """One SKU of a session."""

    sku_id: Id
    price_fen: Fen
    quota: Units
    limit_per_member: Units


class SessionEntry(Entry):
    """One session; ``group`` is the code of the member group that it is for, all members without one."""

    code: Code
    title: Title
    starts_at: When
    ends_at: When
    preheat_at: When | None = None
    group: Code | None = None
    goods: Annotated[list[GoodEntry], Field(min_length=1, max_length=100)]
    combines: list[Literal["promotions", "member_price", "coupon", "points", "balance"]]


def _load(entry: SessionEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the session of this code, approved. Raises SessionRefused."""
    row = flashsale.CAMPAIGNS.of_code(entry.code)
    group_id = None
    if entry.group is not None:
        group_id = Group.objects.filter(code=entry.group).values_list("pk", flat=True).first()
        if group_id is None:
            raise flashsale.SessionRefused([Fault("group", f"没有编码为 {entry.group} 的会员分组")])
    draft = flashsale.SessionDraft(
        row_id=row.pk if row else None,
        code=entry.code,
        title=entry.title,
        preheat_at=entry.preheat_at,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        combines=entry.combines,
        group_id=group_id,
        goods=[flashsale.GoodDraft(**good.model_dump()) for good in entry.goods],
    )
    session = flashsale.CAMPAIGNS.load(draft, at=at)
    goods = session.goods.filter(withdrawn=False).values_list("sku_id", "pk")
    return entry.code, {"id": session.pk, "goods": {str(sku_id): pk for sku_id, pk in goods}}


def _dump() -> Iterator[SessionEntry]:
    """The sessions that were approved and not stopped."""
    for row in flashsale.CAMPAIGNS.decided().select_related("group").prefetch_related("goods"):
        yield SessionEntry(
            code=row.code,
            title=row.title,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            preheat_at=row.preheat_at,
            group=row.group.code if row.group else None,
            goods=[
                GoodEntry(
                    sku_id=good.sku_id,
                    price_fen=good.price_fen,
                    quota=good.quota,
                    limit_per_member=good.limit_per_member,
                )
                for good in row.goods.all()
                if not good.withdrawn
            ],
            combines=row.combines,
        )


PART: Final = Part(name="flash_sales", entry=SessionEntry, load=_load, dump=_dump)
