"""Who may order a good at this moment, and how many: cheapest questions first."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from apps.campaigns import services as campaigns
from apps.campaigns.admission import NotForYou, check_open
from apps.campaigns.refusals import ActivityNotFound
from apps.flashsale import gate
from apps.flashsale import selectors as flash_facts
from apps.flashsale.kept import KeptGood, KeptSession
from apps.members import selectors as member_facts
from apps.members.models import Member
from mall.errors import ShopError

# What whoever stands before the gate is told.
_SOLD_OUT: Final = partial(campaigns.SoldOut, details={"available": 0})


class Admitted(NamedTuple):
    """A session that is open to the member, and its good of which enough is left."""

    session: KeptSession
    good: KeptGood


def admit(*, good_id: int, member: Member, units: int, at: datetime) -> Admitted:
    """Let the member order so many units, as far as can be told before they are held.

    Raises ActivityNotFound, NotStarted, Ended, NotForYou, LimitReached (details: ``limit``, ``used``) and SoldOut (details:
    ``available``). A good that was just seen to be sold out costs no statement.
    """
    session, good = flash_facts.find(good_id, at=at)
    check_open(session, at=at)
    if good.withdrawn:
        raise ActivityNotFound
    check_group(session, member=member)
    if session.group_id is None and gate.is_closed(good.id, member_id=member.pk):
        raise _SOLD_OUT()
    left = flash_facts.lefts([good], member=member, at=at)[good.id]
    if left.used + units > good.limit_per_member:
        raise campaigns.LimitReached(details={"limit": good.limit_per_member, "used": left.used})
    if units > left.units:
        if not left.units:
            gate.close(good.id, but_for=flash_facts.right_holders(good.id, at=at) if left.aside else ())
        raise campaigns.SoldOut(details={"available": left.units})
    return Admitted(session, good)


def may_be_shut(*, good_id: int | None = None) -> bool:
    """Whether ``refused_at_the_gate`` may refuse anything at this moment, of this good or of any. Asks nobody."""
    return gate.any_known() if good_id is None else gate.is_known(good_id)


def refused_at_the_gate(*, good_id: int, member_id: int, at: datetime) -> campaigns.SoldOut | None:
    """What ``admit`` is sure to refuse by what this process has at hand; None where it would have to ask.

    No statement but for what is kept.
    """
    try:
        session, good = flash_facts.find(good_id, at=at)
        check_open(session, at=at)
    except ShopError:
        return None
    if good.withdrawn or session.group_id is not None:
        return None
    return _SOLD_OUT() if gate.is_known_closed(good.id, member_id=member_id) else None


def check_group(session: KeptSession, *, member: Member) -> None:
    """Refuse who is not in the group that a session is for: one statement, none where it is for all. Raises NotForYou."""
    if session.group_id is None or member_facts.is_in_group(member=member, group_id=session.group_id):
        return
    raise NotForYou("此场次仅限指定会员参加", details={"reason": "group"})
