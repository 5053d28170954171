"""Who a member is to WeChat, and whether the shop still serves them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import numbers, transactions
from apps.members.models import Level, Member
from apps.members.services import sessions
from apps.outbox import services as outbox
from apps.wechat import errors as wechat_errors
from apps.wechat import login as wechat_login
from apps.wechat import security
from mall.errors import Kind, ShopError
from mall.events import MemberRegistered

log = structlog.get_logger(__name__)


class MemberDisabled(ShopError):
    """The operator has disabled this member."""

    code = "member_disabled"
    message = "账号已停用，请联系客服"
    kind = Kind.FORBIDDEN


class MemberErased(ShopError):
    """The member left for good; whoever comes back is a new member."""

    code = "member_erased"
    message = "会员已注销，不能恢复"
    kind = Kind.CONFLICT


@dataclass(frozen=True)
class Welcome:
    """A member who just logged in, with tokens; ``is_new`` on the very first time."""

    member: Member
    tokens: sessions.Tokens
    is_new: bool


def log_in(*, code: str, origin: str = "", address: str = "", at: datetime) -> Welcome:
    """Exchange the code of wx.login for a session, registering the member at the first time.

    Raises the errors of apps.wechat.login (code invalid, WeChat away) and MemberDisabled. WeChat is asked
    before any transaction begins; its session_key is not kept, because nothing here needs it. ``origin`` is the keyed
    digest of the network address, for who looks for many registrations from one; the ``address`` itself is told to WeChat
    where WECHAT_RISK_RANK says so, and not kept.
    """
    transactions.forbid("asking WeChat who logs in")
    who = wechat_login.exchange(code)
    if known := sessions.open_known(openid=who.openid, unionid=who.unionid or "", at=at):
        return Welcome(*known, is_new=False)
    rank = _risk_rank(openid=who.openid, address=address)
    with transaction.atomic():
        member, is_new = _found_or_registered(
            openid=who.openid, unionid=who.unionid or "", origin=origin, risk_rank=rank, at=at
        )
        if member.disabled_at is not None:
            raise MemberDisabled
        Member.objects.filter(pk=member.pk).update(last_login_at=at)
        tokens = sessions.open_session(member=member, at=at)
    return Welcome(member=member, tokens=tokens, is_new=is_new)


def disable(*, member_id: int, at: datetime) -> None:
    """Stop serving a member; every session dies at once. Doing it twice changes nothing."""
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member_id)
        if member.disabled_at is None:
            member.disabled_at = at
            member.save(update_fields=["disabled_at"])
        sessions.close_all(member=member, why="disabled", at=at)


def enable(*, member_id: int) -> None:
    """Serve a disabled member again; they have to log in anew. Raises MemberErased."""
    if not Member.objects.filter(pk=member_id, erased_at=None).update(disabled_at=None):
        raise MemberErased


def _risk_rank(*, openid: str, address: str) -> int:
    """What WeChat says of somebody who is not here yet; 0 where it is not to be asked, or has no answer now."""
    if not settings.WECHAT_RISK_RANK or not address or Member.objects.filter(openid=openid).exists():
        return 0
    try:
        return security.risk_rank(openid=openid, address=address)
    except (wechat_errors.WechatRefused, wechat_errors.WechatUnavailable) as fault:
        # Nobody is kept out because WeChat has no opinion.
        log.warning("risk_rank_unknown", error=type(fault).__name__)
        return 0


def _found_or_registered(
    *, openid: str, unionid: str, origin: str, risk_rank: int, at: datetime
) -> tuple[Member, bool]:
    newcomer: dict[str, Any] = {
        "public_id": numbers.word(16),
        "unionid": unionid,
        "level": Level.objects.order_by("rank").first,
        "registered_at": at,
    }
    member, is_new = Member.objects.select_related("level").get_or_create(openid=openid, defaults=newcomer)
    if is_new:
        outbox.publish(MemberRegistered(member_id=member.pk, origin=origin, risk_rank=risk_rank), at=at)
    elif unionid and member.unionid != unionid:
        member.unionid = unionid
        member.save(update_fields=["unionid"])
    return member, is_new
