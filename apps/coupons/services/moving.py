"""The one writer of a coupon's status: asks the lifecycle, changes locked rows, appends to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction

from apps.base import clauses
from apps.base.clauses import Clause, Part
from apps.coupons.models import Coupon, CouponMove
from apps.coupons.states import LIFECYCLE, CouponStatus
from mall.errors import NotFound, ShopError

_TAKEN = {CouponStatus.HELD, CouponStatus.USED}
# One coupon, as nearly every order has: nobody can wait for another in a circle, so it is asked and taken at once. Where
# this changes nothing, _ASK says why.
_TAKEN_AND_NOTED: Final = """
    coupon_taken AS (
        UPDATE coupons_coupon AS coupon SET status = 'HELD', order_no = {order_no}
         WHERE coupon.public_id = {coupon_id} AND coupon.member_id = {member_id}
           AND coupon.status = 'AVAILABLE' AND coupon.recalled_at IS NULL
           AND coupon.valid_from <= {at} AND coupon.valid_until > {at}
           AND NOT EXISTS (SELECT 1 FROM coupons_couponmove AS earlier
                            WHERE earlier.coupon_id = coupon.id AND earlier.business_key = {order_no} || ':hold')
           AND {after}
        RETURNING id
    ), coupon_noted AS (
        INSERT INTO coupons_couponmove
               (coupon_id, move, from_status, to_status, order_no, business_key, note, at)
        SELECT id, 'hold', 'AVAILABLE', 'HELD', {order_no}, {order_no} || ':hold', '', {at} FROM coupon_taken
        ON CONFLICT (coupon_id, business_key) DO NOTHING
        RETURNING id
    )
"""
_TAKE_ONE: Final = Part(
    _TAKEN_AND_NOTED,
    done="(SELECT count(*) FROM coupon_noted) = 1",
    answers=("(SELECT count(*) FROM coupon_taken)", "(SELECT count(*) FROM coupon_noted)"),
    types={"order_no": "text", "member_id": "bigint", "at": "timestamptz", "coupon_id": "uuid"},
)
# Likewise of one coupon that an order holds: it is used up.
_USE_UP: Final = Part(
    """
    coupon_used AS (
        UPDATE coupons_coupon SET status = 'USED'
         WHERE public_id = {coupon_id} AND order_no = {order_no} AND status = 'HELD' AND {after}
        RETURNING id
    ), coupon_noted AS (
        INSERT INTO coupons_couponmove
               (coupon_id, move, from_status, to_status, order_no, business_key, note, at)
        SELECT id, 'commit', 'HELD', 'USED', {order_no}, {order_no} || ':commit', '', {at} FROM coupon_used
    )
    """,
    done="EXISTS (SELECT FROM coupon_used)",
    answers=("EXISTS (SELECT FROM coupon_used)",),
    types={"order_no": "text", "at": "timestamptz", "coupon_id": "uuid"},
)
# In order of their ids, so that two orders that want the same coupons queue instead of deadlocking. Moves of a coupon
# are appended under its lock only, so that what is asked here stays true until it is taken.
_ASK: Final = """
    SELECT coupon.id, coupon.order_no,
           coupon.status = 'AVAILABLE' AND coupon.recalled_at IS NULL
               AND coupon.valid_from <= %(at)s AND coupon.valid_until > %(at)s,
           EXISTS (SELECT 1 FROM coupons_couponmove AS earlier
                    WHERE earlier.coupon_id = coupon.id AND earlier.business_key = %(business_key)s)
      FROM coupons_coupon AS coupon
     WHERE coupon.public_id = ANY(%(ids)s::uuid[]) AND coupon.member_id = %(member_id)s
     ORDER BY coupon.id
       FOR NO KEY UPDATE OF coupon
"""
_TAKE: Final = """
    WITH taken AS (
        UPDATE coupons_coupon SET status = 'HELD', order_no = %(order_no)s
         WHERE id = ANY(%(coupon_ids)s) AND status = 'AVAILABLE'
        RETURNING id
    ), noted AS (
        INSERT INTO coupons_couponmove
               (coupon_id, move, from_status, to_status, order_no, business_key, note, at)
        SELECT id, 'hold', 'AVAILABLE', 'HELD', %(order_no)s, %(business_key)s, '', %(at)s FROM taken
        ON CONFLICT (coupon_id, business_key) DO NOTHING
        RETURNING id
    )
    SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM noted)
"""


class CouponConflict(ShopError):
    """The coupon is not where the call needs it to be, so nothing was changed."""

    code = "coupon_conflict"
    message = "优惠券状态已变化，请刷新后重试"


class CouponUnavailable(ShopError):
    """The coupon is the member's own, but used, held by another order, or outside its window."""

    code = "coupon_unavailable"
    message = "优惠券不可用"


def take(*, order_no: str, member_id: int, public_ids: Collection[UUID], at: datetime) -> None:
    """Give a member's coupons to an order: owner, unused and in their window are asked under their lock. One coupon
    is one statement, more are two.

    Repeating it for the same order changes nothing. Raises NotFound for a coupon that is not the member's,
    CouponUnavailable, with nothing held, for one that cannot be used, CouponConflict for an order that had
    it before and gave it back.
    """
    if len(public_ids) == 1:
        (public_id,) = public_ids
        clauses.run([taking(order_no=order_no, member_id=member_id, public_id=public_id, at=at)])
    else:
        _ask_and_take(order_no=order_no, member_id=member_id, public_ids=public_ids, at=at)


def taking(*, order_no: str, member_id: int, public_id: UUID, at: datetime) -> Clause:
    """The clause of ``take``, of one coupon: done where it can be used."""
    told = {"order_no": order_no, "member_id": member_id, "at": at, "coupon_id": str(public_id)}

    def settle(taken: int, noted: int) -> bool:
        if taken:
            _require_noted(taken, noted)
            return True
        _ask_and_take(order_no=order_no, member_id=member_id, public_ids=[public_id], at=at)
        return False

    return Clause(_TAKE_ONE, told, settle)


def using_up(*, order_no: str, public_id: UUID, otherwise: Callable[[], None], at: datetime) -> Clause:
    """The clause that uses up the one coupon that an order holds; where it does not hold it, ``otherwise`` goes on."""

    def settle(used: bool) -> bool:
        if not used:
            otherwise()
        return used

    return Clause(_USE_UP, {"order_no": order_no, "at": at, "coupon_id": str(public_id)}, settle)


def _ask_and_take(*, order_no: str, member_id: int, public_ids: Collection[UUID], at: datetime) -> None:
    said: dict[str, Any] = {
        "ids": [str(public_id) for public_id in public_ids],
        "member_id": member_id,
        "at": at,
        "order_no": order_no,
        "business_key": f"{order_no}:hold",
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK, said)
        rows = cursor.fetchall()
        if len(rows) != len(set(public_ids)):
            raise NotFound
        if all(held_by == order_no for _, held_by, _, _ in rows):
            return
        if not all(usable for _, _, usable, _ in rows):
            raise CouponUnavailable(details={"coupon_ids": said["ids"]})
        if any(had_before for _, _, _, had_before in rows):
            raise CouponConflict
        cursor.execute(_TAKE, said | {"coupon_ids": [coupon_id for coupon_id, _, _, _ in rows]})
        taken, noted = cursor.fetchone()
    if taken != len(rows):
        transaction.set_rollback(True)
        raise CouponUnavailable(details={"coupon_ids": said["ids"]})
    _require_noted(taken, noted)


def _require_noted(taken: int, noted: int) -> None:
    """Refuse what the ledger has already: a repeated call that waited for the first. Raises CouponConflict."""
    if taken != noted:
        transaction.set_rollback(True)
        raise CouponConflict


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
    locked.order_no = use_no
    _append([locked], move="use", to_status=CouponStatus.USED, operator=operator, at=at)


def move(
    coupons: Collection[Coupon],
    *,
    move: str,
    at: datetime,
    operator: User | None = None,
    note: str = "",
) -> None:
    """Move coupons, which the caller has locked, and append one ledger row for each: two statements.

    The rows name the orders that have the coupons; who has one no more after the move is forgotten. Raises MoveRefused
    where the lifecycle has no such move from where one of them stands.
    """
    if not coupons:
        return
    targets = {LIFECYCLE.target(move=move, current=coupon.status) for coupon in coupons}
    (target,) = targets  # a move leads to one status, wherever it starts
    rows = Coupon.objects.filter(
        pk__in=[coupon.pk for coupon in coupons], status__in={coupon.status for coupon in coupons}
    )
    forgotten = {} if target in _TAKEN else {"order_no": ""}
    if rows.update(status=target, **forgotten) != len(coupons):
        transaction.set_rollback(True)
        raise CouponConflict
    _append(coupons, move=move, to_status=target, at=at, operator=operator, note=note)


def _append(
    coupons: Collection[Coupon],
    *,
    move: str,
    to_status: str,
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
            order_no=coupon.order_no,
            business_key=f"{coupon.order_no}:{move}" if coupon.order_no else move,
            operator=operator,
            note=note,
            at=at,
        )
        for coupon in coupons
    )
