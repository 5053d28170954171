"""Giving up recharges that nobody paid: first at WeChat, with no transaction open, then the recharge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from apps.base import audit
from apps.checkout import closing, recharging
from apps.members.models import Member
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Recharge
from apps.wallet.services import recharges
from apps.wallet.states import RechargeStatus
from apps.wechat.errors import WechatUnavailable
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)

# The shopper may press "pay" again between our close at WeChat and our lock; then we close once more.
_ROUNDS = 3


class RechargeNotCancellable(ShopError):
    """Only an unpaid recharge can be cancelled; a paid one is refunded by the shop."""

    code = "recharge_not_cancellable"
    message = "充值单当前状态不能取消"
    kind = Kind.CONFLICT


class _StillPayable(ShopError):
    """The recharge keeps getting new attempts to pay while we try to close it."""

    code = "recharge_busy"
    message = "充值单正在支付中，请稍后再试"
    kind = Kind.CONFLICT


def cancel(*, member: Member, recharge_no: str, at: datetime) -> None:
    """Close the member's unpaid recharge at their wish; its room within the limits is free again.

    Raises NotFound for one that is not theirs; RechargeNotCancellable where it is not UNPAID, also when WeChat
    says only now that it was paid, which is then credited; WechatUnavailable, with nothing changed.
    """
    found = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
    if found.status != RechargeStatus.UNPAID or not close_unpaid(recharge_no=recharge_no, at=at):
        now = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
        raise RechargeNotCancellable(details={"status": now.status})


def close_unpaid(*, recharge_no: str, operator: Any = None, at: datetime) -> bool:
    """Close a recharge that nobody paid; say whether this call closed it.

    ``operator`` is the admin user who does it, which the audit log then tells; None for the member and the clock.

    False means that it is not UNPAID (any more): WeChat may just have said that it was paid, which is then
    credited. Must be called outside a transaction. Raises NotFound, and WechatUnavailable with nothing changed,
    because the shopper may be paying at that moment.
    """
    for _ in range(_ROUNDS):
        paid = payments.close_open_recharge_attempt(recharge_no=recharge_no, at=at)
        if paid is not None:
            recharging.confirm(recharge_no=recharge_no, transaction=paid, at=at, from_query=True)
        with transaction.atomic():
            recharge = recharges.lock(recharge_no=recharge_no)
            if recharge.status != RechargeStatus.UNPAID:
                return False
            if payment_facts.has_open_recharge_attempt(recharge_no=recharge_no):
                continue
            recharges.close(recharge_no=recharge_no, at=at)
            if operator is not None:
                audit.record(operator=operator, action="关闭充值单", subject=recharge_no, at=at)
            return True
    raise _StillPayable


def close_expired(*, at: datetime) -> int:
    """Close the recharges whose time to pay is over; return how many. One that fails comes again."""
    return closing.sweep(
        lambda after: wallet_facts.recharges_past_expiry(at=at, after=after),
        close=lambda recharge: _close_one(recharge, at=at),
        is_being_paid=lambda recharge: payment_facts.has_open_recharge_attempt(
            recharge_no=recharge.recharge_no
        ),
    )


def _close_one(recharge: Recharge, *, at: datetime) -> bool:
    """Close one overdue recharge; raises only WechatUnavailable."""
    try:
        return close_unpaid(recharge_no=recharge.recharge_no, at=at)
    except WechatUnavailable:
        log.warning("close_put_off", recharge_no=recharge.recharge_no)
        raise
    except Exception:
        log.exception("close_failed", recharge_no=recharge.recharge_no)
        return False
