"""Booking: the locked account, the one guarded statement that changes it, and the ledger row that says why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from apps.base import transactions
from apps.base.fields import MAX_FEN
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Account, Entry, Pack
from apps.wallet.states import EntryKind
from mall.errors import Invalid, Kind, ShopError


class WalletOff(ShopError):
    """Stored value is switched off; to shoppers it does not exist."""

    code = "wallet_off"
    message = "储值功能未开启"
    kind = Kind.NOT_FOUND


class WalletConflict(ShopError):
    """The stored value is not in the state that the call needs, so nothing was changed."""

    code = "wallet_conflict"
    message = "储值状态与订单不一致，操作未执行"


class BalanceShort(ShopError):
    """The member may spend less than wanted. ``details``: ``wanted_fen`` and ``available_fen``."""

    code = "balance_short"
    message = "储值余额不足"


class AmountInvalid(Invalid):
    """An amount that nobody pays, recharges or corrects."""

    code = "amount_invalid"
    message = "金额有误"


class Change(NamedTuple):
    """What an account gains (or loses), in fen, and what of it gets (or is no longer) promised to orders."""

    principal_fen: int = 0
    bonus_fen: int = 0
    held_principal_fen: int = 0
    held_bonus_fen: int = 0


class Cause(NamedTuple):
    """Why it changes. ``business_key`` is unique per account: the same cause is never booked twice."""

    kind: EntryKind
    business_key: str
    reason: str = ""
    operator: User | None = None
    pack: Pack | None = None


def require_on() -> None:
    """Raise WalletOff while stored value is switched off."""
    if not wallet_facts.enabled():
        raise WalletOff


def require_positive(*, amount_fen: int) -> None:
    """Raise AmountInvalid for what is no amount: 1 fen … a hundred million yuan."""
    if not 1 <= amount_fen <= MAX_FEN:
        raise AmountInvalid(details={"amount_fen": amount_fen})


def locked(*, member_id: int) -> Account | None:
    """The member's account, locked until the end of the transaction; None for whoever never had one."""
    transactions.require()
    return Account.objects.select_for_update(no_key=True).filter(member_id=member_id).first()


def lock_many(*, account_ids: Collection[int]) -> list[Account]:
    """These accounts, locked until the end of the transaction in the order in which everybody locks several."""
    transactions.require()
    return list(Account.objects.select_for_update(no_key=True).filter(pk__in=account_ids).order_by("id"))


def opened(*, member_id: int) -> Account:
    """The member's account under its lock, made the first time: of two at once, one inserts, the other waits."""
    account = locked(member_id=member_id)
    if account is None:
        Account.objects.bulk_create([Account(member_id=member_id)], ignore_conflicts=True)
        account = Account.objects.select_for_update(no_key=True).get(member_id=member_id)
    return account


def booked(account: Account, business_key: str) -> Entry | None:
    """The ledger row of this cause, if there is one; asked under the account's lock."""
    return Entry.objects.filter(account=account, business_key=business_key).first()


def book(account: Account, change: Change, *, cause: Cause, at: datetime) -> Entry:
    """Change the account within its bounds, all four sums or none, and append the row that says why.

    The guard is the promise that money is never spent twice: a row that would leave 0 ≤ held ≤ sum is not
    updated. Raises WalletConflict then, with the transaction (or savepoint) marked for rollback.
    """
    updated = Account.objects.filter(
        pk=account.pk,
        held_principal_fen__gte=-change.held_principal_fen,
        held_bonus_fen__gte=-change.held_bonus_fen,
        principal_fen__gte=F("held_principal_fen") + change.held_principal_fen - change.principal_fen,
        bonus_fen__gte=F("held_bonus_fen") + change.held_bonus_fen - change.bonus_fen,
    ).update(**{name: F(name) + value for name, value in change._asdict().items()})
    if updated != 1:
        transaction.set_rollback(True)
        raise WalletConflict
    return Entry.objects.create(
        account=account,
        kind=cause.kind,
        principal_change_fen=change.principal_fen,
        bonus_change_fen=change.bonus_fen,
        held_principal_change_fen=change.held_principal_fen,
        held_bonus_change_fen=change.held_bonus_fen,
        business_key=cause.business_key,
        pack=cause.pack,
        reason=cause.reason,
        operator=cause.operator,
        at=at,
    )
