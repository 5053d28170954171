"""The one writer of a coupon's status: asks the lifecycle, changes locked rows, appends to the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from apps.base import transactions
from apps.coupons.models import Coupon, CouponMove
from apps.coupons.states import LIFECYCLE, CouponStatus
from mall.errors import NotFound, ShopError

_TAKEN = {CouponStatus.HELD, CouponStatus.USED}


class CouponConflict(ShopError):
    """The coupon is not where the call needs it to be, so nothing was changed."""

    code = "coupon_conflict"
    message = "优惠券状态已变化，请刷新后重试"


class CouponUnavailable(ShopError):
    """The coupon is the member's own, but used, held by another order, or outside its window."""

    code = "coupon_unavailable"
    message = "优惠券不可用"


def take(*, order_no: str, member_id: int, public_ids: Collection[UUID], at: datetime) -> None:
    """Give a member's coupons to an order: owner, unused and in its window are one guarded UPDATE.

    Repeating it for the same order changes nothing. Raises NotFound for a coupon that is not the member's,
    CouponUnavailable, with nothing held, for one that cannot be used, CouponConflict for an order that had
    it before and gave it back.
    """
    mine = Q(public_id__in=public_ids, member_id=member_id)
    # In order of their ids, so that two orders that want the same coupons queue instead of deadlocking.
    coupons = list(Coupon.objects.filter(mine).order_by("id").select_for_update(no_key=True))
    if len(coupons) != len(set(public_ids)):
        raise NotFound
    if all(coupon.order_no == order_no for coupon in coupons):
        return
    usable = Coupon.objects.filter(
        mine, status=CouponStatus.AVAILABLE, recalled_at__isnull=True, valid_from__lte=at, valid_until__gt=at
    )
    with transaction.atomic():  # a savepoint: of two coupons none is held when one cannot be
        if usable.update(status=CouponStatus.HELD, order_no=order_no) != len(coupons):
            raise CouponUnavailable(details={"coupon_ids": [str(public_id) for public_id in public_ids]})
    with transactions.refine({"coupon_move_once_per_cause": CouponConflict}):
        _append(coupons, move="hold", to_status=CouponStatus.HELD, order_no=order_no, at=at)


def use(*, use_no: str, coupon: Coupon, operator: User, at: datetime) -> None:
    """Use a coupon at a shop's till: owner, unused and in its window are one guarded UPDATE here, too.

    ``use_no`` is the use's number. Raises CouponUnavailable.
    """
    (locked,) = Coupon.objects.filter(pk=coupon.pk).select_for_update(no_key=True)
    usable = Coupon.objects.filter(
        pk=coupon.pk,
        member_id=coupon.member_id,
        status=CouponStatus.AVAILABLE,
        recalled_at__isnull=True,
        valid_from__lte=at,
        valid_until__gt=at,
    )
    if not usable.update(
        status=LIFECYCLE.target(move="use", current=CouponStatus.AVAILABLE), order_no=use_no
    ):
        raise CouponUnavailable(details={"coupon_ids": [str(coupon.public_id)]})
    _append([locked], move="use", to_status=CouponStatus.USED, order_no=use_no, operator=operator, at=at)


def move(
    coupons: Collection[Coupon],
    *,
    move: str,
    at: datetime,
    order_no: str = "",
    operator: User | None = None,
    note: str = "",
) -> None:
    """Move coupons, which the caller has locked, and append one ledger row for each: two statements.

    Raises MoveRefused where the lifecycle has no such move from where one of them stands.
    """
    if not coupons:
        return
    targets = {LIFECYCLE.target(move=move, current=coupon.status) for coupon in coupons}
    (target,) = targets  # a move leads to one status, wherever it starts
    rows = Coupon.objects.filter(
        pk__in=[coupon.pk for coupon in coupons], status__in={coupon.status for coupon in coupons}
    )
    if rows.update(status=target, order_no=order_no if target in _TAKEN else "") != len(coupons):
        transaction.set_rollback(True)
        raise CouponConflict
    _append(coupons, move=move, to_status=target, order_no=order_no, at=at, operator=operator, note=note)


def _append(
    coupons: Collection[Coupon],
    *,
    move: str,
    to_status: str,
    order_no: str,
    at: datetime,
    operator: User | None = None,
    note: str = "",
) -> None:
    CouponMove.objects.bulk_create(
        CouponMove(
            coupon=coupon,
            move=move,
            from_status=coupon.status,
            to_status=to_status,
            order_no=order_no,
            business_key=f"{order_no}:{move}" if order_no else move,
            operator=operator,
            note=note,
            at=at,
        )
        for coupon in coupons
    )
