"""Coupon templates as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from apps.campaigns.files import Code, Entry, Fen, Flag, Id, Part, Title, Units, When
from apps.catalog import scopes
from apps.coupons.drafts import TemplateDraft
from apps.coupons.models import Template
from apps.coupons.services import templates
from apps.coupons.states import TemplateStatus
from mall.errors import Fault


class Scope(Entry):
    """Which goods: ids of one sort; none means all."""

    product_ids: list[Id] = []
    sku_ids: list[Id] = []
    category_ids: list[Id] = []
    brand_ids: list[Id] = []


class CouponEntry(Entry):
    """One template; valid in a fixed window, or so many days from when a member gets it."""

    code: Code
    title: Title
    kind: Literal["NO_THRESHOLD", "THRESHOLD", "PERCENT", "FREIGHT"]
    off_fen: Fen | None = None
    off_bp: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    cap_fen: Fen | None = None
    threshold_fen: Fen = 0
    scope: Scope = Field(default_factory=Scope)
    total: Units | None = None
    per_member: Units = 1
    starts_at: When | None = None
    ends_at: When | None = None
    valid_days: Units | None = None
    claimable: Flag = False


def _load(entry: CouponEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the template of this code, and publish it. Raises TemplateRefused, Invalid."""
    row = Template.objects.filter(code=entry.code).first()
    draft = TemplateDraft(
        **_kept(row),
        code=entry.code,
        name=entry.title,
        kind=entry.kind,
        off_fen=entry.off_fen,
        off_bp=entry.off_bp,
        cap_fen=entry.cap_fen,
        threshold_fen=entry.threshold_fen,
        goods=scopes.meant(**entry.scope.model_dump()),
        quota=entry.total,
        per_member=entry.per_member,
        valid_from=entry.starts_at,
        valid_until=entry.ends_at,
        valid_days=entry.valid_days,
        visible=entry.claimable,
    )
    named = {"off_fen", "off_bp", "cap_fen", "threshold_fen"}
    if unused := sorted(named & set(draft.unused())):
        raise templates.TemplateRefused(
            [Fault(name, "此类型的优惠券不使用这一项，请留空") for name in unused]
        )
    saved = templates.save(draft.fitted(), at=at)
    templates.publish(template_id=saved.pk)
    return entry.code, saved.pk


def _kept(row: Template | None) -> dict[str, Any]:
    """What a file does not say of a template that is there already stays as it is."""
    if row is None:
        return {}
    names = ("combines", "channel", "claim_from", "claim_until", "occasion", "gift_from_fen", "note")
    return {
        "template_id": row.pk,
        "level_ids": list(row.levels.values_list("pk", flat=True)),
        "group_ids": list(row.groups.values_list("pk", flat=True)),
        **{name: getattr(row, name) for name in names},
    }


def _dump() -> Iterator[CouponEntry]:
    """The templates that have a code and are given out."""
    for row in Template.objects.filter(code__isnull=False, status=TemplateStatus.LIVE).order_by("id"):
        yield CouponEntry(
            code=row.code or "",
            title=row.name,
            kind=row.kind,
            off_fen=row.off_fen,
            off_bp=row.off_bp,
            cap_fen=row.cap_fen,
            threshold_fen=row.threshold_fen,
            scope=Scope(**{name: sorted(ids) for name, ids in scopes.of_row(row).named().items()}),
            total=row.quota,
            per_member=row.per_member,
            starts_at=row.valid_from,
            ends_at=row.valid_until,
            valid_days=row.valid_days,
            claimable=row.visible,
        )


PART: Final = Part(name="coupons", entry=CouponEntry, load=_load, dump=_dump)
