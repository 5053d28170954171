"""What went back past the shop: taken out of the account as far as it is there, owed where it was spent by then.

As with points, a shortage is a debt that the next money in pays. Debts are written under the account's lock only.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from apps.base import transactions
from apps.wallet.models import Account, Entry, Recharge
from apps.wallet.services import booking
from apps.wallet.services.booking import Cause, Change
from apps.wallet.states import EntryKind
from mall import money

_CONSOLE = "商户平台退款"
_DEBT = "扣还欠款"


def take(recharge: Recharge, *, principal_fen: int, bonus_fen: int, cause: str, at: datetime) -> Entry:
    """Take so much of a locked recharge out of its member's account; what is held by orders or spent is owed.

    Under the same ``cause`` (at most 40 characters) nothing is taken twice.
    """
    transactions.require()
    account = booking.opened(member_id=recharge.member_id)
    key = f"refund:{recharge.recharge_no}:{cause}"
    if before := booking.booked(account, key):
        return before
    taken = Change(
        -min(principal_fen, account.free_principal_fen),
        -min(bonus_fen, account.free_bonus_fen),
    )
    owed = Change(principal_fen + taken.principal_fen, bonus_fen + taken.bonus_fen)
    reason = _CONSOLE
    if any(owed):
        reason += (
            f"，余额不足，欠本金 {money.yuan(owed.principal_fen)} 元、赠送金 {money.yuan(owed.bonus_fen)} 元"
        )
    entry = booking.book(account, taken, cause=Cause(EntryKind.REFUND, key, reason), at=at)
    _owe(account, owed)
    return entry


def settle(*, member_id: int, paid_by: Entry, at: datetime) -> Entry | None:
    """Let what just came in pay what the member owes, principal for principal and bonus for bonus; None without debt."""
    transactions.require()
    account = booking.opened(member_id=member_id)
    pays = Change(
        -min(account.owed_principal_fen, account.free_principal_fen),
        -min(account.owed_bonus_fen, account.free_bonus_fen),
    )
    if not any(pays):
        return None
    cause = Cause(EntryKind.REFUND, f"debt:{paid_by.pk}", _DEBT)
    entry = booking.book(account, pays, cause=cause, at=at)
    _owe(account, pays)
    return entry


def _owe(account: Account, more: Change) -> None:
    Account.objects.filter(pk=account.pk).update(
        owed_principal_fen=F("owed_principal_fen") + more.principal_fen,
        owed_bonus_fen=F("owed_bonus_fen") + more.bonus_fen,
    )
