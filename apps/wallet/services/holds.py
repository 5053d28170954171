"""The four verbs of an order's stored value: hold at placing, commit at paying, release at closing, restore at refund.

An order without stored value is the common case: committing, releasing or restoring it changes nothing. An order
takes principal and bonus in the proportion in which they are there; a refund brings both back in the proportion
in which they were taken. So a member neither spends the gift first and asks for the money back, nor loses it.
What is free again pays what the member owes (``debts``) before anything else is bought with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from apps.base import planned, transactions
from apps.wallet.models import Account, Entry, Spending
from apps.wallet.services import booking, debts
from apps.wallet.services.booking import BalanceShort, Cause, Change, WalletConflict
from apps.wallet.states import EntryKind, SpendingStatus
from mall import money
from mall.errors import ShopError

# The sums of an account that several orders lower are lowered at once, within their bounds as by ``booking.book``.
_RELEASE: Final = """
    WITH ended AS (
        UPDATE wallet_spending SET status = %(released)s
         WHERE id = ANY(%(spending_ids)s) AND status = %(held)s
        RETURNING id, order_no, account_id, principal_fen, bonus_fen
    ), entered AS (
        INSERT INTO wallet_entry (account_id, kind, principal_change_fen, bonus_change_fen, held_principal_change_fen,
                                  held_bonus_change_fen, business_key, reason, at)
        SELECT account_id, %(kind)s, 0, 0, -principal_fen, -bonus_fen, order_no || ':release', '', %(at)s
          FROM ended ORDER BY id
    ), freed AS (
        SELECT account_id, sum(principal_fen)::bigint AS principal_fen, sum(bonus_fen)::bigint AS bonus_fen
          FROM ended GROUP BY account_id
    ), changed AS (
        UPDATE wallet_account AS account
           SET held_principal_fen = account.held_principal_fen - freed.principal_fen,
               held_bonus_fen = account.held_bonus_fen - freed.bonus_fen
          FROM freed
         WHERE account.id = freed.account_id
           AND account.held_principal_fen >= freed.principal_fen AND account.held_bonus_fen >= freed.bonus_fen
        RETURNING account.id
    )
    SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM freed) - (SELECT count(*) FROM changed)
"""


class BalanceGone(ShopError):
    """The order's stored value was given back, so a payment for the rest of it is a surplus."""

    code = "balance_gone"
    message = "订单占用的储值已退回"


def hold(*, order_no: str, member_id: int, amount_fen: int, at: datetime) -> None:
    """Promise ``amount_fen`` ≥ 1 to an unpaid order. Holding the same again changes nothing.

    Of 500.00 principal and 50.00 bonus, an order of 110.00 takes 100.00 and 10.00; an odd fen goes where the
    remainder is larger, to the principal where they tie. Raises BalanceShort, with nothing held; WalletOff;
    AmountInvalid; WalletConflict where the order holds another amount, is somebody else's, or was closed.
    """
    transactions.require()
    booking.require_positive(amount_fen=amount_fen)
    account = booking.locked(member_id=member_id)
    # Read after the lock, in a statement of its own: a repeated call that had to wait sees the first one.
    before = Spending.objects.filter(order_no=order_no).first()
    if before is not None:
        same = account is not None and before.account_id == account.pk and before.amount_fen == amount_fen
        if not same or before.status == SpendingStatus.RELEASED:
            raise WalletConflict(details={"order_no": order_no})
        return
    booking.require_on()
    free = [account.free_principal_fen, account.free_bonus_fen] if account else [0, 0]
    if account is None or amount_fen > sum(free):
        raise BalanceShort(details={"wanted_fen": amount_fen, "available_fen": sum(free)})
    principal_fen, bonus_fen = money.allocate(amount_fen, free)
    booking.book(
        account,
        Change(held_principal_fen=principal_fen, held_bonus_fen=bonus_fen),
        cause=Cause(EntryKind.HOLD, f"{order_no}:hold"),
        at=at,
    )
    Spending.objects.create(
        order_no=order_no, account=account, principal_fen=principal_fen, bonus_fen=bonus_fen
    )


def commit(*, order_no: str, at: datetime) -> None:
    """Take what the order holds: it is paid. Committing again changes nothing. Raises BalanceGone."""
    transactions.require()
    found = _locked(order_no)
    if found is None:
        return
    account, spending = found
    if spending.status == SpendingStatus.RELEASED:
        raise BalanceGone(details={"order_no": order_no})
    if spending.status == SpendingStatus.HELD:
        principal_fen, bonus_fen = spending.principal_fen, spending.bonus_fen
        change = Change(-principal_fen, -bonus_fen, -principal_fen, -bonus_fen)
        _end(account, spending, SpendingStatus.COMMITTED, EntryKind.COMMIT, change, at=at)


def release(*, order_no: str, at: datetime) -> None:
    """Give back what an unpaid order holds. Releasing again changes nothing.

    Raises WalletConflict once it is committed: what is paid comes back through restore.
    """
    release_many(order_nos=[order_no], at=at)


def release_many(*, order_nos: Collection[str], at: datetime) -> None:
    """Give back what each of these unpaid orders holds, likewise, all or none: four statements, however many orders.

    What is free again pays first what its member owes.
    """
    transactions.require()
    of_orders = Spending.objects.filter(order_no__in=order_nos)
    account_ids = set(of_orders.order_by().values_list("account_id", flat=True))
    if not account_ids:
        return
    accounts = booking.lock_many(account_ids=account_ids)
    # Read after the locks, in a statement of its own: whoever had to wait sees what the other did.
    spendings = list(of_orders.order_by("id"))
    for spending in spendings:
        if spending.status == SpendingStatus.COMMITTED:
            details = {"order_no": spending.order_no}
            raise WalletConflict("订单已支付，使用的储值不能释放", details=details)
    held = [spending for spending in spendings if spending.status == SpendingStatus.HELD]
    _release(held, at=at)
    freed = {spending.account_id for spending in held}
    for account in accounts:
        if account.pk in freed and account.owes:
            last = Entry.objects.filter(account=account, kind=EntryKind.RELEASE).latest("id")
            debts.settle(member_id=account.member_id, paid_by=last, at=at)


def restore(*, order_no: str, amount_fen: int | None = None, cause: str = "", at: datetime) -> None:
    """Bring committed money back to where it came from: all that is still out, or ``amount_fen`` ≥ 1 of it.

    Split so that all refunds together are in the proportion of what was taken: of 100.00 + 10.00, a refund of
    33.00 brings 30.00 + 3.00. An amount needs a ``cause`` (a refund number, at most 39 characters): the same
    cause changes nothing the second time. Restoring all needs none. Raises WalletConflict for more than is
    out, and for what is not committed.
    """
    transactions.require()
    if (amount_fen is None) != (cause == ""):
        raise ValueError("restoring an amount needs a cause, restoring all of it needs none")
    found = _locked(order_no)
    if found is None:
        if amount_fen is not None:
            raise WalletConflict("订单没有使用储值", details={"order_no": order_no})
        return
    account, spending = found
    key = f"{order_no}:restore:{cause}" if cause else f"{order_no}:restore"
    if booking.booked(account, key):
        return
    if spending.status != SpendingStatus.COMMITTED:
        raise WalletConflict("订单尚未支付，储值不能退回", details={"order_no": order_no})
    out_fen = spending.amount_fen - spending.restored_fen
    back_fen = out_fen if amount_fen is None else amount_fen
    if back_fen == 0 and amount_fen is None:
        return
    if not 1 <= back_fen <= out_fen:
        raise WalletConflict("退回金额超过已使用的储值", details={"wanted_fen": back_fen, "out_fen": out_fen})
    _bring_back(account, spending, back_fen=back_fen, key=key, at=at)


def _locked(order_no: str) -> tuple[Account, Spending] | None:
    """The order's spending as it is under its account's lock, None for an order without stored value."""
    of_order = Spending.objects.filter(order_no=order_no)
    member_id = of_order.values_list("account__member_id", flat=True).first()
    if member_id is None:
        return None
    account = booking.opened(member_id=member_id)
    # Read after the lock, in a statement of its own: whoever had to wait sees what the other did.
    return account, of_order.get()


def _release(spendings: Sequence[Spending], *, at: datetime) -> None:
    """Give back what these hold of accounts that are locked, with the ledger's rows: one statement, none for none."""
    if not spendings:
        return
    told: dict[str, Any] = {
        "spending_ids": [spending.pk for spending in spendings],
        "kind": EntryKind.RELEASE.value,
        "held": SpendingStatus.HELD.value,
        "released": SpendingStatus.RELEASED.value,
        "at": at,
    }
    ended, missed = planned.row(_RELEASE, told)
    if ended != len(spendings) or missed:
        transaction.set_rollback(True)
        raise WalletConflict


def _end(
    account: Account,
    spending: Spending,
    status: SpendingStatus,
    kind: EntryKind,
    change: Change,
    *,
    at: datetime,
) -> None:
    cause = Cause(kind, f"{spending.order_no}:{kind.lower()}")
    booking.book(account, change, cause=cause, at=at)
    held = Spending.objects.filter(pk=spending.pk, status=SpendingStatus.HELD)
    if held.update(status=status) != 1:
        transaction.set_rollback(True)
        raise WalletConflict


def _bring_back(account: Account, spending: Spending, *, back_fen: int, key: str, at: datetime) -> None:
    """Split what has come back in all, and book what that is more than before: no rounding adds up.

    Over two weights largest remainder rounds to the nearest fen, which never falls as the total grows, so
    neither part is ever negative; with everything back, each part is exactly what was taken.
    """
    taken = [spending.principal_fen, spending.bonus_fen]
    principal_fen, bonus_fen = money.allocate(spending.restored_fen + back_fen, taken)
    principal_fen -= spending.restored_principal_fen
    bonus_fen -= spending.restored_bonus_fen
    entry = booking.book(
        account, Change(principal_fen, bonus_fen), cause=Cause(EntryKind.RESTORE, key), at=at
    )
    still_out = Spending.objects.filter(
        pk=spending.pk,
        principal_fen__gte=F("restored_principal_fen") + principal_fen,
        bonus_fen__gte=F("restored_bonus_fen") + bonus_fen,
    )
    updated = still_out.update(
        restored_principal_fen=F("restored_principal_fen") + principal_fen,
        restored_bonus_fen=F("restored_bonus_fen") + bonus_fen,
    )
    if updated != 1:
        transaction.set_rollback(True)
        raise WalletConflict
    if account.owes:
        debts.settle(member_id=account.member_id, paid_by=entry, at=at)
