"""The ledger: a promoter's locked account, the guarded change of its sums, and the row that says why.

Whatever is written of a promoter's money or commissions is written under the lock of the promoter's account; whoever needs
several takes them by number. Withdrawals hold, commit and release what is available, under a business key of theirs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from apps.base import audit, transactions
from apps.base.fields import MAX_FEN
from apps.distribution.models import Account, Commission, Entry
from apps.distribution.states import EntryKind
from mall import money
from mall.errors import Invalid, Kind, NotFound, ShopError


class NotEnoughCommission(ShopError):
    """More than is available. ``details``: ``wanted_fen`` and ``available_fen``."""

    code = "not_enough_commission"
    message = "可提现佣金不足"
    kind = Kind.CONFLICT


class LedgerConflict(ShopError):
    """The account, or what is held of it, does not stand where the call needs it; nothing was changed."""

    code = "commission_conflict"
    message = "佣金账户状态已变化，操作未执行"
    kind = Kind.CONFLICT


class AmountInvalid(Invalid):
    """An amount that nobody earns, withdraws or corrects."""

    code = "amount_invalid"
    message = "金额有误"


class Change(NamedTuple):
    """By how many fen each sum of an account changes."""

    pending_fen: int = 0
    frozen_fen: int = 0
    available_fen: int = 0
    withdrawing_fen: int = 0
    withdrawn_fen: int = 0
    debt_fen: int = 0


def locked(*, promoter_id: int) -> Account:
    """The account, locked until the end of the transaction. Raises NotFound."""
    transactions.require()
    account = Account.objects.select_for_update(no_key=True).filter(promoter_id=promoter_id).first()
    if account is None:
        raise NotFound
    return account


def locked_many(*, promoter_ids: Collection[int]) -> dict[int, Account]:
    """These accounts by promoter, locked in the order in which everybody locks several: one statement."""
    transactions.require()
    rows = Account.objects.select_for_update(no_key=True).filter(promoter_id__in=promoter_ids)
    return {account.promoter_id: account for account in rows.order_by("promoter_id")}


def book(
    account: Account,
    change: Change,
    *,
    kind: EntryKind,
    business_key: str,
    commission: Commission | None = None,
    reason: str = "",
    operator: Any = None,
    at: datetime,
) -> Entry:
    """Change a locked account, all sums or none, and append the row that says why; the account in hand follows.

    Raises LedgerConflict where a sum would fall below 0, with the transaction (or savepoint) marked for rollback.
    """
    guard = {f"{name}__gte": -fen for name, fen in change._asdict().items() if fen < 0}
    moved = {name: F(name) + fen for name, fen in change._asdict().items() if fen}
    if Account.objects.filter(pk=account.pk, **guard).update(**moved) != 1:
        transaction.set_rollback(True)
        raise LedgerConflict
    for name, fen in change._asdict().items():
        setattr(account, name, getattr(account, name) + fen)
    return Entry.objects.create(
        account=account,
        kind=kind,
        business_key=business_key,
        commission=commission,
        reason=reason,
        operator=operator,
        at=at,
        **{f"{name.removesuffix('_fen')}_change_fen": fen for name, fen in change._asdict().items()},
    )


def booked(account: Account, business_key: str) -> Entry | None:
    """The row of this cause, if there is one; asked under the account's lock."""
    return Entry.objects.filter(account=account, business_key=business_key).first()


def income(account: Account, *, amount_fen: int) -> Change:
    """What so much income does to a locked account: it pays the debt first, the rest is available."""
    pays_fen = min(amount_fen, account.debt_fen)
    return Change(available_fen=amount_fen - pays_fen, debt_fen=-pays_fen)


def loss(account: Account, *, amount_fen: int) -> Change:
    """What taking so much back does to a locked account: what is available goes first, the rest is owed."""
    there_fen = min(amount_fen, account.available_fen)
    return Change(available_fen=-there_fen, debt_fen=amount_fen - there_fen)


def hold(*, promoter_id: int, amount_fen: int, business_key: str, at: datetime) -> Entry:
    """Promise so much of what is available to a withdrawal of this key (at most 80 characters). Again: the first entry.

    Raises AmountInvalid, NotEnoughCommission, LedgerConflict for a key that held another amount, NotFound.
    """
    require_positive(amount_fen=amount_fen)
    account = locked(promoter_id=promoter_id)
    before = booked(account, f"{business_key}:hold")
    if before is not None:
        if before.withdrawing_change_fen != amount_fen:
            raise LedgerConflict
        return before
    if account.available_fen < amount_fen:
        raise NotEnoughCommission(details={"wanted_fen": amount_fen, "available_fen": account.available_fen})
    change = Change(available_fen=-amount_fen, withdrawing_fen=amount_fen)
    return book(account, change, kind=EntryKind.HOLD, business_key=f"{business_key}:hold", at=at)


def commit(*, promoter_id: int, business_key: str, at: datetime) -> Entry:
    """Say that a withdrawal has arrived: what it held is withdrawn. Again: the first entry.

    Raises LedgerConflict for what was never held, or was released.
    """
    account, amount_fen = _held(promoter_id, business_key, other="release")
    before = booked(account, f"{business_key}:commit")
    if before is not None:
        return before
    change = Change(withdrawing_fen=-amount_fen, withdrawn_fen=amount_fen)
    return book(account, change, kind=EntryKind.COMMIT, business_key=f"{business_key}:commit", at=at)


def release(*, promoter_id: int, business_key: str, reason: str = "", at: datetime) -> Entry:
    """Give back what a withdrawal held that failed or lapsed: it pays what is owed meanwhile, the rest is available again.

    Again: the first entry. Raises LedgerConflict for what was never held, or was committed.
    """
    account, amount_fen = _held(promoter_id, business_key, other="commit")
    before = booked(account, f"{business_key}:release")
    if before is not None:
        return before
    change = income(account, amount_fen=amount_fen)._replace(withdrawing_fen=-amount_fen)
    key = f"{business_key}:release"
    return book(account, change, kind=EntryKind.RELEASE, business_key=key, reason=reason, at=at)


@transaction.atomic
def adjust(
    *, promoter_id: int, change_fen: int, business_key: str, reason: str, operator: Any, at: datetime
) -> Entry:
    """Correct what is available by a difference, under ``business_key``; the same key books once. In the audit log.

    More pays the debt first. Less than there is, is refused: nobody is made to owe by hand. Raises AmountInvalid,
    NotEnoughCommission, NotFound.
    """
    require_positive(amount_fen=abs(change_fen))
    account = locked(promoter_id=promoter_id)
    before = booked(account, business_key)
    if before is not None:
        return before
    if change_fen < 0 and account.available_fen < -change_fen:
        raise NotEnoughCommission(details={"wanted_fen": -change_fen, "available_fen": account.available_fen})
    change = income(account, amount_fen=change_fen) if change_fen > 0 else Change(available_fen=change_fen)
    entry = book(
        account,
        change,
        kind=EntryKind.ADJUST,
        business_key=business_key,
        reason=reason,
        operator=operator,
        at=at,
    )
    audit.record(
        operator=operator,
        action="佣金调整",
        subject=account.promoter.member.public_id,
        note=f"{money.yuan(change_fen)} 元：{reason}",
        at=at,
    )
    return entry


def require_positive(*, amount_fen: int) -> None:
    """Raise AmountInvalid for what is no amount: 1 fen … a hundred million yuan."""
    if not 1 <= amount_fen <= MAX_FEN:
        raise AmountInvalid(details={"amount_fen": amount_fen})


def _held(promoter_id: int, business_key: str, *, other: str) -> tuple[Account, int]:
    """The locked account and what a key holds of it. Raises LedgerConflict for nothing, and for what ended otherwise."""
    account = locked(promoter_id=promoter_id)
    entry = booked(account, f"{business_key}:hold")
    if entry is None or booked(account, f"{business_key}:{other}") is not None:
        raise LedgerConflict
    return account, entry.withdrawing_change_fen
