"""Reading journeys: what came of one, step by step and against the holdout; what will be done in the coming days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import TruncHour

from apps.base import days
from apps.journeys import choices, keys, lift, wording
from apps.journeys import flow as flows
from apps.journeys.flow import Placed
from apps.journeys.models import Journey, JourneyVersion, Participation, StaffTask, StepRecord
from apps.journeys.states import SCENE, Arm, JourneyStatus, Outcome, Reason, Standing, TaskStatus
from apps.journeys.steps import OnDate
from apps.messaging.models import Broadcast, Message
from apps.messaging.states import BroadcastStatus, MessageStatus
from mall import money

# What staff wrote of a member is kept so long; that something was done stays as long as the order.
KEPT_DAYS: Final = 365
COMING_DAYS: Final = 7
# Of the forty characters of a code, so that a hyphen and a number have room behind it.
_STEM: Final = 34

# Each member by their first entering; what they did in the days after it. Whose days are not over yet is counted apart.
_ARMS: Final = """
    WITH first AS (
        SELECT DISTINCT ON (entry.member_id) entry.id, entry.member_id, entry.arm, entry.entered_at
          FROM journeys_participation AS entry
         WHERE entry.journey_id = %(journey)s
         ORDER BY entry.member_id, entry.entered_at, entry.id
    )
    SELECT first.arm, count(*),
           count(*) FILTER (WHERE over.is),
           count(*) FILTER (WHERE over.is AND told.messages > 0),
           count(*) FILTER (WHERE over.is AND told.opened > 0),
           count(*) FILTER (WHERE over.is AND (member.last_login_at > first.entered_at OR bought.orders > 0)),
           count(*) FILTER (WHERE over.is AND bought.orders > 0),
           coalesce(sum(bought.net_fen) FILTER (WHERE over.is), 0)
      FROM first
      JOIN members_member AS member ON member.id = first.member_id
      CROSS JOIN LATERAL (SELECT first.entered_at + make_interval(days => %(days)s) <= %(at)s AS is) AS over
      CROSS JOIN LATERAL (
            SELECT count(*) AS orders, sum(placed.payable_fen - placed.refunded_fen) AS net_fen
              FROM orders_order AS placed
             WHERE placed.member_id = first.member_id AND placed.paid_at > first.entered_at
               AND placed.paid_at <= first.entered_at + make_interval(days => %(days)s)
               AND placed.status <> 'REFUNDED') AS bought
      CROSS JOIN LATERAL (
            SELECT count(*) AS messages, count(message.read_at) AS opened
              FROM journeys_steprecord AS record
              JOIN messaging_message AS message
                ON message.member_id = first.member_id AND message.scene = %(scene)s AND message.status = 'TOLD'
               AND message.occasion = 'journey:' || record.participation_id || ':' || record.step
             WHERE record.participation_id = first.id AND record.kind = 'message' AND record.outcome = 'DONE') AS told
     GROUP BY first.arm
"""


def free_codes(wanted: Iterable[str]) -> dict[str, str]:
    """A code that no journey has, for each that is wanted: itself, else the next free ``cart-2``; one statement."""
    taken = set(Journey.objects.order_by().values_list("code", flat=True))
    return {code: code if code not in taken else _next(code[:_STEM], taken) for code in wanted}


def _next(stem: str, taken: Collection[str]) -> str:
    return next(code for number in count(2) if (code := f"{stem}-{number}") not in taken)


class Side(NamedTuple):
    """One arm: members who entered, those whose days are over, and what these did; ``spent_fen`` less refunds."""

    entered: int = 0
    counted: int = 0
    sent: int = 0
    opened: int = 0
    came_back: int = 0
    ordered: int = 0
    spent_fen: int = 0

    @property
    def rate(self) -> str:
        """The share that ordered, in percent with its interval."""
        if not self.counted:
            return "—"
        found = lift.share(self.ordered, of=self.counted)
        return f"{lift.percent(found.share)}%（{lift.percent(found.low)}% – {lift.percent(found.high)}%）"

    @property
    def each_fen(self) -> int:
        """What a member spent on average, in whole fen."""
        return money.average(self.spent_fen, over=self.counted) if self.counted else 0


class StepResult(NamedTuple):
    """What became of a step of the current version: how often it was done, and why not, by reason."""

    placed: Placed
    done: int
    yes: int
    no: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a journey: both arms, what their difference proves, and each step."""

    treated: Side
    held_out: Side
    verdict: str
    steps: Sequence[StepResult]
    walking: int


def results(journey: Journey, *, at: datetime) -> Results:
    """What came of a journey so far: each member counted once, from the first entering on; four statements."""
    sides = _sides(journey, at=at)
    treated, held_out = sides.get(Arm.TREATED, Side()), sides.get(Arm.HOLDOUT, Side())
    return Results(
        treated=treated,
        held_out=held_out,
        verdict=lift.verdict(
            treated=treated.ordered,
            treated_of=treated.counted,
            held_out=held_out.ordered,
            held_out_of=held_out.counted,
        ),
        steps=_steps(journey),
        walking=Participation.objects.filter(journey=journey, status=Standing.WALKING).count(),
    )


def _sides(journey: Journey, *, at: datetime) -> dict[str, Side]:
    with connection.cursor() as cursor:
        cursor.execute(_ARMS, {"journey": journey.pk, "days": journey.measure_days, "at": at, "scene": SCENE})
        return {row[0]: Side(*(int(figure) for figure in row[1:])) for row in cursor.fetchall()}


def _steps(journey: Journey) -> list[StepResult]:
    if journey.current is None:
        return []
    counted = (
        StepRecord.objects.filter(participation__version=journey.current)
        .order_by()
        .values_list("step", "outcome", "reason")
        .annotate(rows=Count("id"))
    )
    by_step: dict[int, Counter[tuple[str, str]]] = {}
    for step, outcome, reason, rows in counted:
        by_step.setdefault(step, Counter())[(outcome, reason)] += rows
    found = []
    for placed in flows.read(journey.current.plan).placed():
        counts = by_step.get(placed.number, Counter())
        skipped = {
            str(Reason(reason).label): rows
            for (outcome, reason), rows in counts.items()
            if outcome in (Outcome.SKIPPED, Outcome.HELD) and reason
        }
        found.append(
            StepResult(
                placed,
                done=counts[(Outcome.DONE, "")],
                yes=counts[(Outcome.YES, "")],
                no=counts[(Outcome.NO, "")],
                skipped=skipped,
            )
        )
    return found


class Coming(NamedTuple):
    """What is to be done in an hour of the coming days: of what, how often."""

    hour: datetime
    of: str
    what: str
    rows: int


def coming(*, at: datetime) -> list[Coming]:
    """What will be sent or done in the coming days, by the hour, as far as it is known now; five statements.

    Members on their way are at their next step then: it is told as what that step is. Messages are those that wait
    for their time; mass sends and journeys of a date are told by whom they mean.
    """
    until = days.day_window(days.shop_day(at) + timedelta(days=COMING_DAYS - 1))[1]
    added: Counter[tuple[datetime, str, str]] = Counter()
    found = (
        *_walks(until, at=at),
        *_messages(until, at=at),
        *_broadcasts(until, at=at),
        *_dates(until, at=at),
    )
    for one in found:
        added[one[:3]] += one.rows
    return [Coming(*what, rows) for what, rows in sorted(added.items())]


def _walks(until: datetime, *, at: datetime) -> Iterator[Coming]:
    rows = (
        Participation.objects.filter(
            status=Standing.WALKING,
            next_due_at__lt=until,
            journey__status=JourneyStatus.LIVE,
            arm=Arm.TREATED,
        )
        .order_by()
        .annotate(hour=TruncHour("next_due_at"))
        .values_list("hour", "version_id", "cursor")
        .annotate(members=Count("id"))
    )
    counted = list(rows)
    versions = JourneyVersion.objects.select_related("journey").in_bulk({row[1] for row in counted})
    placed = {pk: flows.read(version.plan).placed() for pk, version in versions.items()}
    for hour, version_id, cursor, members in counted:
        step = placed[version_id][cursor - 1].step.label if cursor else "走完"
        yield Coming(max(hour, _hour(at)), versions[version_id].journey.title, step, members)


def _messages(until: datetime, *, at: datetime) -> Iterator[Coming]:
    rows = (
        Message.objects.filter(status=MessageStatus.WAITING, due_at__lt=until)
        .order_by()
        .annotate(hour=TruncHour("due_at"))
        .values_list("hour", "scene")
        .annotate(messages=Count("id"))
    )
    for hour, scene, messages in rows:
        yield Coming(max(hour, _hour(at)), "待发送的消息", scene, messages)


def _broadcasts(until: datetime, *, at: datetime) -> Iterator[Coming]:
    waiting = [BroadcastStatus.DRAFT, BroadcastStatus.RUNNING]
    rows = Broadcast.objects.select_related("content").filter(
        status__in=waiting, prepared_at=None, due_at__gte=at, due_at__lt=until
    )
    for row in rows:
        what = f"{row.content.title}（{row.get_status_display()}）"
        yield Coming(_hour(row.due_at), "群发", what, row.total)


def _dates(until: datetime, *, at: datetime) -> Iterator[Coming]:
    rows = Journey.objects.select_related("current").filter(
        status=JourneyStatus.LIVE, hears=OnDate.kind, swept_at=None
    )
    for journey in rows:
        trigger = flows.read(journey.plan if journey.current is None else journey.current.plan).trigger
        if isinstance(trigger, OnDate) and at <= (when := datetime.fromisoformat(trigger.at)) < until:
            what = "按人群进入" if trigger.segment else "全部会员进入"
            yield Coming(_hour(when), journey.title, what, 0)


def _hour(moment: datetime) -> datetime:
    """The beginning of the hour: what is late already is told as of this one."""
    return moment.replace(minute=0, second=0, microsecond=0)


def days_of(found: Sequence[Coming], *, at: datetime) -> list[tuple[date, list[Coming], int]]:
    """What is coming by Shanghai days, each of the coming ones, with how much in all."""
    today = days.shop_day(at)
    listed: dict[date, list[Coming]] = {today + timedelta(days=n): [] for n in range(COMING_DAYS)}
    for one in found:
        listed.setdefault(max(days.shop_day(one.hour), today), []).append(one)
    return [(day, rows, sum(row.rows for row in rows)) for day, rows in sorted(listed.items())]


def to_do() -> QuerySet[StaffTask]:
    """Tasks that wait for a person."""
    return StaffTask.objects.filter(status=TaskStatus.OPEN)


def stopped() -> QuerySet[Journey]:
    """Journeys that the shop paused because they cannot go on."""
    return Journey.objects.filter(status=JourneyStatus.PAUSED).exclude(paused_for="")


def past_keeping(*, at: datetime) -> QuerySet[StaffTask]:
    """Tasks of which what staff wrote was kept long enough."""
    return StaffTask.objects.filter(done_at__lt=at - timedelta(days=KEPT_DAYS)).exclude(note="")


def messages_of(participation: Participation) -> dict[int, Message]:
    """What became of the messages of a participation, by step: one statement."""
    found = Message.objects.filter(
        member_id=participation.member_id, scene=SCENE, occasion__startswith=keys.of(participation.pk)
    )
    return {keys.read(row.occasion)[1]: row for row in found}


class Misdone(NamedTuple):
    """A participation whose rows tell what cannot be."""

    participation: int
    fault: str


def misdone() -> Iterator[Misdone]:
    """Members who walk twice in a journey, records of steps that their version has not, what the held out were given."""
    twice = (
        Participation.objects.filter(status=Standing.WALKING)
        .order_by()
        .values("member_id", "journey_id")
        .annotate(rows=Count("id"))
        .filter(rows__gt=1)
    )
    for row in twice:
        yield Misdone(row["journey_id"], f"member {row['member_id']} walks {row['rows']} times")
    given = StepRecord.objects.filter(
        participation__arm=Arm.HOLDOUT, outcome__in=[Outcome.DONE, Outcome.HELD]
    )
    for record in given.iterator(chunk_size=2_000):
        yield Misdone(record.participation_id, f"step {record.step} was done to the held out")
    foreign = Participation.objects.exclude(version__journey_id=F("journey_id"))
    for participation in foreign.iterator(chunk_size=2_000):
        yield Misdone(participation.pk, "walks by another journey's version")
    lost = StaffTask.objects.filter(
        ~Exists(StepRecord.objects.filter(participation=OuterRef("participation"), step=OuterRef("step"))),
    )
    for task in lost.iterator(chunk_size=2_000):
        yield Misdone(task.participation_id, f"task {task.pk} comes of no step")


def told_of(version: JourneyVersion) -> list[tuple[Placed, str]]:
    """The steps of a version, each with its words."""
    flow = flows.read(version.plan)
    names = choices.names(flows.needs(flow))
    return [(placed, wording.told(placed.step, names=names)) for placed in flow.placed()]


def of_member(member_id: int) -> QuerySet[Participation]:
    """A member's ways, the newest first."""
    rows = Participation.objects.filter(member_id=member_id).select_related("journey")
    return rows.order_by("-pk")
