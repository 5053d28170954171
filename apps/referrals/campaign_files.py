"""Referral campaigns as entries of a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictInt

from apps.campaigns.files import Code, Entry, Flag, Id, Part, Title, Units, When
from apps.coupons.models import Template
from apps.referrals import services as referrals
from apps.referrals.drafts import Prize, ReferralDraft, Step
from apps.referrals.services import ReferralRefused
from apps.referrals.states import PrizeKind
from mall.errors import Fault, ShopError

Points = Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class CouponPrize(Entry):
    """A coupon, by the code of its template."""

    kind: Literal["coupon"]
    code: Code


class PointsPrize(Entry):
    """So many points."""

    kind: Literal["points"]
    points: Points


class GoodsPrize(Entry):
    """Units of a SKU, which the winner orders within so many days."""

    kind: Literal["goods"]
    sku_id: Id
    units: Units
    days: Units


AnyPrize = Annotated[CouponPrize | PointsPrize | GoodsPrize, Field(discriminator="kind")]


class TierEntry(Entry):
    """So many friends win this."""

    friends: Units
    prize: AnyPrize


class WatchEntry(Entry):
    """The page that friends stay at, as it is shared, and for how many seconds."""

    kind: Code
    id: Id
    seconds: Units


class ReferralEntry(Entry):
    """One referral campaign."""

    code: Code
    title: Title
    act: Literal["REGISTERED", "FIRST_ORDER", "WATCHED"]
    tiers: Annotated[list[TierEntry], Field(min_length=1)]
    starts_at: When
    ends_at: When
    preheat_at: When | None = None
    needs_phone: Flag = False
    friend_prize: AnyPrize | None = None
    watch: WatchEntry | None = None


def _load(entry: ReferralEntry, at: datetime) -> tuple[str, Any]:
    """Make or change the campaign of this code, and approve it. Raises ReferralRefused."""
    row = referrals.CAMPAIGNS.of_code(entry.code)
    watch = entry.watch
    if watch is not None:
        _require_page(watch, at=at)
    draft = ReferralDraft(
        row_id=row.pk if row else None,
        code=entry.code,
        title=entry.title,
        act=entry.act,
        needs_phone=entry.needs_phone,
        preheat_at=entry.preheat_at,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        tiers=[
            Step(friends=tier.friends, prize=_read(tier.prize, f"tiers[{place}].prize"))
            for place, tier in enumerate(entry.tiers)
        ],
        watch_kind=watch.kind if watch else "",
        watch_id=watch.id if watch else None,
        watch_seconds=watch.seconds if watch else None,
        friend_prize=_read(entry.friend_prize, "friend_prize") if entry.friend_prize else None,
    )
    return entry.code, referrals.CAMPAIGNS.load(draft, at=at).pk


def _dump() -> Iterator[ReferralEntry]:
    """Every campaign that was approved and not stopped."""
    for row in referrals.CAMPAIGNS.decided():
        draft = referrals.CAMPAIGNS.draft_of(row)
        plain = ("code", "title", "act", "needs_phone", "preheat_at", "starts_at", "ends_at")
        yield ReferralEntry(
            **{name: getattr(draft, name) for name in plain},
            tiers=[TierEntry(friends=step.friends, prize=_write(step.prize)) for step in draft.tiers],
            friend_prize=_write(draft.friend_prize) if draft.friend_prize else None,
            watch=WatchEntry.model_validate(
                {"kind": draft.watch_kind, "id": draft.watch_id, "seconds": draft.watch_seconds}
            )
            if draft.watch_kind
            else None,
        )


def _require_page(watch: WatchEntry, *, at: datetime) -> None:
    """Raises ReferralRefused for a page that nobody could open."""
    try:
        referrals.watching.page_of(kind=watch.kind, thing_id=watch.id, member_id=0, at=at)
    except ShopError as refusal:
        raise ReferralRefused([Fault("watch.id", refusal.text)]) from None


def _read(prize: CouponPrize | PointsPrize | GoodsPrize, place: str) -> Prize:
    """Raises ReferralRefused for a code that no template has."""
    if isinstance(prize, PointsPrize):
        return Prize(kind=PrizeKind.POINTS, points=prize.points)
    if isinstance(prize, GoodsPrize):
        return Prize(kind=PrizeKind.GOODS, sku_id=prize.sku_id, units=prize.units, days=prize.days)
    template = Template.objects.filter(code=prize.code).first()
    if template is None:
        raise ReferralRefused([Fault(f"{place}.code", "没有这个编码的优惠券")])
    return Prize(kind=PrizeKind.COUPON, coupon_id=template.pk)


def _write(prize: Prize) -> CouponPrize | PointsPrize | GoodsPrize:
    if prize.kind == PrizeKind.POINTS:
        return PointsPrize(kind="points", points=prize.points or 1)
    if prize.kind == PrizeKind.GOODS:
        return GoodsPrize(
            kind="goods", sku_id=prize.sku_id or 0, units=prize.units or 1, days=prize.days or 1
        )
    code = Template.objects.values_list("code", flat=True).get(pk=prize.coupon_id or 0)
    return CouponPrize(kind="coupon", code=code or "")


PART: Final = Part(name="referrals", entry=ReferralEntry, load=_load, dump=_dump)
