"""Keeps parcels' ways: what couriers told, line by line, and how each parcel stands. Who asks WeChat is upstairs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.base import transactions
from apps.couriers import services as couriers
from apps.couriers.errors import CourierRefused
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import Parcel, Trace, TraceEvent
from apps.fulfillment.states import TRACE_ENDS, TRACE_LIFECYCLE, TraceSource, TraceState, move_of
from apps.orders.states import Status
from apps.outbox import services as outbox
from apps.wechat import paths
from mall import text as texts
from mall.errors import NotFound, ShopError
from mall.events import ParcelDelivered
from mall.lifecycle import MoveRefused

# A parcel is at a courier's station some hours after it was handed in; the waits grow as long as nothing is new.
_WAITS: Final = (timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), timedelta(hours=12))
# One that is being carried out arrives within the day.
_CARRIED_OUT: Final = timedelta(hours=1)
# Nobody is asked about a parcel for ever (Kuaidi100 itself watches for 60 days).
_ASKED_FOR: Final = timedelta(days=30)
_TOKEN_AGAIN: Final = timedelta(minutes=30)
# While somebody asks, the row is nobody else's; long enough for a worker that was killed to be missed.
_LEASE: Final = timedelta(minutes=10)
# An order is over when it is received, refunded or closed: then nobody waits for its parcels.
_AWAITED: Final = (Status.PAID, Status.SHIPPED)
# Couriers' clocks may be ahead by a little; what is further ahead is no time.
_AHEAD: Final = timedelta(minutes=10)
_MOST_EVENTS: Final = 200
_LONGEST_TEXT: Final = 500


class NotToBeAsked(ShopError):
    """The parcel has arrived or came back, or was asked about within half an hour: Kuaidi100 would lock its number."""

    code = "parcel_not_to_be_asked"
    message = "包裹已签收或退回，或半小时内已查询过"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a parcel's way."""

    at: datetime
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a source said of a number: its own word for how the parcel stands ("" for none), and lines in any order."""

    source: TraceSource
    raw: str = ""
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A parcel about which somebody is to be asked now."""

    parcel_no: str
    order_no: str
    carrier_id: str
    tracking_no: str
    openid: str = field(repr=False)
    phone: str = field(repr=False)
    token: str = field(repr=False, default="")


def begin(*, parcel: Parcel, at: datetime) -> None:
    """Follow a parcel that leaves now; the caller has the order's lock."""
    transactions.require()
    Trace.objects.create(parcel=parcel, token_due_at=at, ask_at=at + _WAITS[0], moved_at=at)


def begin_anew(*, parcel: Parcel, at: datetime) -> None:
    """Follow a parcel under the number that it bears from now on; the caller has the order's lock."""
    transactions.require()
    Trace.objects.filter(parcel=parcel).update(
        state=TraceState.WAITING,
        waybill_token="",
        token_due_at=at,
        ask_at=at + _WAITS[0],
        quiet=0,
        checked_at=None,
        moved_at=at,
        delivered_at=None,
        last_error="",
    )


def take_without_token(*, at: datetime, parcel_no: str | None = None) -> Asked | None:
    """Return a parcel whose waybill_token is to be asked for, kept from others meanwhile; None: there is none.

    ``parcel_no`` names one that a shopper looks at; else the one that waits longest.
    """
    rows = Trace.objects.filter(token_due_at__lte=at)
    if parcel_no is not None:
        rows = rows.filter(parcel__parcel_no=parcel_no)
    with transaction.atomic():
        row = rows.order_by("token_due_at").select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        Trace.objects.filter(pk=row.pk).update(token_due_at=at + _LEASE)
        return _asked(row)


def take_due(*, at: datetime) -> Asked | None:
    """Return the parcel that should have been asked about longest ago, kept from others meanwhile.

    A parcel for which nobody waits any more is not asked about again. None: nothing is due.
    """
    while True:
        with transaction.atomic():
            due = Trace.objects.filter(ask_at__lte=at).order_by("ask_at")
            row = due.select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            parcel = Parcel.objects.select_related("order").get(pk=row.parcel_id)
            if parcel.order.status in _AWAITED and at < parcel.shipped_at + _ASKED_FOR:
                Trace.objects.filter(pk=row.pk).update(ask_at=at + _LEASE)
                return _asked(row)
            Trace.objects.filter(pk=row.pk).update(ask_at=None)


def keep_token(*, asked: Asked, token: str) -> None:
    """Keep the token of a number, unless the parcel has another number by now."""
    _still(asked).update(waybill_token=token, token_due_at=None)


def no_token(*, asked: Asked, why: str, again: bool, at: datetime) -> None:
    """Write down why there is no token; asked for ``again`` later, or not any more."""
    due_at = at + _TOKEN_AGAIN if again else None
    _still(asked).update(waybill_token="", token_due_at=due_at, last_error=why[:200])


def could_not_ask(*, asked: Asked, why: str, at: datetime) -> None:
    """Write down why nothing was heard, and ask again as late as if nothing was new."""
    _still(asked).filter(ask_at__isnull=False).update(ask_at=at + _WAITS[0], last_error=why[:200])


def way_of(asked: Asked) -> News | None:
    """Ask the tracking service about a parcel; None where it cannot be asked about this one (any more).

    Raises CourierUnavailable.
    """
    if not couriers.knows(carrier_id=asked.carrier_id, tracking_no=asked.tracking_no):
        return None
    try:
        way = couriers.way_of(carrier_id=asked.carrier_id, tracking_no=asked.tracking_no, phone=asked.phone)
    except CourierRefused:
        return None
    lines = [Line(node.at, node.text, node.place) for node in way.nodes]
    return News(source=TraceSource.KUAIDI100, raw=way.state, lines=lines)


def hear(*, parcel_no: str, tracking_no: str, news: News, at: datetime) -> bool:
    """Keep what a source said of a number, and let the parcel stand as it says. Returns whether anything was new.

    Of a number that the parcel no longer bears nothing is kept. Lines are kept once however often they are told; what is
    told late of an earlier time adds its lines and does not set the parcel back; nothing leads away from the end of its
    way. Publishes ParcelDelivered when it is signed for. Raises NotFound.
    """
    with transaction.atomic():
        row = Trace.objects.select_for_update(of=("self",)).filter(parcel__parcel_no=parcel_no).first()
        if row is None:
            raise NotFound
        parcel = Parcel.objects.select_related("order").get(pk=row.parcel_id)
        if parcel.tracking_no != tracking_no:
            return False
        latest_before = _of_number(row, parcel).values_list("at", flat=True).first()
        fresh = _keep_lines(row, parcel, news, at=at)
        latest = max((line.at for line in fresh), default=None)
        told_late = latest_before is not None and _newest(news, otherwise=latest_before) < latest_before
        moved = _move(row, news, told_late=told_late)
        if moved or fresh:
            row.moved_at = max(latest or row.moved_at, row.moved_at) if fresh else at
        row.quiet = 0 if moved or fresh else row.quiet + 1
        row.checked_at = at
        row.last_error = ""
        _plan(row, parcel, at=at)
        if moved and row.state == TraceState.SIGNED:
            row.delivered_at = latest or at
            news_of_it = ParcelDelivered(order_no=parcel.order.order_no, parcel_no=parcel_no)
            outbox.publish(news_of_it, at=at)
        row.save(
            update_fields=[
                "state", "moved_at", "quiet", "checked_at", "last_error", "ask_at", "delivered_at",
            ]
        )  # fmt: skip
    return moved or bool(fresh)


def hear_path(*, said: paths.PathAdded, at: datetime) -> int:
    """Keep the steps that WeChat pushed, for each parcel of that member with that number; return how many there are."""
    found = parcel_facts.under_number(
        carrier_id=said.carrier_id, tracking_no=texts.tracking(said.tracking_no), openid=said.openid
    )
    news = News(
        source=TraceSource.EXPRESS,
        raw=str(said.actions[-1].kind),
        lines=[Line(action.at, action.text) for action in said.actions],
    )
    for parcel_no in found:
        hear(parcel_no=parcel_no, tracking_no=texts.tracking(said.tracking_no), news=news, at=at)
    return len(found)


def ask_now(*, parcel_no: str, at: datetime) -> None:
    """Have the next sweep ask about a parcel. Raises NotToBeAsked at the end of its way, or where it was asked just now."""
    rested = Q(checked_at=None) | Q(checked_at__lte=at - couriers.LEAST_GAP)
    of_it = Trace.objects.filter(rested, parcel__parcel_no=parcel_no).exclude(state__in=TRACE_ENDS)
    waits = of_it.filter(Q(ask_at=None) | Q(ask_at__gt=at)).update(ask_at=at)
    if not waits and not of_it.exists():
        raise NotToBeAsked


def _move(row: Trace, news: News, *, told_late: bool) -> bool:
    """Let a row stand as a source says; whether that was new. The end of the way counts however late it is told."""
    move = move_of(news.source, news.raw)
    if move is None or (told_late and TRACE_LIFECYCLE.moves[move].target not in TRACE_ENDS):
        return False
    try:
        row.state = TRACE_LIFECYCLE.target(move=move, current=row.state)
    except MoveRefused:
        return False
    return True


def _plan(row: Trace, parcel: Parcel, *, at: datetime) -> None:
    """Set when a parcel is asked about next."""
    if row.state in TRACE_ENDS or at >= parcel.shipped_at + _ASKED_FOR:
        row.ask_at = None
    elif row.state == TraceState.DELIVERING:
        row.ask_at = at + _CARRIED_OUT
    else:
        row.ask_at = at + _WAITS[min(row.quiet, len(_WAITS) - 1)]


def _keep_lines(row: Trace, parcel: Parcel, news: News, *, at: datetime) -> list[TraceEvent]:
    """Keep the lines that are not kept yet, and return them. The row's lock makes it one writer."""
    room = _MOST_EVENTS - _of_number(row, parcel).count()
    known = set(_of_number(row, parcel).values_list("at", "digest"))
    fresh: dict[tuple[datetime, str], TraceEvent] = {}
    for line in sorted(news.lines, key=lambda one: one.at):
        text = texts.plain(line.text)[:_LONGEST_TEXT]
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = (line.at, digest)
        if not text or line.at > at + _AHEAD or key in known or key in fresh or len(fresh) >= room:
            continue
        fresh[key] = TraceEvent(
            trace=row,
            tracking_no=parcel.tracking_no,
            at=line.at,
            text=text,
            place=texts.plain(line.place)[:60],
            source=news.source,
            digest=digest,
        )
    return TraceEvent.objects.bulk_create(fresh.values())


def _newest(news: News, *, otherwise: datetime) -> datetime:
    return max((line.at for line in news.lines), default=otherwise)


def _of_number(row: Trace, parcel: Parcel) -> QuerySet[TraceEvent]:
    return TraceEvent.objects.filter(trace=row, tracking_no=parcel.tracking_no)


def _still(asked: Asked) -> QuerySet[Trace]:
    """The row of a parcel that was asked about, as long as it bears that number."""
    return Trace.objects.filter(
        parcel__parcel_no=asked.parcel_no,
        parcel__tracking_no=asked.tracking_no,
        parcel__carrier__code=asked.carrier_id,
    )


def _asked(row: Trace) -> Asked:
    parcel = Parcel.objects.select_related("order__member", "carrier").get(pk=row.parcel_id)
    return Asked(
        parcel_no=parcel.parcel_no,
        order_no=parcel.order.order_no,
        carrier_id=parcel.carrier.code,
        tracking_no=parcel.tracking_no,
        openid=parcel.order.member.openid,
        phone=str(parcel.order.address.get("phone", "")),
        token=row.waybill_token,
    )
