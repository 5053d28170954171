"""The four verbs of a seat: held with the order, taken at payment, given back when it closes or is refunded.

Locks come in one order everywhere: the order, its seat, its group; other orders only with SKIP LOCKED (``groups``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.base import transactions
from apps.campaigns import services as campaigns
from apps.campaigns.services import LimitReached, SoldOut
from apps.groupbuy import progress
from apps.groupbuy.models import Group, Seat
from apps.groupbuy.services import groups
from apps.groupbuy.states import KIND, SEAT_LIFECYCLE, SeatStatus
from apps.outbox import services as outbox
from mall.errors import Kind, NotFound, ShopError
from mall.events import SeatRefused

__all__ = [
    "GroupClosed",
    "GroupFull",
    "GroupJoinedAlready",
    "GroupNewcomersOnly",
    "LimitReached",
    "SoldOut",
    "commit",
    "hold",
    "release",
    "restore",
]


class GroupFull(ShopError):
    """Every place in the group is taken, those of unpaid orders included."""

    code = "group_full"
    message = "该团人数已满"
    kind = Kind.CONFLICT


class GroupClosed(ShopError):
    """The group's time is over, or it was ended: nobody joins it any more."""

    code = "group_closed"
    message = "该团已结束"
    kind = Kind.CONFLICT


class GroupJoinedAlready(ShopError):
    """The member has a place in the group, paid or not; ``details`` has the ``order_no``."""

    code = "group_joined_already"
    message = "您已在该团中"
    kind = Kind.CONFLICT


class GroupNewcomersOnly(ShopError):
    """Only who never paid for an order may join; ``details`` has the ``reason``: openid, phone or address."""

    code = "group_newcomers_only"
    message = "该团仅限新人参加"
    kind = Kind.CONFLICT


# One statement: the group's row counts the seat if there is a place, and only then the seat is written.
_JOIN: Final = """
    WITH had AS (SELECT 1 FROM groupbuy_seat WHERE order_id = %(order_id)s),
    room AS (
        UPDATE groupbuy_group SET held = held + 1
         WHERE group_no = %(group_no)s AND group_buy_id = %(group_buy_id)s AND NOT EXISTS (SELECT 1 FROM had)
           AND failed_at IS NULL AND settled_at IS NULL AND ends_at > %(at)s AND joined + held < largest
        RETURNING id, ends_at),
    seat AS (
        INSERT INTO groupbuy_seat
               (order_id, group_buy_id, group_id, member_id, status, held_at)
        SELECT %(order_id)s, %(group_buy_id)s, id, %(member_id)s, 'HELD', %(at)s FROM room
        ON CONFLICT (group_id, member_id) WHERE status IN ('HELD', 'PAID') DO NOTHING
        RETURNING id)
    SELECT (SELECT count(*) FROM had), (SELECT ends_at FROM room), (SELECT count(*) FROM seat),
           (SELECT limit_per_member FROM groupbuy_groupbuy WHERE id = %(group_buy_id)s)
"""
# The terms are those of now, in the same statement that holds the seat.
_OPEN: Final = """
    WITH had AS (SELECT 1 FROM groupbuy_seat WHERE order_id = %(order_id)s),
    ladders AS (
        SELECT jsonb_object_agg(sku_id, ladder) AS kept FROM (
            SELECT sku_id, jsonb_object_agg(size, price_fen) AS ladder FROM groupbuy_price
             WHERE group_buy_id = %(group_buy_id)s GROUP BY sku_id) AS of_sku),
    seat AS (
        INSERT INTO groupbuy_seat
               (order_id, group_buy_id, member_id, status, held_at, kept_terms, minutes)
        SELECT %(order_id)s, id, %(member_id)s, 'HELD', %(at)s, ladders.kept, minutes_per_group
          FROM groupbuy_groupbuy, ladders
         WHERE id = %(group_buy_id)s AND ladders.kept IS NOT NULL AND NOT EXISTS (SELECT 1 FROM had)
        RETURNING id)
    SELECT (SELECT count(*) FROM had), NULL, (SELECT count(*) FROM seat),
           (SELECT limit_per_member FROM groupbuy_groupbuy WHERE id = %(group_buy_id)s)
"""


def hold(
    *,
    order_id: int,
    order_no: str,
    member_id: int,
    group_buy_id: int,
    group_no: str | None,
    units: int,
    at: datetime,
) -> datetime | None:
    """Take a seat and so many units for an unpaid order: two statements; return when the group ends, None for a new one.

    ``group_no`` is the group that is joined, None to open one. Holding again for the same order changes nothing. Raises
    NotFound, GroupFull, GroupClosed, GroupJoinedAlready, LimitReached, SoldOut; the caller's transaction must then be
    rolled back.
    """
    transactions.require()
    told: dict[str, Any] = {
        "order_id": order_id,
        "member_id": member_id,
        "group_buy_id": group_buy_id,
        "group_no": group_no,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN if group_no is None else _JOIN, told)
        had, ends_at, seated, limit = cursor.fetchone()
    if not had and not seated:
        raise _why_not(group_no, group_buy_id, member_id, at=at)
    if group_no is not None:
        progress.changes(group_no)
    campaigns.hold(
        kind=KIND,
        key=str(group_buy_id),
        order_no=order_no,
        member_id=member_id,
        units=units,
        limit=limit,
        at=at,
    )
    moment: datetime | None = ends_at
    return moment


def commit(*, order_id: int, order_no: str, paid_at: datetime, at: datetime) -> None:
    """The order is paid: its group opens, or has one more; or it is told that there is no place any more. Safe to repeat.

    The caller has locked the order and moved it to GATHERING. With the last member the group is formed, and with it
    every order in it; with the largest number it is over. ``paid_at`` is when WeChat says that it was paid: at or after the
    group's end is too late, and before it is in time as long as nobody has ended the group.
    """
    transactions.require()
    seat = Seat.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
    if seat is None or seat.status != SeatStatus.HELD:
        return
    campaigns.commit(order_no=order_no, at=at)
    if seat.group_id is None:
        groups.open_with(seat, order_no=order_no, at=at)
        return
    group = groups.locked(pk=seat.group_id)
    group.held -= 1
    if group.is_over or paid_at >= group.ends_at or group.joined >= group.largest:
        _move(seat, "refuse")
        groups.save_counts(group)
        outbox.publish(SeatRefused(order_no=order_no, member_id=seat.member_id), at=at)
        return
    seat.paid_at = at
    _move(seat, "pay")
    groups.join(group, at=at)


def release(*, order_id: int, order_no: str, at: datetime) -> None:
    """Give back what an unpaid order holds. Safe to repeat."""
    transactions.require()
    seat = Seat.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
    if seat is not None and seat.status == SeatStatus.HELD:
        _move(seat, "leave")
        if seat.group_id is not None:
            group = groups.locked(pk=seat.group_id)
            group.held -= 1
            groups.save_counts(group)
    campaigns.release(order_no=order_no, at=at)


def restore(*, order_id: int, order_no: str, units: int, whole: bool, cause: str, at: datetime) -> None:
    """Give back so many units of a paid order; where ``whole`` of it goes, its seat too, unless the group is formed.

    What is refunded after a group was formed, or has failed, changes nobody else's group. ``cause`` is the refund's number.
    """
    transactions.require()
    if whole:
        seat = Seat.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
        if seat is not None and seat.status == SeatStatus.PAID and seat.group_id is not None:
            groups.leave(groups.locked(pk=seat.group_id), seat, at=at)
    campaigns.restore(order_no=order_no, units=units, cause=cause, at=at)


def _move(seat: Seat, move: str) -> None:
    seat.status = SeatStatus(SEAT_LIFECYCLE.target(move=move, current=seat.status))
    seat.save(update_fields=["status", "paid_at"])


def _why_not(group_no: str | None, group_buy_id: int, member_id: int, *, at: datetime) -> ShopError:
    """Why there is no seat: a group of another campaign is none, nor a group-buy without prices."""
    group = Group.objects.filter(group_no=group_no, group_buy_id=group_buy_id).first()
    if group is None:
        return NotFound()
    if refusal := refusal_of(group, member_id=member_id, at=at):
        return refusal
    # Somebody gave a place up between the two statements.
    return GroupFull()


def no_place(*, order_id: int, at: datetime) -> ShopError | None:
    """Why a payment for a held seat would find no place: the group is full without it, or over. None where it would.

    Nothing is locked: what happens between this and the payment is decided when it is paid.
    """
    seat = Seat.objects.filter(order_id=order_id, status=SeatStatus.HELD).select_related("group").first()
    if seat is None or seat.group is None:
        return None
    if seat.group.joined >= seat.group.largest:
        return GroupFull()
    return GroupClosed() if seat.group.is_over or at >= seat.group.ends_at else None


def refusal_of(group: Group, *, member_id: int, at: datetime) -> ShopError | None:
    """Why this member cannot join the group now, None if they can: at most one query."""
    if group.joined < group.largest and (group.is_over or at >= group.ends_at):
        return GroupClosed()
    mine = group.seats.filter(member_id=member_id, status__in=[SeatStatus.HELD, SeatStatus.PAID])
    order_no = mine.values_list("order__order_no", flat=True).first()
    if order_no is not None:
        return GroupJoinedAlready(details={"order_no": order_no})
    return GroupFull() if group.joined + group.held >= group.largest else None
