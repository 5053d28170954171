"""What a branch asks of many members at once, and who has left by a journey's exits: one statement for each question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Max, QuerySet

from apps.audiences import compiling, conditions
from apps.audiences import services as audiences
from apps.audiences.compiling import Among
from apps.audiences.models import SegmentVersion
from apps.carts.models import CartItem
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.journeys import keys
from apps.journeys.models import Participation, StepRecord
from apps.journeys.states import SCENE, Outcome
from apps.journeys.steps import Branch, GiveCoupon, Message
from apps.members.models import Member
from apps.messaging.models import Message as Told
from apps.orders.models import Order

Rows = Sequence[Participation]


def true_of(step: Branch, rows: Rows, *, at: datetime) -> set[int]:
    """The ids of the participations for which a branch's question is to be answered with yes.

    Raises SegmentNotUsable where the segment that it asks about means nothing any more.
    """
    if step.when in _FACTS:
        return _FACTS[step.when](rows)
    members = [row.member_id for row in rows]
    if step.when == "segment":
        meant = inside(audiences.usable(segment_id=step.segment or 0), members, at=at)
    else:
        meant = _meant(conditions.read(step.tree), members, at=at)
    return {row.pk for row in rows if row.member_id in meant}


def inside(version: SegmentVersion, member_ids: Sequence[int], *, at: datetime) -> set[int]:
    """Those of the members whom a version of a segment means."""
    return _meant(conditions.read(version.tree), member_ids, at=at)


def ordered(rows: Rows) -> set[int]:
    """Those whose member paid for an order after entering."""
    found = _latest(rows, Order.objects.filter(paid_at__isnull=False), "paid_at")
    return {row.pk for row in rows if row.member_id in found and found[row.member_id] > row.entered_at}


def _meant(tree: conditions.Both, member_ids: Sequence[int], *, at: datetime) -> set[int]:
    return set(compiling.members(tree, at=at, among=Among(ids=member_ids)).values_list("pk", flat=True))


def _latest(rows: Rows, of: QuerySet[Order], column: str) -> dict[int, datetime]:
    """When something of each member was last, since the earliest of them entered."""
    earliest = min(row.entered_at for row in rows)
    mine = of.filter(member_id__in=[row.member_id for row in rows], **{f"{column}__gt": earliest})
    return dict(mine.order_by().values_list("member_id").annotate(latest=Max(column)))


def _came_back(rows: Rows) -> set[int]:
    logins = dict(
        Member.objects.filter(pk__in=[row.member_id for row in rows]).values_list("pk", "last_login_at")
    )
    return {row.pk for row in rows if (at := logins.get(row.member_id)) is not None and at > row.entered_at}


def _opened(rows: Rows) -> set[int]:
    """Who read a message of this participation in the shop's own inbox."""
    told = dict(_done(rows, Message.kind))
    read = Told.objects.filter(
        member_id__in=[row.member_id for row in rows],
        scene=SCENE,
        occasion__in=list(told),
        read_at__isnull=False,
    )
    return {told[occasion] for occasion in read.values_list("occasion", flat=True)}


def _used(rows: Rows) -> set[int]:
    given = dict(_done(rows, GiveCoupon.kind))
    used = Coupon.objects.filter(
        member_id__in=[row.member_id for row in rows], cause__in=list(given), status=CouponStatus.USED
    )
    return {given[cause] for cause in used.values_list("cause", flat=True)}


def _in_cart(rows: Rows) -> set[int]:
    mine = CartItem.objects.filter(member_id__in=[row.member_id for row in rows])
    holding = set(mine.order_by().values_list("member_id", flat=True))
    return {row.pk for row in rows if row.member_id in holding}


def _done(rows: Rows, kind: str) -> list[tuple[str, int]]:
    """The keys of what was done in participations, each with its participation."""
    done = StepRecord.objects.filter(
        participation_id__in=[row.pk for row in rows], kind=kind, outcome=Outcome.DONE
    ).values_list("participation_id", "step")
    return [(keys.of(participation, step), participation) for participation, step in done]


_FACTS: Final[Mapping[str, Callable[[Rows], set[int]]]] = {
    "ordered": ordered,
    "came_back": _came_back,
    "opened": _opened,
    "coupon_used": _used,
    "in_cart": _in_cart,
}
