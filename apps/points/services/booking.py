"""Booking: the locked account, the one guarded statement that changes it, and the lots behind its balance.

Whoever writes an account locks it first, which also expires the lots that are due; everything about one member's
points then happens one after the other. balance = Σ Entry.change = Σ Lot.left, debt = Σ Entry.debt_change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from apps.base import transactions
from apps.points.models import Account, Entry, Lot
from apps.points.states import EntryKind
from mall.errors import Invalid, ShopError

# More than a shop gives anybody, small enough that no sum of them leaves its column.
MAX_POINTS: Final = 1_000_000_000
_PUT_MANY: Final = """
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(%(accounts)s::bigint[], %(kinds)s::text[], %(keys)s::text[], %(reasons)s::text[],
                             %(operators)s::bigint[], %(points)s::bigint[])
                      AS told (account_id, kind, business_key, reason, operator_id, points)
    ), lots AS (
        INSERT INTO points_lot (account_id, amount, "left", expired, earned_at, expires_at)
        SELECT account_id, points, points, 0, %(at)s, %(expires_at)s FROM given
    ), entries AS (
        INSERT INTO points_entry (account_id, kind, change, debt_change, business_key, reason, operator_id, at)
        SELECT account_id, kind, points, 0, business_key, reason, operator_id, %(at)s FROM given
    )
    UPDATE points_account AS account SET balance = account.balance + given.points
      FROM given WHERE account.id = given.account_id
"""


class PointsConflict(ShopError):
    """The points are not in the state that the call needs, so nothing was changed."""

    code = "points_conflict"
    message = "积分状态与订单不一致，操作未执行"


class NotEnoughPoints(ShopError):
    """The member has fewer points than wanted. ``details``: ``wanted`` and the ``balance``."""

    code = "points_not_enough"
    message = "积分不足"


class PointsInvalid(Invalid):
    """A number of points that nobody gives or takes."""

    code = "points_invalid"
    message = f"积分必须是 1 到 {MAX_POINTS} 之间的整数"


class Cause(NamedTuple):
    """Why points change. ``business_key`` is unique per account: the same cause is never booked twice."""

    kind: EntryKind
    business_key: str
    reason: str = ""
    operator: Any = None


class Take(NamedTuple):
    """So many points out of one lot, or back into it."""

    lot_id: int
    points: int


def lock(*, member_id: int, at: datetime) -> Account:
    """The member's account, locked until the end of the transaction, without what has expired by ``at``.

    The first time makes it: of two at once, one inserts and the other waits and finds the row.
    """
    transactions.require()
    locked = Account.objects.select_for_update(no_key=True).filter(member_id=member_id)
    account = locked.first()
    if account is None:
        Account.objects.bulk_create([Account(member_id=member_id)], ignore_conflicts=True)
        account = locked.get()
    _expire(account, at=at)
    return account


def lock_many(*, member_ids: Collection[int]) -> dict[int, Account]:
    """The accounts of these members by member, locked in the order of their ids; what has expired is still in them."""
    transactions.require()
    locked = Account.objects.select_for_update(no_key=True).filter(member_id__in=sorted(member_ids))
    there = Account.objects.filter(member_id__in=member_ids).order_by().values_list("member_id", flat=True)
    missing = set(member_ids) - set(there)
    if missing:
        Account.objects.bulk_create(
            [Account(member_id=member_id) for member_id in sorted(missing)], ignore_conflicts=True
        )
    return {account.member_id: account for account in locked.order_by("member_id")}


def lock_ahead(*, member_ids: Collection[int]) -> None:
    """Lock the accounts of these members for who locks members next: points are locked before the members they are of.

    Whoever gives points and growth takes the account and then the member (``members.services.growth``); who has the members
    already and then wants an account stands in their way.
    """
    if member_ids:
        lock_many(member_ids=member_ids)


def plain(accounts: Collection[Account], *, at: datetime) -> list[Account]:
    """Those of these locked accounts that owe nothing and have nothing that expires first: one statement."""
    late = set(
        Lot.objects.filter(account__in=accounts, left__gt=0, expires_at__lte=at).values_list(
            "account_id", flat=True
        )
    )
    return [account for account in accounts if not account.debt and account.pk not in late]


def put_many(
    accounts: Collection[Account],
    points: Mapping[int, int],
    *,
    causes: Mapping[int, Cause],
    expires_at: datetime | None,
    at: datetime,
) -> None:
    """Give points to locked accounts that owe nothing and have nothing expired; ``points`` and ``causes`` by member."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_MANY,
            {
                "accounts": [account.pk for account in accounts],
                "kinds": [str(causes[account.member_id].kind) for account in accounts],
                "keys": [causes[account.member_id].business_key for account in accounts],
                "reasons": [causes[account.member_id].reason for account in accounts],
                "operators": [
                    getattr(causes[account.member_id].operator, "pk", None) for account in accounts
                ],
                "points": [points[account.member_id] for account in accounts],
                "expires_at": expires_at,
                "at": at,
            },
        )


def booked(account: Account, business_key: str) -> bool:
    """Whether this cause is in the ledger already; asked under the account's lock."""
    return Entry.objects.filter(account=account, business_key=business_key).exists()


def require_positive(points: int) -> None:
    """Raise PointsInvalid for what is no number of points: 1 … a thousand million."""
    if not 1 <= points <= MAX_POINTS:
        raise PointsInvalid(details={"points": points})


def put(account: Account, points: int, *, cause: Cause, expires_at: datetime | None, at: datetime) -> Entry:
    """Give points: they pay the debt first, what is then left becomes a lot."""
    paid = min(points, account.debt)
    kept = points - paid
    if kept:
        Lot.objects.create(account=account, amount=kept, left=kept, earned_at=at, expires_at=expires_at)
    return _book(account, change=kept, debt_change=-paid, cause=cause, at=at)


def take(account: Account, points: int, *, cause: Cause, at: datetime) -> list[Take]:
    """Take points out of the lots, the earliest to expire first, and say which. Raises NotEnoughPoints."""
    if points > account.balance:
        raise NotEnoughPoints(details={"wanted": points, "balance": account.balance})
    taken = _draw(account, points)
    _book(account, change=-points, debt_change=0, cause=cause, at=at)
    return taken


def take_back(account: Account, points: int, *, cause: Cause, at: datetime) -> Entry:
    """Take what is there of so many points; what is short becomes debt."""
    there = min(points, account.balance)
    _draw(account, there)
    return _book(account, change=-there, debt_change=points - there, cause=cause, at=at)


def put_back(account: Account, takes: Iterable[Take], *, cause: Cause, at: datetime) -> None:
    """Return points to the lots they came from; a debt that arose meanwhile is paid out of them.

    What returns to a lot past its end expires with the next look at the account, under a row of its own.
    """
    total = 0
    for back in takes:
        Lot.objects.filter(pk=back.lot_id, account=account).update(left=F("left") + back.points)
        total += back.points
    paid = min(total, account.debt)
    _draw(account, paid)
    _book(account, change=total - paid, debt_change=-paid, cause=cause, at=at)


def _expire(account: Account, *, at: datetime) -> None:
    """Take out of the balance what has expired: one row for each lot."""
    for lot in Lot.objects.filter(account=account, left__gt=0, expires_at__lte=at).order_by(
        "expires_at", "id"
    ):
        # A lot may expire again after points came back to it, so the sum so far names the occasion.
        key = f"lot:{lot.pk}:expire:{lot.expired + lot.left}"
        Lot.objects.filter(pk=lot.pk).update(left=0, expired=F("expired") + lot.left)
        _book(account, change=-lot.left, debt_change=0, cause=Cause(EntryKind.EXPIRE, key), at=at)


def _draw(account: Account, points: int) -> list[Take]:
    """Lower the lots by so many points in FIFO order; the caller books it."""
    taken: list[Take] = []
    if points == 0:
        return taken
    lots = Lot.objects.filter(account=account, left__gt=0).order_by(
        F("expires_at").asc(nulls_last=True), "id"
    )
    for lot in lots:
        part = min(lot.left, points)
        if Lot.objects.filter(pk=lot.pk, left__gte=part).update(left=F("left") - part) != 1:
            break
        taken.append(Take(lot.pk, part))
        points -= part
        if points == 0:
            return taken
    transaction.set_rollback(True)
    raise PointsConflict(details={"missing_in_lots": points})


def _book(account: Account, *, change: int, debt_change: int, cause: Cause, at: datetime) -> Entry:
    """Change the account within its bounds, all or nothing, and append the row that says why."""
    updated = Account.objects.filter(pk=account.pk, balance__gte=-change, debt__gte=-debt_change).update(
        balance=F("balance") + change, debt=F("debt") + debt_change
    )
    if updated != 1:
        transaction.set_rollback(True)
        raise PointsConflict
    account.balance += change
    account.debt += debt_change
    return Entry.objects.create(
        account=account,
        kind=cause.kind,
        change=change,
        debt_change=debt_change,
        business_key=cause.business_key,
        reason=cause.reason,
        operator=cause.operator,
        at=at,
    )
