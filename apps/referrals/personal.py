"""What referrals hold of people: who invited whom, and what was won by it."""

from __future__ import annotations

from collections.abc import Mapping

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.referrals.models import Edge, Invitation, Reward


def export(person: Person) -> Mapping[str, personal.Table]:
    """Whom the member invited (how many, not who), by whom they came, and what they won."""
    invited = Invitation.objects.filter(inviter_id=person.member_id).order_by("id")
    came = Invitation.objects.filter(friend_id=person.member_id).order_by("id")
    won = Reward.objects.filter(member_id=person.member_id).order_by("id")
    edges = Edge.objects.filter(friend_id=person.member_id)
    columns = ("status", "bound_at", "watched_at", "acted_at", "counted_at")
    return {
        "邀请的好友": personal.table(invited, *columns, 活动="referral__title"),
        "受邀": personal.table(came, *columns, "order_no", 活动="referral__title"),
        "受邀关系": personal.table(edges, "at"),
        "邀请奖励": personal.table(
            won,
            "prize_kind",
            "points",
            "units",
            "order_no",
            "status",
            "at",
            "given_at",
            "valid_until",
            "taken_at",
            活动="referral__title",
        ),
    }


def _kept(model: str, *, exported: str, plain: tuple[str, ...] = ()) -> Holding:
    return Holding(
        model=model,
        plain=plain,
        exported=exported,
        fate=Fate.NAMELESS,
        kept="与订单相同",
        why="发放与收回奖励的依据；会员注销后不再指向个人",
    )


ROOM = Room(
    name="referrals",
    holdings=(
        _kept("referrals.Edge", exported="受邀关系"),
        _kept("referrals.Invitation", exported="受邀", plain=("reason",)),
        _kept("referrals.Reward", exported="邀请奖励", plain=("note",)),
    ),
    export=export,
)
