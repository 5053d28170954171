"""Moving members along: who is due is taken with SKIP LOCKED, goes as far as nothing has to be waited for, and is put back.

A batch is one transaction, with the records, the places of all, and everything that was done in other rooms: what a
killed worker had not finished is done again, nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from time import monotonic
from typing import Final

import structlog
from django.db import OperationalError, connection, transaction

from apps.base import days, faults, nudges
from apps.journeys import flow as flows
from apps.journeys import truths
from apps.journeys.flow import Flow, Placed
from apps.journeys.models import Journey, JourneyVersion, Participation
from apps.journeys.services import acting, moving, recording, running
from apps.journeys.services.acting import Act
from apps.journeys.services.recording import Record
from apps.journeys.states import MOVE, Exit, JourneyStatus, Outcome, Standing
from apps.journeys.steps import Branch, OnSegment, Stop, Wait, WaitUntil
from apps.members.models import Member
from mall.errors import ShopError

log = structlog.get_logger(__name__)

CHUNK: Final = 1_000
# A round ends then, so that news and money get their turn of the worker; another one is rung for.
_ROUND_SECONDS: Final = 20.0

# The places of a batch in one statement, row by row as they were read.
_PUT_BACK: Final = """
    UPDATE journeys_participation AS kept
       SET cursor = moved.cursor, next_due_at = moved.next_due_at, status = moved.status, exit = moved.exit,
           ended_at = moved.ended_at
      FROM unnest(%(ids)s::bigint[], %(cursors)s::smallint[], %(dues)s::timestamptz[], %(statuses)s::text[],
                  %(exits)s::text[], %(ends)s::timestamptz[])
           AS moved (id, cursor, next_due_at, status, exit, ended_at)
     WHERE kept.id = moved.id
"""


def move_due(*, at: datetime, limit: int = CHUNK) -> int:
    """Move everybody who is due in the running journeys; return how many steps of the way that were, member by member.

    Safe to run twice and side by side. First journeys of which something is gone are paused. A journey whose step fails is
    paused with the fault, so that it keeps no other one waiting. A round that is long enough rings for another one.
    """
    nudges.heard(MOVE)
    running.look_over(at=at)
    began, done = monotonic(), 0
    for journey_id in (
        Journey.objects.filter(status=JourneyStatus.LIVE).order_by("pk").values_list("pk", flat=True)
    ):
        while moved := _move_or_stop(journey_id, at=at, limit=limit):
            done += moved
            if monotonic() - began > _ROUND_SECONDS:
                nudges.after_commit(MOVE)
                return done
    return done


@transaction.atomic
def let_buyer_go(*, member_id: int, at: datetime) -> int:
    """Take a member who has paid out of the journeys that one leaves by that; return how many. Safe to repeat.

    The next step would find it, too; until then the member would be counted as on the way.
    """
    walking = (
        Participation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("version")
        .filter(member_id=member_id, status=Standing.WALKING)
        .order_by("pk")
    )
    rows = [row for row in walking if "ordered" in row.version.plan["exits"]]
    bought = truths.ordered(rows) if rows else set()
    gone = [row for row in rows if row.pk in bought]
    moving.leave(gone, why=Exit.ORDERED, at=at)
    _put_back(gone)
    return len(gone)


def _move_or_stop(journey_id: int, *, at: datetime, limit: int) -> int:
    try:
        return move_some(journey_id=journey_id, at=at, limit=limit)
    except OperationalError:
        # The database's trouble (a deadlock, a lost connection), not the journey's: the next round tries again.
        raise
    except Exception as error:
        log.exception("journey_step_failed", name=str(journey_id))
        why = error.text if isinstance(error, ShopError) else f"步骤出错：{faults.wording(error)}"
        running.stop_for(journey_id=journey_id, reason=why, at=at)
        return 0


@transaction.atomic
def move_some(*, journey_id: int, at: datetime, limit: int = CHUNK) -> int:
    """Move at most so many due members of a running journey in one transaction; return how many were taken."""
    rows = list(
        Participation.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(
            journey_id=journey_id,
            journey__status=JourneyStatus.LIVE,
            status=Standing.WALKING,
            next_due_at__lte=at,
        )
        .order_by("next_due_at", "pk")[:limit]
    )
    if not rows:
        return 0
    journey = Journey.objects.get(pk=journey_id)
    versions = JourneyVersion.objects.in_bulk({row.version_id for row in rows})
    records: list[Record] = []
    for version_id, some in groupby(
        sorted(rows, key=lambda row: (row.version_id, row.member_id)), _version_of
    ):
        walk = _Walk(journey, versions[version_id], at=at)
        walk.go(list(some))
        records += walk.records
        records += acting.perform(walk.acts, at=at)
    recording.keep(records, at=at)
    _put_back(rows)
    return len(rows)


def _version_of(row: Participation) -> int:
    return row.version_id


class _Walk:
    """Members of one version on their way, as far as they come at this moment."""

    def __init__(self, journey: Journey, version: JourneyVersion, *, at: datetime) -> None:
        self.journey, self.version, self.at = journey, version, at
        self.flow: Flow = flows.read(version.plan)
        self.placed = self.flow.placed()
        self.acts: list[Act] = []
        self.records: list[Record] = []
        # Whoever has something done to them in this batch: a question that it could answer otherwise waits for the next.
        self.acted: set[int] = set()
        self.dues: dict[int, datetime] = {}

    def go(self, rows: Sequence[Participation]) -> None:
        """Walk until each waits, or is at the end; step by step for all who stand at the same one."""
        self.dues = {row.pk: row.next_due_at or self.at for row in rows}
        here = self._who_stays(rows)
        while here:
            here.sort(key=lambda row: (row.cursor, row.member_id))
            on: list[Participation] = []
            for cursor, some in groupby(here, lambda row: row.cursor):
                on += self._step(cursor, list(some))
            here = on

    def _who_stays(self, rows: Sequence[Participation]) -> list[Participation]:
        """Those whom no exit of the journey takes out."""
        gone = set(
            Member.objects.filter(
                pk__in=[row.member_id for row in rows], disabled_at__isnull=False
            ).values_list("pk", flat=True)
        )
        stay = self._leave(rows, {row.pk for row in rows if row.member_id in gone}, Exit.GONE)
        if "ordered" in self.flow.exits and stay:
            stay = self._leave(stay, truths.ordered(stay), Exit.ORDERED)
        trigger = self.flow.trigger
        if "left_segment" in self.flow.exits and isinstance(trigger, OnSegment) and stay:
            step = Branch(when="segment", segment=trigger.segment)
            inside = truths.true_of(step, stay, at=self.at)
            stay = self._leave(stay, {row.pk for row in stay} - inside, Exit.LEFT_SEGMENT)
        return stay

    def _step(self, cursor: int, rows: list[Participation]) -> list[Participation]:
        """Have these members do the step at which they stand; return who can go on at once."""
        if cursor == 0 or isinstance(self.placed[cursor - 1].step, Stop):
            return self._finish(rows)
        placed = self.placed[cursor - 1]
        step = placed.step
        if isinstance(step, Wait | WaitUntil):
            due = _until(step, at=self.at)
            for row in rows:
                row.cursor, row.next_due_at = placed.then, due
            return []
        if isinstance(step, Branch):
            return self._branch(placed, step, rows)
        self.acts.append(Act(self.journey, self.version, placed, rows, self.dues))
        self.acted.update(row.pk for row in rows)
        for row in rows:
            row.cursor = placed.then
        return rows

    def _branch(self, placed: Placed, step: Branch, rows: list[Participation]) -> list[Participation]:
        """Part them; whoever had something done to them just now stays, due, until that is written."""
        rows = [row for row in rows if row.pk not in self.acted]
        if not rows:
            return []
        yes = truths.true_of(step, rows, at=self.at)
        for row in rows:
            is_true = row.pk in yes
            row.cursor = placed.yes if is_true else placed.no
            self.records.append(
                Record(row.pk, placed.number, step.kind, Outcome.YES if is_true else Outcome.NO)
            )
        return rows

    def _finish(self, rows: Sequence[Participation]) -> list[Participation]:
        moving.finish(rows, at=self.at)
        return []

    def _leave(self, rows: Sequence[Participation], gone: set[int], why: Exit) -> list[Participation]:
        """Take these out; return the others."""
        moving.leave([row for row in rows if row.pk in gone], why=why, at=self.at)
        return [row for row in rows if row.pk not in gone]


def _until(step: Wait | WaitUntil, *, at: datetime) -> datetime:
    """When a wait that begins now is over."""
    if isinstance(step, Wait):
        return at + timedelta(minutes=step.minutes or 0)
    midnight = days.day_window(days.shop_day(at) + timedelta(days=step.days or 0))[0]
    clock = time.fromisoformat(step.clock)
    due = midnight + timedelta(hours=clock.hour, minutes=clock.minute)
    return due if due > at else due + timedelta(days=1)


def _put_back(rows: Sequence[Participation]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_BACK,
            {
                "ids": [row.pk for row in rows],
                "cursors": [row.cursor for row in rows],
                "dues": [row.next_due_at for row in rows],
                "statuses": [str(row.status) for row in rows],
                "exits": [str(row.exit) for row in rows],
                "ends": [row.ended_at for row in rows],
            },
        )
