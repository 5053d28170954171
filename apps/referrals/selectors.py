"""Reading referrals: what is offered, how a member's friends stand, the leaderboard, and how far a campaign spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

from apps.campaigns.states import Approval
from apps.coupons import selectors as coupon_facts
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.states import Status
from apps.referrals.models import Invitation, Referral, Reward
from apps.referrals.states import KIND, PRIZE, InvitationStatus, PrizeKind, RewardStatus
from apps.shares.models import Share
from mall import money
from mall.errors import NotFound

# No chain of real friends is longer; a ring ends here, too.
_DEEPEST: Final = 20
_GENERATIONS: Final = """
    WITH RECURSIVE chain(friend_id, depth) AS (
        SELECT i.friend_id, 1 FROM referrals_invitation i
         WHERE i.referral_id = %(referral)s
           AND NOT EXISTS (SELECT 1 FROM referrals_invitation up
                            WHERE up.referral_id = i.referral_id AND up.friend_id = i.inviter_id)
        UNION
        SELECT i.friend_id, chain.depth + 1 FROM referrals_invitation i JOIN chain ON chain.friend_id = i.inviter_id
         WHERE i.referral_id = %(referral)s AND chain.depth < %(deepest)s
    )
    SELECT depth, COUNT(DISTINCT friend_id) FROM chain GROUP BY depth ORDER BY depth
"""
_RING: Final = """
    WITH RECURSIVE up(member_id, steps) AS (
        SELECT %(inviter)s::bigint, 1
        UNION
        SELECT edge.inviter_id, up.steps + 1 FROM referrals_edge edge JOIN up ON edge.friend_id = up.member_id
         WHERE up.steps < %(deepest)s AND up.member_id <> %(friend)s
    )
    SELECT MIN(steps) FROM up WHERE member_id = %(friend)s
"""


class Standing(NamedTuple):
    """How many friends came by a member's shares of a campaign, how many count, how many wait for a look."""

    friends: int
    counted: int
    held: int


class Place(NamedTuple):
    """A place on the leaderboard."""

    place: int
    member: Member
    friends: int


class Spread(NamedTuple):
    """How far a campaign spread: who shared it, whom they brought, who of those counts, and how many in each generation."""

    sharers: int
    invited: int
    counted: int
    generations: Sequence[int]

    @property
    def k_factor(self) -> str:
        """How many counted friends each sharer brought, with two decimals: above 1 it grows by itself."""
        return money.yuan(money.average(self.counted * 100, over=self.sharers) if self.sharers else 0)


def told(*, referral_id: int, at: datetime) -> Referral:
    """A campaign that members were told of, over or not. Raises NotFound."""
    found = _told(at=at).filter(pk=referral_id).first()
    if found is None:
        raise NotFound
    return found


def on_offer(*, at: datetime) -> QuerySet[Referral]:
    """Campaigns that run or are announced."""
    return _told(at=at).filter(approval=Approval.APPROVED, ends_at__gt=at)


def shown_to(member: Member | None, *, at: datetime) -> QuerySet[Referral]:
    """``on_offer``, and campaigns of before in which the member won goods that can still be ordered."""
    if member is None:
        return on_offer(at=at)
    waiting = Reward.objects.filter(
        member=member,
        prize_kind=PrizeKind.GOODS,
        status=RewardStatus.GIVEN,
        order_no="",
        valid_until__gt=at,
    )
    offered = Q(approval=Approval.APPROVED, ends_at__gt=at)
    return _told(at=at).filter(offered | Q(pk__in=waiting.values("referral_id")))


def prize_of(*, reward_id: int, member_id: int) -> Reward:
    """Goods that the member won, with SKU and campaign: one statement. Raises NotFound."""
    mine = Reward.objects.filter(pk=reward_id, member_id=member_id, prize_kind=PrizeKind.GOODS)
    found = mine.select_related("referral", "sku").first()
    if found is None:
        raise NotFound
    return found


def standing(*, referral_id: int, member_id: int) -> Standing:
    """How a member's friends of a campaign stand: one statement."""
    mine = Invitation.objects.filter(referral_id=referral_id, inviter_id=member_id)
    found = mine.aggregate(
        friends=Count("pk"),
        counted=Count("pk", filter=Q(status=InvitationStatus.COUNTED)),
        held=Count("pk", filter=Q(status=InvitationStatus.HELD)),
    )
    return Standing(**found)


def standings(member_id: int, rows: Sequence[Referral]) -> Mapping[int, Standing]:
    """``standing`` of several campaigns in one statement."""
    mine = Invitation.objects.filter(referral__in=rows, inviter_id=member_id).order_by()
    found = mine.values_list("referral_id").annotate(
        friends=Count("pk"),
        counted=Count("pk", filter=Q(status=InvitationStatus.COUNTED)),
        held=Count("pk", filter=Q(status=InvitationStatus.HELD)),
    )
    by_id = {row[0]: Standing(*row[1:]) for row in found}
    return {row.pk: by_id.get(row.pk, Standing(0, 0, 0)) for row in rows}


def rewards_of(member_id: int, rows: Sequence[Referral]) -> QuerySet[Reward]:
    """What a member won in these campaigns, tiers in their order, own prizes last."""
    mine = Reward.objects.filter(referral__in=rows, member_id=member_id)
    return mine.select_related("coupon_template", "sku__product").order_by("friends", "id")


def rewards_to_try(*, at: datetime) -> QuerySet[Reward]:
    """Rewards that could not be given when they were won, and can be by now: the coupon is to be had again."""
    waiting = Reward.objects.filter(status=RewardStatus.HELD).exclude(note="")
    return waiting.filter(
        Q(coupon_template=None) | Q(coupon_template__in=coupon_facts.to_be_had(at=at).order_by())
    )


def is_prize(order: Order) -> bool:
    """Whether the order is of goods that were won: nobody bought anything. No statement."""
    return bool(order.activity and order.activity["kind"] == PRIZE)


def first_received(row: Invitation) -> Order | None:
    """The friend's first order since the invitation that was received and is not refunded, other than of a prize."""
    mine = Order.objects.filter(member_id=row.friend_id, created_at__gte=row.bound_at, status=Status.RECEIVED)
    bought = (order for order in mine.order_by("received_at", "id")[:20] if not is_prize(order))
    return next(bought, None)


def ring_of(*, inviter_id: int, friend_id: int) -> int:
    """How many invited each other in a ring, where the friend, or whom they brought, brought the inviter; else 0."""
    with connection.cursor() as cursor:
        cursor.execute(_RING, {"inviter": inviter_id, "friend": friend_id, "deepest": _DEEPEST})
        found = cursor.fetchone()[0]
    return int(found or 0)


def board(*, since: datetime, until: datetime, most: int) -> list[Place]:
    """The first places of friends that counted in ``[since, until)`` and still do: two statements."""
    found = list(_ranked(since=since, until=until)[:most])
    people = Member.objects.in_bulk([row[0] for row in found])
    return [Place(number, people[row[0]], row[1]) for number, row in enumerate(found, start=1)]


def place_of(member: Member, *, since: datetime, until: datetime) -> Place | None:
    """Where a member stands on that board; None for who is not on it: two statements."""
    ranked = _ranked(since=since, until=until)
    mine = ranked.filter(inviter=member).first()
    if mine is None:
        return None
    _, friends, last = mine
    ahead = ranked.filter(
        Q(friends__gt=friends)
        | Q(friends=friends, last__lt=last)
        | Q(friends=friends, last=last, inviter_id__lt=member.pk)
    )
    return Place(ahead.count() + 1, member, friends)


def spread(row: Referral) -> Spread:
    """How far a campaign spread: three statements."""
    found = Invitation.objects.filter(referral=row).aggregate(
        invited=Count("pk"), counted=Count("pk", filter=Q(status=InvitationStatus.COUNTED))
    )
    sharers = Share.objects.filter(kind=KIND, subject=str(row.pk)).count()
    with connection.cursor() as cursor:
        cursor.execute(_GENERATIONS, {"referral": row.pk, "deepest": _DEEPEST})
        generations = [number for _, number in cursor.fetchall()]
    return Spread(sharers, found["invited"], found["counted"], generations)


def _told(*, at: datetime) -> QuerySet[Referral]:
    rows = Referral.objects.exclude(approval=Approval.DRAFT).select_related("coupon", "sku__product")
    return rows.filter(Q(preheat_at__isnull=True) | Q(preheat_at__lte=at)).prefetch_related(
        "tiers__coupon", "tiers__sku__product"
    )


def _ranked(*, since: datetime, until: datetime) -> QuerySet[Invitation, tuple[int, int, datetime]]:
    """Inviters with how many of their friends counted and when the last did, the best first; who left is not there."""
    counted = Invitation.objects.filter(
        status=InvitationStatus.COUNTED,
        counted_at__gte=since,
        counted_at__lt=until,
        inviter__erased_at=None,
        inviter__disabled_at=None,
    )
    rows = counted.order_by().values_list("inviter_id").annotate(friends=Count("pk"), last=Max("counted_at"))
    return rows.order_by("-friends", "last", "inviter_id")
