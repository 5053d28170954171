"""The waiting list of a good: who queues, whose turn it is, for how long. The one place that writes ``Wait``.

A right sets a unit of the quota aside (``campaigns.set_aside``), so that nobody who passes by can take it. Locks are
taken in one order by all: rights that end or are used, the quota, places that wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.base import planned, transactions
from apps.campaigns import services as campaigns
from apps.campaigns.admission import check_open
from apps.campaigns.models import Quota
from apps.campaigns.refusals import ActivityNotFound
from apps.campaigns.states import Approval
from apps.flashsale import gate
from apps.flashsale import selectors as flash_facts
from apps.flashsale.models import Good, Wait
from apps.flashsale.selectors import KIND
from apps.flashsale.services.admitting import check_group
from apps.flashsale.states import WAIT, WaitState
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.outbox import services as outbox
from mall.errors import Kind, ShopError
from mall.events import FlashTurnGiven

# How long a right lasts, at most to the end of the session.
RIGHT: Final = timedelta(minutes=10)
_BATCH: Final = 200
_USE_RIGHT: Final = """
    WITH used AS (
        UPDATE flashsale_wait SET state = %(used)s, order_no = %(order_no)s
         WHERE good_id = %(good_id)s AND member_id = %(member_id)s AND state = %(yours)s AND until > %(at)s
        RETURNING id)
    SELECT limit_per_member, EXISTS (SELECT FROM used) FROM flashsale_good WHERE id = %(good_id)s
"""


class NotSoldOut(ShopError):
    """There are units left: order, do not wait."""

    code = "activity_not_sold_out"
    message = "商品还有剩余，可直接下单"
    kind = Kind.CONFLICT


def wait(*, good_id: int, member: Member, at: datetime) -> int:
    """Queue for what comes back of a good that is sold out; return which one in the queue the member is, 1 is next.

    Who queues already keeps the place. Raises ActivityNotFound, NotStarted, Ended, NotForYou, LimitReached, and
    NotSoldOut, also for who has a right to a unit now.
    """
    session, good = flash_facts.find(good_id, at=at)
    check_open(session, at=at)
    if good.withdrawn:
        raise ActivityNotFound
    check_group(session, member=member)
    if Wait.objects.filter(good_id=good_id, member=member, state=WaitState.YOURS, until__lte=at).exists():
        _pass(good_id, at=at)  # its time is over, and no sweep has come by yet
    with transaction.atomic():
        # What comes back meanwhile waits for this lock, and then sees the new place.
        campaigns.lock(kind=KIND, key=good.key)
        row = Wait.objects.filter(good_id=good_id, member=member).first()
        if row is not None and row.state == WaitState.WAITING:
            return flash_facts.place_of(row)
        left = flash_facts.lefts([good], member=member, at=at)[good_id]
        if left.units or (row is not None and row.state == WaitState.YOURS):
            raise NotSoldOut(details={"left": left.units})
        if left.used >= good.limit_per_member:
            raise campaigns.LimitReached(details={"limit": good.limit_per_member, "used": left.used})
        if row is None:
            row = Wait.objects.create(good_id=good_id, member=member, queued_at=at)
        else:
            row.state = WAIT.target(move="queue_again", current=row.state)
            row.queued_at, row.until, row.order_no = at, None, ""
            row.save(update_fields=["state", "queued_at", "until", "order_no"])
        return flash_facts.place_of(row)


class Entry(NamedTuple):
    """How a member comes to a good: what one member may have of it, and whether it is by a waiter's right."""

    limit: int
    by_right: bool


def use_right(*, good_id: int, member_id: int, order_no: str, at: datetime) -> Entry:
    """Use up the member's right to a unit, if there is one at this moment, for an order: one statement."""
    transactions.require()
    told: dict[str, Any] = {
        "good_id": good_id,
        "member_id": member_id,
        "order_no": order_no,
        "yours": WaitState.YOURS.value,
        "used": WAIT.target(move="use", current=WaitState.YOURS),
        "at": at,
    }
    return Entry(*planned.row(_USE_RIGHT, told))


def give_turns(*, good_id: int, at: datetime, coming: int = 0) -> int:
    """Give a right to as many who wait as there are units that nobody has a right to; return to how many.

    ``coming`` units lie on the shelf when this transaction is over. Nobody's turn comes outside of the window.
    """
    transactions.require()
    transaction.on_commit(lambda: gate.reopen(good_id), robust=True)
    quota = campaigns.lock(kind=KIND, key=str(good_id))
    queue = Wait.objects.filter(good_id=good_id, state=WaitState.WAITING).order_by("queued_at", "id")
    if not queue.exists():
        return 0
    good = Good.objects.select_related("session").get(pk=good_id)
    session = good.session
    if (
        good.withdrawn
        or session.approval != Approval.APPROVED
        or not session.starts_at <= at < session.ends_at
    ):
        return 0
    free = _free(quota, good, coming=coming)
    rows = list(queue.select_for_update()[: max(0, free)])
    until = min(at + RIGHT, session.ends_at)
    for row in rows:
        row.state = WAIT.target(move="give", current=row.state)
        row.until = until
        outbox.publish(
            FlashTurnGiven(member_id=row.member_id, good_id=good_id, until=until.isoformat()), at=at
        )
    Wait.objects.bulk_update(rows, ["state", "until"])
    if rows:
        campaigns.set_aside(kind=KIND, key=good.key, units=len(rows))
    return len(rows)


def _free(quota: Quota, good: Good, *, coming: int) -> int:
    """How many units nobody has, nor has a right to: of the quota, and of what lies on the shelf."""
    shelf = stock_facts.available([good.sku_id])[good.sku_id] + coming
    of_quota = shelf if quota.quota is None else quota.quota - quota.taken
    return min(of_quota, shelf) - quota.set_aside


def pass_turns(*, at: datetime) -> int:
    """End the rights whose time is over and the places of sessions that are over; give free units to who waits.

    Returns how many places changed. Each good by itself.
    """
    overdue = Wait.objects.filter(state=WaitState.YOURS, until__lte=at)
    waiting = Wait.objects.filter(state=WaitState.WAITING)
    goods = {*overdue.values_list("good_id", flat=True)[:_BATCH]}
    goods |= {*waiting.values_list("good_id", flat=True).order_by("good_id").distinct()[:_BATCH]}
    return sum(_pass(good_id, at=at) for good_id in sorted(goods))


@transaction.atomic
def _pass(good_id: int, *, at: datetime) -> int:
    good = Good.objects.select_related("session").get(pk=good_id)
    session = good.session
    over = good.withdrawn or session.approval == Approval.STOPPED or at >= session.ends_at
    mine = Wait.objects.filter(good_id=good_id).order_by("id")
    rights = mine.filter(state=WaitState.YOURS)
    ended = list((rights if over else rights.filter(until__lte=at)).select_for_update())
    _lapse(ended, key=good.key)
    if not over:
        return len(ended) + give_turns(good_id=good_id, at=at)
    campaigns.lock(kind=KIND, key=good.key)
    places = list(mine.filter(state=WaitState.WAITING).select_for_update())
    _lapse(places, key=good.key)
    return len(ended) + len(places)


def _lapse(rows: list[Wait], *, key: str) -> None:
    """End places and rights; units that were set aside for them are free."""
    rights = sum(row.state == WaitState.YOURS for row in rows)
    for row in rows:
        row.state = WAIT.target(move="lapse", current=row.state)
    Wait.objects.bulk_update(rows, ["state"])
    if rights:
        campaigns.set_aside(kind=KIND, key=key, units=-rights)
