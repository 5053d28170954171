"""Doing what steps say for many members at once: each thing once by its key, and why nothing was done written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from apps.audiences import services as audiences
from apps.audiences.models import TagMark
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from apps.journeys import keys
from apps.journeys.flow import Placed
from apps.journeys.models import Journey, JourneyVersion, Participation
from apps.journeys.services.recording import Record
from apps.journeys.states import KIND, SCENE, Arm, Outcome, Reason, TaskStatus
from apps.journeys.steps import GiveCoupon, GivePoints, Message, PutTag, Task
from apps.messaging import services as messaging
from apps.messaging.services.writing import Draft
from apps.points import services as points
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.states import Verdict
from mall.errors import NotFound

_LONGEST: Final = 120
_ASK_STAFF: Final = """
    INSERT INTO journeys_stafftask (member_id, participation_id, step, text, status, note, created_at)
    SELECT task.member_id, task.participation_id, %(step)s, %(text)s, %(status)s, '', %(at)s
      FROM unnest(%(members)s::bigint[], %(rows)s::bigint[]) AS task (member_id, participation_id)
        ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Act:
    """A step that came due for members of one version, in the order of their ids; ``dues`` says when for each."""

    journey: Journey
    version: JourneyVersion
    placed: Placed
    rows: Sequence[Participation]
    dues: Mapping[int, datetime]

    def record(self, row: Participation, outcome: Outcome, reason: str = "", detail: str = "") -> Record:
        """What became of it for one member."""
        step = self.placed.step.kind
        return Record(row.pk, self.placed.number, step, outcome, reason, detail[:_LONGEST])

    def key(self, row: Participation) -> str:
        """The key of what is done for one member."""
        return keys.of(row.pk, self.placed.number)


def perform(acts: Iterable[Act], *, at: datetime) -> list[Record]:
    """Do it for the treated, nothing for the held out; return what is to be written down.

    In the caller's transaction. Rows that others wait for come last, points before coupons, each in one order.
    """
    records: list[Record] = []
    for act in sorted(acts, key=_order):
        held_out = [row for row in act.rows if row.arm == Arm.HOLDOUT]
        records += [act.record(row, Outcome.SKIPPED, Reason.HOLDOUT) for row in held_out]
        treated = [row for row in act.rows if row.arm != Arm.HOLDOUT]
        if treated:
            records += _DONE[type(act.placed.step)](act, treated, at=at)
    return records


def give_held(*, participation: Participation, step: int, template_id: int, at: datetime) -> Record:
    """Give a coupon that was held for a look; what is written down."""
    key = keys.of(participation.pk, step)
    outcome, reason = Outcome.SKIPPED, ""
    try:
        given = coupons.issue_many(
            template_id=template_id, causes={participation.member_id: key}, way=Coupon.Way.OTHER, at=at
        )
        outcome, reason = (Outcome.DONE, "") if given.have else (Outcome.SKIPPED, Reason.SOLD_OUT)
    except (coupons.NotIssued, NotFound):
        reason = Reason.NOT_ISSUED
    return Record(participation.pk, step, GiveCoupon.kind, outcome, reason)


def _message(act: Act, rows: Sequence[Participation], *, at: datetime) -> list[Record]:
    step: Any = act.placed.step
    drafts = []
    for row in rows:
        # When the step was due, not when somebody came to it: what is late by then is dropped by messaging, with its reason.
        due = act.dues[row.pk]
        drafts.append(
            Draft(
                scene=SCENE,
                member_id=row.member_id,
                subject=str(row.pk),
                occasion=act.key(row),
                due_at=due,
                expires_at=due + timedelta(hours=step.hours),
                content_id=act.version.contents[str(act.placed.number)],
                marketing=True,
            )
        )
    messaging.write_many(drafts, at=at)
    return [act.record(row, Outcome.DONE, detail=step.title) for row in rows]


def _tag(act: Act, rows: Sequence[Participation], *, at: datetime) -> list[Record]:
    step: Any = act.placed.step
    members = [row.member_id for row in rows]
    have = set(
        TagMark.objects.filter(member_id__in=members, tag_id=step.tag).values_list("member_id", flat=True)
    )
    try:
        audiences.put(tag_id=step.tag, member_ids=members, operator=None, at=at)
    except (audiences.TagNotByHand, NotFound):
        return [act.record(row, Outcome.SKIPPED, Reason.TAG_GONE) for row in rows]
    return [
        act.record(row, Outcome.SKIPPED, Reason.ALREADY)
        if row.member_id in have
        else act.record(row, Outcome.DONE)
        for row in rows
    ]


def _task(act: Act, rows: Sequence[Participation], *, at: datetime) -> list[Record]:
    step: Any = act.placed.step
    with connection.cursor() as cursor:
        cursor.execute(
            _ASK_STAFF,
            {
                "members": [row.member_id for row in rows],
                "rows": [row.pk for row in rows],
                "step": act.placed.number,
                "text": step.text,
                "status": TaskStatus.OPEN,
                "at": at,
            },
        )
    return [act.record(row, Outcome.DONE, detail=step.text) for row in rows]


def _points(act: Act, rows: Sequence[Participation], *, at: datetime) -> list[Record]:
    step: Any = act.placed.step
    causes = {row.member_id: act.key(row) for row in rows}
    points.earn_many(causes=causes, amount=step.points, reason=act.journey.title, at=at)
    return [act.record(row, Outcome.DONE, detail=f"{step.points} 积分") for row in rows]


def _coupon(act: Act, rows: Sequence[Participation], *, at: datetime) -> list[Record]:
    step: Any = act.placed.step
    held = _held(act, rows, at=at)
    causes = {row.member_id: act.key(row) for row in rows if row.pk not in held}
    given = coupons.Given(frozenset(), frozenset())
    refused = Reason.SOLD_OUT
    if causes:
        try:
            given = coupons.issue_many(template_id=step.template, causes=causes, way=Coupon.Way.OTHER, at=at)
        except (coupons.NotIssued, NotFound):
            refused = Reason.NOT_ISSUED
    records = []
    for row in rows:
        if row.pk in held:
            outcome, reason = held[row.pk]
            records.append(act.record(row, outcome, reason))
        elif row.member_id in given.have:
            records.append(act.record(row, Outcome.DONE))
        else:
            records.append(act.record(row, Outcome.SKIPPED, refused))
    return records


def _held(act: Act, rows: Sequence[Participation], *, at: datetime) -> Mapping[int, tuple[Outcome, Reason]]:
    """Whose coupon waits for a look of risk, or was refused after one: only who is noticed at all is looked at."""
    noticed = risk_facts.noticed([row.member_id for row in rows], at=at)
    found: dict[int, tuple[Outcome, Reason]] = {}
    if noticed:
        # A look compares with what is noted: also of those who never did anything that was.
        risk.refresh(member_ids=risk_facts.with_phones_of(noticed), at=at)
    for row in sorted(rows, key=lambda row: row.member_id):
        if row.member_id not in noticed:
            continue
        look = risk.look(
            kind=KIND,
            subject=act.key(row),
            title=f"{act.journey.title} 优惠券",
            member_id=row.member_id,
            at=at,
        )
        if look.verdict == Verdict.HELD:
            found[row.pk] = (Outcome.HELD, Reason.RISK)
        elif look.verdict == Verdict.REJECTED:
            found[row.pk] = (Outcome.SKIPPED, Reason.REJECTED)
    return found


def _order(act: Act) -> tuple[int, int, int]:
    """What many want at once comes last, and there in one order."""
    step: Any = act.placed.step
    kinds = [type(step) is kind for kind in (Message, PutTag, Task, GivePoints, GiveCoupon)]
    return (
        kinds.index(True),
        getattr(step, "template", None) or getattr(step, "tag", None) or 0,
        act.placed.number,
    )


_DONE: Final[Mapping[type, Callable[..., list[Record]]]] = {
    Message: _message,
    PutTag: _tag,
    Task: _task,
    GivePoints: _points,
    GiveCoupon: _coupon,
}
