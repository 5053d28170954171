"""Staying at a page: opening it gives a signed token, which is good after the campaign's seconds by the shop's own clock.

A mini program can prove no more to a server than that it called twice; so a friend counts once for it, only newcomers do,
and what it wins has a ceiling (docs/adr/0050-won-goods-and-watching.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.core import signing

from apps.campaigns import admission
from apps.referrals import selectors as referral_facts
from apps.referrals.models import Invitation, Referral
from apps.referrals.services.counting import count_watched
from apps.referrals.states import KIND, Act, InvitationStatus
from apps.shares import cards
from mall.errors import Invalid, Kind, NotFound, ShopError

_SALT: Final = "apps.referrals.services.watching"
# So long after it is good a token is too old: the page was left.
_GOOD_FOR: Final = timedelta(minutes=30)


class NotInvited(ShopError):
    """The member came by nobody's share of this campaign as a newcomer, or too long ago."""

    code = "referral_not_invited"
    message = "您不是通过好友邀请新注册的会员，或邀请已过期"
    kind = Kind.CONFLICT


class WatchedAlready(ShopError):
    """It counts once for each friend."""

    code = "referral_watched"
    message = "您已完成浏览"
    kind = Kind.CONFLICT


class TooShort(ShopError):
    """The page was opened less than the campaign's seconds ago; ``details`` has ``left_seconds``."""

    code = "watch_too_short"
    message = "浏览时间还不够"
    kind = Kind.CONFLICT


class TokenInvalid(Invalid):
    """Not a token that this member was given for this campaign, or too old a one: open the page again."""

    code = "watch_token_invalid"
    message = "浏览凭证无效或已过期，请重新打开页面"


class Opening(NamedTuple):
    """A page that was opened: ``token`` is good in ``[good_from, good_until)``."""

    token: str
    path: str
    seconds: int
    good_from: datetime
    good_until: datetime


def pages() -> list[cards.Kind]:
    """What a campaign may name: everything that is shared under a number, but for campaigns like this."""
    return [kind for kind in cards.board() if kind.numbered and kind.name != KIND]


def page_of(*, kind: str, thing_id: int, member_id: int, at: datetime) -> str:
    """The path of the page. Raises NothingToShare for what shoppers cannot see, and for a kind of no page."""
    line = next((each for each in pages() if each.name == kind), None)
    if line is None:
        raise cards.NothingToShare
    return line.path(cards.find(line, thing_id, member_id=member_id, at=at).query)


def open_page(*, referral_id: int, member_id: int, at: datetime) -> Opening:
    """Begin to stay at the page of a campaign.

    Raises NotFound for a campaign of another act, NotStarted, Ended, NotInvited, WatchedAlready, NothingToShare.
    """
    row = referral_facts.told(referral_id=referral_id, at=at)
    invitation = _going_on(row, member_id=member_id, at=at)
    path = page_of(kind=row.watch_kind, thing_id=row.watch_id or 0, member_id=member_id, at=at)
    seconds = row.watch_seconds or 0
    good_from = at + timedelta(seconds=seconds)
    token = signing.dumps([invitation.pk, at.timestamp()], salt=_SALT)
    return Opening(token, path, seconds, good_from, good_from + _GOOD_FOR)


def done(*, referral_id: int, member_id: int, token: str, at: datetime) -> Invitation:
    """The friend stayed long enough since that opening: count them, or hold them for a look.

    Raises what ``open_page`` raises, TokenInvalid and TooShort.
    """
    row = referral_facts.told(referral_id=referral_id, at=at)
    invitation = _going_on(row, member_id=member_id, at=at)
    good_from = _opened_at(token, invitation, at=at) + timedelta(seconds=row.watch_seconds or 0)
    if at < good_from:
        left = good_from - at
        raise TooShort(details={"left_seconds": -(-left // timedelta(seconds=1))})
    if at >= good_from + _GOOD_FOR:
        raise TokenInvalid(details={"token": ["浏览凭证已过期"]})
    return count_watched(invitation_id=invitation.pk, at=at)


def _going_on(row: Referral, *, member_id: int, at: datetime) -> Invitation:
    """The member's invitation, for which the act is still to be done."""
    if row.act != Act.WATCHED:
        raise NotFound
    admission.check_open(row, at=at)
    found = Invitation.objects.filter(referral=row, friend_id=member_id).first()
    if found is None or (found.valid_until is not None and at >= found.valid_until):
        raise NotInvited
    if found.status != InvitationStatus.BOUND or found.watched_at is not None:
        raise WatchedAlready
    return found


def _opened_at(token: str, invitation: Invitation, *, at: datetime) -> datetime:
    try:
        said: Any = signing.loads(token, salt=_SALT)
        invitation_id, moment = said
        opened_at = datetime.fromtimestamp(moment, tz=at.tzinfo)
    except (signing.BadSignature, ValueError, TypeError):
        raise TokenInvalid(details={"token": ["浏览凭证无效"]}) from None
    if invitation_id != invitation.pk:
        raise TokenInvalid(details={"token": ["浏览凭证无效"]})
    return opened_at
