"""The four verbs of an order's coupons: hold at placing, commit at paying, release at closing, restore at refund."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from itertools import groupby
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from apps.base import transactions
from apps.base.clauses import Clause
from apps.coupons.models import Coupon, CouponMove
from apps.coupons.services import moving
from apps.coupons.states import CouponStatus
from mall.errors import ShopError


class CouponGone(ShopError):
    """The order gave its coupon back, so a payment for it has nothing to be paid for."""

    code = "coupon_gone"
    message = "订单占用的优惠券已退回"


def hold(*, order_no: str, member_id: int, public_ids: Collection[UUID], at: datetime) -> None:
    """Give these coupons of the member to an unpaid order, all or none; none to hold is fine.

    Holding again for the same order changes nothing. Raises NotFound for a coupon that is not the member's,
    CouponUnavailable for one that is used, held by another order, or outside its window.
    """
    transactions.require()
    if public_ids:
        moving.take(order_no=order_no, member_id=member_id, public_ids=public_ids, at=at)


def commit(*, order_no: str, at: datetime) -> None:
    """Use up what the order holds: it is paid for. Committing again, or an order without coupons, is fine.

    An order that holds a coupon past its end uses it all the same: it was placed in time. Raises CouponGone
    where the coupons were released before.
    """
    transactions.require()
    coupons = _lock(order_no)
    if not coupons and CouponMove.objects.filter(order_no=order_no).exists():
        raise CouponGone(details={"order_no": order_no})
    held = [coupon for coupon in coupons if coupon.status == CouponStatus.HELD]
    moving.move(held, move="commit", at=at)


def committing(*, order_no: str, public_id: UUID, at: datetime) -> Clause:
    """The clause of ``commit``, of an order that took this one coupon: done where it still holds it."""
    return moving.using_up(
        order_no=order_no,
        public_id=public_id,
        otherwise=partial(commit, order_no=order_no, at=at),
        at=at,
    )


def release(*, order_no: str, at: datetime) -> None:
    """Give back what an unpaid order holds: available again, or EXPIRED at once where its end has passed.

    Releasing again changes nothing. Raises CouponConflict once the coupons are used.
    """
    release_many(order_nos=[order_no], at=at)


def release_many(*, order_nos: Collection[str], at: datetime) -> None:
    """Give back what each of these unpaid orders holds, likewise, all or none: a few statements, however many orders."""
    transactions.require()
    coupons = _lock(*order_nos)
    for coupon in coupons:
        if coupon.status == CouponStatus.USED:
            details = {"order_no": coupon.order_no}
            raise moving.CouponConflict("订单已支付，优惠券不能退回", details=details)
    _back(coupons, move="release", at=at)


def restore(*, order_no: str, at: datetime) -> None:
    """Give back what a paid order used, likewise; whether its refund deserves that is the caller's policy.

    Restoring again, or an order without coupons, changes nothing. Raises CouponConflict while the order is
    not paid yet.
    """
    transactions.require()
    coupons = _lock(order_no)
    if any(coupon.status == CouponStatus.HELD for coupon in coupons):
        raise moving.CouponConflict("订单尚未支付，优惠券不能恢复", details={"order_no": order_no})
    _back(coupons, move="restore", at=at)


def undo_use(*, use_no: str, operator: User, note: str, at: datetime) -> None:
    """Give back what was used in a shop under this number, likewise; again changes nothing."""
    transactions.require()
    _back(_lock(use_no), move="restore", at=at, operator=operator, note=note)


def expire_due(*, at: datetime, limit: int = 100_000, chunk: int = 2_000) -> int:
    """Expire available coupons whose end has passed; return how many. Safe to run side by side.

    Each ``chunk`` is a transaction, so that a mass issue that ends at midnight holds nobody up.
    """
    expired = 0
    while expired < limit and (some := _expire_some(at=at, limit=min(chunk, limit - expired))):
        expired += some
    return expired


@transaction.atomic
def _expire_some(*, at: datetime, limit: int) -> int:
    due = list(
        Coupon.objects.filter(status=CouponStatus.AVAILABLE, valid_until__lte=at)
        .order_by("valid_until")
        .select_for_update(skip_locked=True, no_key=True)[:limit]
    )
    moving.move(due, move="expire", at=at)
    return len(due)


def _lock(*order_nos: str) -> list[Coupon]:
    """What these orders have, locked in the order of the coupons' ids."""
    if not all(order_nos):
        raise ValueError("an order has a number")
    return list(Coupon.objects.filter(order_no__in=order_nos).order_by("id").select_for_update(no_key=True))


def _back(
    coupons: list[Coupon],
    *,
    move: str,
    at: datetime,
    operator: User | None = None,
    note: str = "",
) -> None:
    """Give coupons back to their members; the ledger's rows name the orders that had them."""

    def way(coupon: Coupon) -> str:
        if coupon.recalled_at is not None:
            return "revoke"
        return "expire" if coupon.valid_until <= at else move

    for chosen, some in groupby(sorted(coupons, key=way), key=way):
        moving.move(list(some), move=chosen, at=at, operator=operator, note=note)
