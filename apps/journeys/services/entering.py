"""Who enters a journey, and when: at news, and by searches for whoever meets a trigger; each member once an occasion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

import structlog
from django.db import connection, transaction

from apps import outbox
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.base import days, faults, nudges
from apps.journeys import flow as flows
from apps.journeys import keys, meeting
from apps.journeys.flow import Flow
from apps.journeys.meeting import Met
from apps.journeys.models import Inside, Journey, JourneyVersion
from apps.journeys.services import running
from apps.journeys.states import ENTER, MOVE, JourneyStatus
from apps.journeys.steps import OnCart, OnDate, OnSegment
from apps.members.models import Member
from mall.errors import ShopError

log = structlog.get_logger(__name__)

_CHUNK: Final = 2_000
# A clock that stood still for so many days still finds whose day it was.
LATE_DAYS: Final = 3
# How often whom a segment means is compared with whom it meant.
_SEGMENT_EVERY: Final = timedelta(minutes=55)
_CART_EVERY: Final = timedelta(minutes=5)

# Living members who are not there yet, and were not lately: one statement. The keys (member, journey, occasion) and one at a
# time refuse whoever comes twice.
_ENTER: Final = """
    INSERT INTO journeys_participation (member_id, journey_id, version_id, occasion, subject, arm, status, cursor,
                                        next_due_at, exit, entered_at)
    SELECT come.member_id, %(journey)s, %(version)s, come.occasion, come.subject, come.arm, 'WALKING', 1, %(at)s, '', %(at)s
      FROM unnest(%(members)s::bigint[], %(occasions)s::text[], %(subjects)s::text[], %(arms)s::text[])
           AS come (member_id, occasion, subject, arm)
      JOIN members_member AS member ON member.id = come.member_id AND member.disabled_at IS NULL
     WHERE NOT EXISTS (
           SELECT FROM journeys_participation AS before
            WHERE before.member_id = come.member_id AND before.journey_id = %(journey)s
              AND before.entered_at > %(since)s)
        ON CONFLICT DO NOTHING
"""
_EVER: Final = datetime(1, 1, 2, tzinfo=days.day_window(date(2000, 1, 1))[0].tzinfo)


class _Running(NamedTuple):
    """A running journey with its plan in force."""

    journey: Journey
    flow: Flow


@transaction.atomic
def on_news(*, name: str, member_id: int, subject: str, at: datetime) -> int:
    """Let a member into the running journeys that wait for this news; return how many that were.

    ``subject`` (≤ 40) names what happened: the same one lets nobody in twice. They enter when it happened, however late the
    news comes: who ordered in between has ordered after entering.
    """
    entered, happened_at = 0, outbox.announced_at() or at
    waiting = Journey.objects.filter(status=JourneyStatus.LIVE, hears=f"event:{name}").select_related(
        "current"
    )
    for journey in waiting.order_by("pk"):
        try:
            flow = _in_force(journey)
        except ShopError as refusal:
            running.stop_for(journey_id=journey.pk, reason=refusal.text, at=at)
            continue
        entered += enter(journey, flow, [Met(member_id, f"{name}:{subject}", subject)], at=happened_at)
    return entered


def enter(journey: Journey, flow: Flow, people: Iterable[Met], *, at: datetime) -> int:
    """Let members into a journey by its current version; return how many are new. In the caller's transaction."""
    rest, entered = iter(people), 0
    since = _EVER if flow.again_days is None else at - timedelta(days=flow.again_days)
    while some := list(islice(rest, _CHUNK)):
        arms = [
            keys.arm(code=journey.code, member_id=met.member_id, holdout_percent=journey.holdout_percent)
            for met in some
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                _ENTER,
                {
                    "journey": journey.pk,
                    "version": journey.current_id,
                    "at": at,
                    "since": since,
                    "members": [met.member_id for met in some],
                    "occasions": [met.occasion for met in some],
                    "subjects": [met.subject for met in some],
                    "arms": [str(arm) for arm in arms],
                },
            )
            entered += cursor.rowcount
    if entered:
        nudges.after_commit(MOVE)
    return entered


def enter_due(*, at: datetime) -> int:
    """Search for whoever meets the triggers of running journeys that no news brings; return how many entered.

    Each journey in transactions of its own, locked: of two searches at once one goes on with the next journey. What is
    broken off goes on with the next sweep. A search that fails pauses its journey, and says why.
    """
    nudges.heard(ENTER)
    running.look_over(at=at)
    entered = 0
    searched = Journey.objects.filter(status=JourneyStatus.LIVE).exclude(hears__startswith="event:")
    for journey_id in searched.order_by("pk").values_list("pk", flat=True):
        try:
            entered += _search(journey_id, at=at)
        except ShopError as refusal:
            running.stop_for(journey_id=journey_id, reason=refusal.text, at=at)
        except ValueError as error:
            log.exception("journey_search_failed", name=str(journey_id))
            running.stop_for(journey_id=journey_id, reason=f"步骤出错：{faults.wording(error)}", at=at)
    return entered


def _search(journey_id: int, *, at: datetime) -> int:
    entered, more = 0, True
    while more:
        with transaction.atomic():
            found = _taken(journey_id)
            if found is None:
                return entered
            new, more = _look(found, at=at)
            entered += new
    return entered


def _taken(journey_id: int) -> _Running | None:
    """The journey, locked, if it runs and nobody else searches for it."""
    rows = Journey.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    journey = rows.select_related("current").filter(pk=journey_id, status=JourneyStatus.LIVE).first()
    return None if journey is None else _Running(journey, _in_force(journey))


def _look(found: _Running, *, at: datetime) -> tuple[int, bool]:
    """One piece of a search: how many entered, and whether there is more to look at."""
    trigger = found.flow.trigger
    if isinstance(trigger, OnDate):
        return _of_date(found, trigger, at=at)
    if isinstance(trigger, OnSegment):
        return _of_segment(found, trigger, at=at)
    if isinstance(trigger, OnCart):
        return _of_cart(found, trigger, at=at)
    return _of_day(found, trigger, at=at)


def _of_day(found: _Running, trigger: Any, *, at: datetime) -> tuple[int, bool]:
    """Whose day it is, once the clock shows the time; of the days before, as far as they were missed."""
    journey, today = found.journey, days.shop_day(at)
    day = today if meeting.begins(trigger, today) <= at else today - timedelta(days=1)
    # Whose time was over when the trigger was put in force is not met any more.
    began = days.shop_day(_since(journey))
    first = began if meeting.begins(trigger, began) >= _since(journey) else began + timedelta(days=1)
    following = first if journey.swept_on is None else journey.swept_on + timedelta(days=1)
    looked_at = max(following, first, day - timedelta(days=LATE_DAYS))
    if looked_at > day:
        return 0, False
    entered = enter(journey, found.flow, meeting.of_day(trigger, looked_at), at=at)
    _mark(journey, swept_on=looked_at)
    return entered, looked_at < day


def _of_date(found: _Running, trigger: OnDate, *, at: datetime) -> tuple[int, bool]:
    """Everybody, or a segment, from the moment on; some thousand ids a piece."""
    journey = found.journey
    if journey.swept_at is not None or datetime.fromisoformat(trigger.at) > at:
        return 0, False
    last = Member.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    until = min(journey.cursor + audience_facts.SLICE, last)
    ids = _meant(trigger.segment, after=journey.cursor, until=until, at=at)
    occasion = f"date:{trigger.at[:16]}"
    entered = enter(journey, found.flow, (Met(member_id, occasion, "") for member_id in ids), at=at)
    if until >= last:
        _mark(journey, cursor=0, swept_at=at)
        return entered, False
    _mark(journey, cursor=until)
    return entered, True


def _of_segment(found: _Running, trigger: OnSegment, *, at: datetime) -> tuple[int, bool]:
    """Whoever is in the segment and was not at the last look; the first look lets in nobody, unless the plan says so."""
    journey = found.journey
    if journey.cursor == 0 and journey.swept_at is not None and journey.swept_at > at - _SEGMENT_EVERY:
        return 0, False
    last = Member.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    until = min(journey.cursor + audience_facts.SLICE, last)
    meant = set(_meant(trigger.segment, after=journey.cursor, until=until, at=at))
    before = Inside.objects.filter(journey=journey, member_id__gt=journey.cursor, member_id__lte=until)
    known = set(before.values_list("member_id", flat=True))
    before.exclude(member_id__in=meant).delete()
    new = sorted(meant - known)
    Inside.objects.bulk_create(
        [Inside(member_id=member_id, journey=journey, at=at) for member_id in new], ignore_conflicts=True
    )
    entered = 0
    if journey.swept_at is not None or trigger.existing:
        occasion = f"segment:{at:%Y%m%d%H%M}"
        entered = enter(journey, found.flow, [Met(member_id, occasion, "") for member_id in new], at=at)
    if until >= last:
        _mark(journey, cursor=0, swept_at=at)
        return entered, False
    _mark(journey, cursor=until)
    return entered, True


def _of_cart(found: _Running, trigger: OnCart, *, at: datetime) -> tuple[int, bool]:
    journey = found.journey
    if journey.swept_at is not None and journey.swept_at > at - _CART_EVERY:
        return 0, False
    since = journey.swept_at or _since(journey)
    entered = enter(journey, found.flow, meeting.of_cart(trigger, since=since, at=at), at=at)
    _mark(journey, swept_at=at)
    return entered, False


def _meant(segment_id: int | None, *, after: int, until: int, at: datetime) -> Sequence[int]:
    """The living members with ids in ``(after, until]``, of a segment where one is named. Raises SegmentNotUsable."""
    if segment_id is None:
        rows = Member.objects.filter(pk__gt=after, pk__lte=until, disabled_at__isnull=True)
        return list(rows.order_by("pk").values_list("pk", flat=True))
    return list(_in_segment(segment_id, after=after, until=until, at=at))


def _in_segment(segment_id: int, *, after: int, until: int, at: datetime) -> Iterator[int]:
    tree = audience_facts.tree_of(audiences.usable(segment_id=segment_id))
    among = audience_facts.Among(after=after, until=until)
    for batch in audience_facts.members_in(tree, at=at, among=among):
        yield from batch


def _in_force(journey: Journey) -> Flow:
    return flows.read(_version(journey).plan)


def _since(journey: Journey) -> datetime:
    """Since when the plan is in force."""
    return _version(journey).at


def _version(journey: Journey) -> JourneyVersion:
    """The current version of a journey that runs: a constraint sees to it that there is one."""
    if journey.current is None:
        raise LookupError(f"journey {journey.pk} runs without a version")
    return journey.current


def _mark(journey: Journey, **columns: Any) -> None:
    """Say how far the search has come."""
    for name, value in columns.items():
        setattr(journey, name, value)
    Journey.objects.filter(pk=journey.pk).update(**columns)
