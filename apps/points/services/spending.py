"""The four verbs of an order's points: hold at placing, commit at paying, release at closing, restore at refund.

An order without points is the common case: committing, releasing or restoring it changes nothing. Held points
have left the balance already; what comes back returns to the lots it came from.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import F

from apps.base import transactions
from apps.points.models import Account, Spending, SpendingPart
from apps.points.services import booking, redeeming
from apps.points.services.booking import Cause, PointsConflict, Take
from apps.points.states import EntryKind, SpendingStatus
from mall.errors import ShopError


class PointsGone(ShopError):
    """The order's points were given back, so a payment for it is a surplus."""

    code = "points_gone"
    message = "订单占用的积分已退回"


def hold(*, order_no: str, member_id: int, points: int, at: datetime) -> None:
    """Take points for an unpaid order, the earliest to expire first. Holding the same again changes nothing.

    Raises NotEnoughPoints (``details``: wanted, balance), PointsInvalid below 1, and PointsConflict where
    the order holds another number, belongs to somebody else, or was closed.
    """
    transactions.require()
    booking.require_positive(points)
    account = booking.lock(member_id=member_id, at=at)
    before = Spending.objects.filter(order_no=order_no).first()
    if before is not None:
        same = before.account_id == account.pk and before.points == points
        if not same or before.status == SpendingStatus.RELEASED:
            raise PointsConflict(details={"order_no": order_no})
        return
    takes = booking.take(account, points, cause=Cause(EntryKind.HOLD, f"{order_no}:hold"), at=at)
    spending = Spending.objects.create(order_no=order_no, account=account, points=points)
    SpendingPart.objects.bulk_create(
        SpendingPart(spending=spending, lot_id=taken.lot_id, points=taken.points) for taken in takes
    )


def commit(*, order_no: str, at: datetime) -> None:
    """Make the order's points spent: it is paid. Committing again changes nothing. Raises PointsGone."""
    transactions.require()
    found = _locked(order_no, at=at)
    if found is None:
        return
    _, spending = found
    if spending.status == SpendingStatus.RELEASED:
        raise PointsGone(details={"order_no": order_no})
    _end(spending, SpendingStatus.COMMITTED)
    redeeming.finish(order_no=order_no)


def release(*, order_no: str, at: datetime) -> None:
    """Give back what an unpaid order holds. Releasing again changes nothing.

    Raises PointsConflict once it is committed: what is paid for comes back through restore.
    """
    release_many(order_nos=[order_no], at=at)


def release_many(*, order_nos: Collection[str], at: datetime) -> None:
    """Give back what each of these unpaid orders holds, likewise, all or none.

    Which lots get what back is worked out for one member after the other, in the order in which accounts are locked.
    """
    transactions.require()
    of_orders = Spending.objects.filter(order_no__in=order_nos)
    of_members = of_orders.order_by("account__member_id", "id").values_list("order_no", "account__member_id")
    for order_no, member_id in list(of_members):
        _release(order_no, member_id=member_id, at=at)


def _release(order_no: str, *, member_id: int, at: datetime) -> None:
    account, spending = _under_lock(order_no, member_id=member_id, at=at)
    if spending.status == SpendingStatus.COMMITTED:
        raise PointsConflict("订单已支付，使用的积分不能释放", details={"order_no": order_no})
    if spending.status == SpendingStatus.RELEASED:
        return
    _end(spending, SpendingStatus.RELEASED)
    cause = Cause(EntryKind.RELEASE, f"{order_no}:release")
    booking.put_back(account, _parts_back(spending, spending.points), cause=cause, at=at)
    redeeming.cancel(order_no=order_no)


def restore(*, order_no: str, points: int | None = None, cause: str = "", at: datetime) -> None:
    """Give committed points back to the lots they came from: all that are still out, or some of them.

    ``points`` ≥ 1 needs a ``cause`` (a refund number, at most 39 characters): the same cause changes nothing
    the second time. Restoring all needs none. Raises PointsConflict for more than is out, or not committed.
    """
    transactions.require()
    if (points is None) != (cause == ""):
        raise ValueError("restoring some points needs a cause, restoring all of them needs none")
    found = _locked(order_no, at=at)
    if found is None:
        if points is not None:
            raise PointsConflict("订单没有使用积分", details={"order_no": order_no})
        return
    account, spending = found
    key = f"{order_no}:restore:{cause}" if cause else f"{order_no}:restore"
    if booking.booked(account, key):
        return
    if spending.status != SpendingStatus.COMMITTED:
        raise PointsConflict("订单尚未支付，积分不能退回", details={"order_no": order_no})
    out = spending.points - spending.restored
    wanted = out if points is None else points
    if wanted == 0 and points is None:
        return
    if not 1 <= wanted <= out:
        raise PointsConflict("退回积分超过已使用积分", details={"wanted": wanted, "out": out})
    Spending.objects.filter(pk=spending.pk).update(restored=F("restored") + wanted)
    booking.put_back(account, _parts_back(spending, wanted), cause=Cause(EntryKind.RESTORE, key), at=at)
    if wanted == out:
        redeeming.cancel(order_no=order_no)


def _locked(order_no: str, *, at: datetime) -> tuple[Account, Spending] | None:
    """The order's spending as it is under its account's lock, None for an order without points."""
    member_id = (
        Spending.objects.filter(order_no=order_no).values_list("account__member_id", flat=True).first()
    )
    if member_id is None:
        return None
    return _under_lock(order_no, member_id=member_id, at=at)


def _under_lock(order_no: str, *, member_id: int, at: datetime) -> tuple[Account, Spending]:
    account = booking.lock(member_id=member_id, at=at)
    # Read after the lock, in a statement of its own: whoever had to wait sees what the other did.
    return account, Spending.objects.get(order_no=order_no)


def _end(spending: Spending, status: SpendingStatus) -> None:
    Spending.objects.filter(pk=spending.pk, status=SpendingStatus.HELD).update(status=status)


def _parts_back(spending: Spending, points: int) -> list[Take]:
    """Which lots get how much back: the last to expire first, which is the best for the member."""
    backs: list[Take] = []
    for part in SpendingPart.objects.filter(spending=spending, returned__lt=F("points")).order_by("-id"):
        back = min(part.points - part.returned, points)
        if back:
            SpendingPart.objects.filter(pk=part.pk).update(returned=F("returned") + back)
            backs.append(Take(part.lot_id, back))
            points -= back
    return backs
