"""Groups from their opening to their end. Here alone their status and counts are written, under their row's lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import audit, numbers, transactions
from apps.groupbuy import progress, sharing
from apps.groupbuy import selectors as group_facts
from apps.groupbuy.models import Group, Seat
from apps.groupbuy.states import GROUP_LIFECYCLE, SEAT_LIFECYCLE, GroupStatus, SeatStatus
from apps.groupbuy.terms import Terms
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from mall.errors import Kind, ShopError
from mall.events import GroupFailed, GroupFormed, GroupLacksOne, GroupSettled

# So many groups are ended in one transaction, and in one sweep.
_BATCH: Final = 50
_MOST: Final = 2000
_NOTE: Final = "已成团"


class GroupOver(ShopError):
    """The group is formed, or was ended already."""

    code = "group_over"
    message = "该团已成团或已结束"
    kind = Kind.CONFLICT


def locked(**wanted: Any) -> Group:
    """The group, locked until the end of the transaction; from now on nobody answers what was kept of its progress."""
    group = Group.objects.select_for_update(no_key=True).get(**wanted)
    progress.changes(group.group_no)
    return group


def open_with(seat: Seat, *, order_no: str, at: datetime) -> Group:
    """Open the group of a seat whose order has just been paid; its clock starts now."""
    transactions.require()
    ladder = Terms.read(seat.kept_terms or {})
    group = Group.objects.create(
        group_no=numbers.dated("PT", at=at),
        group_buy_id=seat.group_buy_id,
        leader_id=seat.member_id,
        kept_terms=ladder.as_json(),
        size=ladder.size,
        largest=ladder.largest,
        joined=1,
        opened_at=at,
        ends_at=at + timedelta(minutes=seat.minutes or 0),
    )
    seat.group, seat.paid_at = group, at
    seat.status = SeatStatus(SEAT_LIFECYCLE.target(move="pay", current=seat.status))
    seat.save(update_fields=["group", "status", "paid_at"])
    orders.note_activity(order=orders.lock(order_no=order_no), group_no=group.group_no)
    _tell_lack(group, at=at)
    return group


def join(group: Group, *, at: datetime) -> None:
    """Count one more who has paid. With the last that was missing it is formed, with the largest number it is over."""
    group.joined += 1
    if group.status == GroupStatus.OPEN and group.joined >= group.size:
        _move(group, "form")
        group.formed_at = at
        outbox.publish(GroupFormed(group_no=group.group_no), at=at)
    _tell_lack(group, at=at)
    if group.joined == group.largest:
        end(group, at=at)
    save_counts(group)
    sharing.tell_cards(group, at=at)
    if group.status == GroupStatus.FORMED:
        form_orders(group, at=at)


def leave(group: Group, seat: Seat, *, at: datetime) -> None:
    """Give up a paid seat of a group that is not formed yet: who came next leads it, and without anybody it fails."""
    if group.status != GroupStatus.OPEN:
        return
    seat.status = SeatStatus(SEAT_LIFECYCLE.target(move="leave", current=seat.status))
    seat.save(update_fields=["status"])
    group.joined -= 1
    rest = group.seats.filter(status=SeatStatus.PAID).order_by("paid_at", "id").first()
    if rest is None:
        _fail(group, at=at)
    elif group.leader_id == seat.member_id:
        group.leader_id = rest.member_id
    save_counts(group)
    if rest is not None:
        sharing.tell_cards(group, at=at)


def end(group: Group, *, at: datetime) -> None:
    """Its time is over, or it is full: a group that is not formed has failed, the price of one that is holds for all.

    The caller has locked it, and saves it.
    """
    if group.status == GroupStatus.OPEN:
        _fail(group, at=at)
    elif group.status == GroupStatus.FORMED and group.settled_at is None:
        group.settled_at = at
        outbox.publish(GroupSettled(group_no=group.group_no), at=at)


def save_counts(group: Group) -> None:
    """Write down what changed of a locked group."""
    group.save(update_fields=["status", "joined", "held", "leader", "formed_at", "failed_at", "settled_at"])


@transaction.atomic
def end_now(*, group_no: str, reason: str, operator: Any, at: datetime) -> None:
    """End a group that is not formed before its time: who paid gets it back. Raises GroupOver."""
    group = locked(group_no=group_no)
    if group.status != GroupStatus.OPEN:
        raise GroupOver
    _fail(group, at=at)
    save_counts(group)
    audit.record(operator=operator, action="提前结束团", subject=group_no, note=reason, at=at)


def end_due(*, at: datetime, before: datetime | None = None) -> int:
    """End the groups whose time is over; return how many. ``at`` is the database's time.

    Only those whose time was over ``before`` a moment, where one is named. Safe to run twice and side by side: a group
    that somebody has in hand is left to the next sweep.
    """
    ended = 0
    while ended < _MOST:
        with transaction.atomic():
            due = group_facts.running().filter(ends_at__lte=at).order_by("ends_at", "id")
            if before is not None:
                due = due.filter(ends_at__lt=before)
            batch = list(due.select_for_update(no_key=True, skip_locked=True)[:_BATCH])
            for group in batch:
                progress.changes(group.group_no)
                end(group, at=at)
                save_counts(group)
        ended += len(batch)
        if len(batch) < _BATCH:
            break
    return ended


def form_orders(group: Group, *, at: datetime, wait: bool = False) -> None:
    """Every order of the group that gathers is a paid order now; safe to repeat.

    An order that somebody has in hand is passed over, so that nobody waits in a circle: the news of the group comes back
    for it (``wait``), holding nothing else.
    """
    transactions.require()
    seated = group.seats.filter(status=SeatStatus.PAID).values("order_id")
    gathering = Order.objects.filter(pk__in=seated, status=Status.GATHERING).order_by("id")
    if not wait:
        gathering = gathering.select_for_update(no_key=True, skip_locked=True)
    for order_no in list(gathering.values_list("order_no", flat=True)):
        if not wait or orders.lock(order_no=order_no).status == Status.GATHERING:
            orders.form(order_no=order_no, actor=Actor.SYSTEM, note=_NOTE, at=at)


def form_rest(*, group_no: str, at: datetime) -> None:
    """Form what was passed over when the group was formed."""
    with transaction.atomic():
        form_orders(Group.objects.get(group_no=group_no), at=at, wait=True)


def _tell_lack(group: Group, *, at: datetime) -> None:
    """With the payment that leaves one missing, everybody who waits may be told."""
    if group.status == GroupStatus.OPEN and group.size - group.joined == 1:
        outbox.publish(GroupLacksOne(group_no=group.group_no), at=at)


def _fail(group: Group, *, at: datetime) -> None:
    _move(group, "fail")
    group.failed_at = at
    outbox.publish(GroupFailed(group_no=group.group_no), at=at)


def _move(group: Group, move: str) -> None:
    group.status = GroupStatus(GROUP_LIFECYCLE.target(move=move, current=group.status))
