"""Starting, pausing and ending journeys, and putting a plan in force: the one place that writes a journey's status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from apps.base import nudges
from apps.journeys import choices
from apps.journeys import flow as flows
from apps.journeys.flow import Flow, FlowRefused
from apps.journeys.models import Inside, Journey, JourneyVersion, Participation, StaffTask
from apps.journeys.services import moving
from apps.journeys.states import ENTER, JOURNEY, MOVE, Exit, JourneyStatus, Standing
from apps.journeys.steps import Message, OnDate, OnEvent, OnSegment
from apps.messaging.models import Content
from apps.messaging.services import ruling
from mall.errors import Fault, NotFound, ShopError

_LONGEST_REASON: Final = 200


class NothingNew(ShopError):
    """What is in force says the same already."""

    code = "journey_nothing_new"
    message = "流程没有变化，无需发布"


def check(journey: Journey, *, at: datetime) -> Flow:
    """Hold a draft against what can be put in force; nothing is written. Raises FlowRefused with every fault."""
    flow = flows.read(journey.plan)
    faults = [*choices.faults(flows.needs(flow)), *_faults(journey, flow, at=at)]
    faults += [
        f"第 {number} 步「{Message.label}」：{text}"
        for number, content in _contents(flow)
        for text in _faults_of_content(content, at=at)
    ]
    if faults:
        raise FlowRefused([Fault("plan", text) for text in faults])
    return flow


@transaction.atomic
def start(*, journey_id: int, operator: Any, at: datetime) -> None:
    """Put a draft in force. Raises FlowRefused, MoveRefused, NotFound."""
    journey = _moved(locked(journey_id), "start")
    _put_in_force(journey, operator=operator, at=at)
    journey.started_at = at
    _save(journey)
    nudges.after_commit(ENTER)


@transaction.atomic
def publish(*, journey_id: int, operator: Any, at: datetime) -> JourneyVersion:
    """Put the plan of a journey that runs in force as its next version; who is on the way goes on by theirs.

    Raises FlowRefused, NothingNew, MoveRefused for a journey that does not run, NotFound.
    """
    journey = locked(journey_id)
    if journey.status not in (JourneyStatus.LIVE, JourneyStatus.PAUSED) or journey.current is None:
        # The same refusal as for any move that does not lead from there.
        JOURNEY.target(move="pause", current=journey.status)
    if journey.current is not None and journey.current.plan == flows.as_json(flows.read(journey.plan)):
        raise NothingNew
    version = _put_in_force(journey, operator=operator, at=at)
    _save(journey)
    nudges.after_commit(ENTER)
    return version


@transaction.atomic
def pause(*, journey_id: int, at: datetime, reason: str = "") -> None:
    """Let nobody enter and nobody go on; ``reason`` where the shop itself pauses it. Raises MoveRefused, NotFound."""
    journey = _moved(locked(journey_id), "pause")
    journey.paused_for = reason[:_LONGEST_REASON]
    _save(journey)


@transaction.atomic
def resume(*, journey_id: int, at: datetime) -> None:
    """Go on; what a step that was due in between has to do happens now, messages only while they are worth it.

    Raises FlowRefused where something that it needs is gone still, MoveRefused, NotFound.
    """
    journey = _moved(locked(journey_id), "resume")
    if faults := list(_missing(journey)):
        raise FlowRefused([Fault("plan", text) for text in faults])
    journey.paused_for = ""
    _save(journey)
    nudges.after_commit(MOVE)


@transaction.atomic
def end(*, journey_id: int, at: datetime) -> int:
    """End it for ever: whoever is on the way leaves, open tasks are dropped; return how many left. Raises MoveRefused."""
    journey = _moved(locked(journey_id), "end")
    journey.ended_at, journey.paused_for = at, ""
    _save(journey)
    Inside.objects.filter(journey=journey).delete()
    # First: it waits for a sweep that moves some of them, whose tasks are there to be dropped then.
    left = moving.let_go(Participation.objects.filter(journey=journey), why=Exit.ENDED, at=at)
    moving.drop_tasks(StaffTask.objects.filter(participation__journey=journey), note="旅程已结束", at=at)
    return left


def look_over(*, at: datetime) -> int:
    """Pause the running journeys of which something that a version in use names is gone; return how many.

    A few statements for each of them: a plan names few sorts of rows.
    """
    paused = 0
    for journey in Journey.objects.filter(status=JourneyStatus.LIVE).order_by("pk"):
        if faults := list(_missing(journey)):
            paused += stop_for(journey_id=journey.pk, reason="；".join(faults), at=at)
    return paused


@transaction.atomic
def stop_for(*, journey_id: int, reason: str, at: datetime) -> bool:
    """Pause a running journey because it cannot go on, and say why; whether it was running still."""
    journey = locked(journey_id)
    if journey.status != JourneyStatus.LIVE:
        return False
    pause(journey_id=journey_id, reason=reason, at=at)
    return True


def locked(journey_id: int) -> Journey:
    """The journey, locked. Raises NotFound."""
    rows = Journey.objects.select_for_update(no_key=True, of=("self",)).select_related("current")
    journey = rows.filter(pk=journey_id).first()
    if journey is None:
        raise NotFound
    return journey


def _put_in_force(journey: Journey, *, operator: Any, at: datetime) -> JourneyVersion:
    """Write the plan down as the next version, with the texts of its messages, and have the journey wait for its trigger."""
    flow = check(journey, at=at)
    before = journey.current
    version = JourneyVersion.objects.create(
        journey=journey,
        number=before.number + 1 if before is not None else 1,
        plan=flows.as_json(flow),
        contents={str(number): ruling.save_content(content, at=at).pk for number, content in _contents(flow)},
        needs=flows.needs(flow),
        operator=operator,
        at=at,
    )
    if before is None or before.plan["trigger"] != version.plan["trigger"]:
        # Another trigger has looked at nobody yet.
        Inside.objects.filter(journey=journey).delete()
        journey.swept_on = journey.swept_at = None
        journey.cursor = 0
    journey.current, journey.plan = version, version.plan
    trigger = flow.trigger
    journey.hears = f"event:{trigger.event}" if isinstance(trigger, OnEvent) else trigger.kind
    return version


def _missing(journey: Journey) -> Iterator[str]:
    """What versions in use name that is gone: the current one, and those by which somebody still walks."""
    walked = Participation.objects.filter(version=OuterRef("pk"), status=Standing.WALKING)
    versions = journey.versions.filter(Q(pk=journey.current_id) | Exists(walked))
    named: dict[str, set[int]] = {}
    for needs in versions.values_list("needs", flat=True):
        for source, ids in needs.items():
            named.setdefault(source, set()).update(ids)
    yield from choices.faults(named)


def _faults(journey: Journey, flow: Flow, *, at: datetime) -> Iterator[str]:
    trigger = flow.trigger
    known = journey.current is not None and journey.current.plan["trigger"] == flows.part_as_json(trigger)
    if isinstance(trigger, OnDate) and datetime.fromisoformat(trigger.at) <= at and not known:
        yield "进入条件「指定日期」：时间已过"
    if isinstance(trigger, OnSegment) and flow.again_days == 0:
        yield "进入人群的旅程请填写至少 1 天的「再次进入」，或留空"


def _contents(flow: Flow) -> Iterator[tuple[int, Content]]:
    """The texts of the messages, by the numbers of their steps."""
    for placed in flow.placed():
        step = placed.step
        if isinstance(step, Message):
            yield (
                placed.number,
                Content(
                    title=step.title,
                    text=step.text,
                    page=step.page,
                    template_id=step.template,
                    fields=dict(step.fields),
                    marketing=True,
                ),
            )


def _faults_of_content(content: Content, *, at: datetime) -> Iterator[str]:
    content.written_at = at
    try:
        ruling.check_content(content)
    except ruling.ContentRefused as refusal:
        yield from (fault.text for fault in refusal.faults)


def _moved(journey: Journey, move: str) -> Journey:
    journey.status = JOURNEY.target(move=move, current=journey.status)
    return journey


def _save(journey: Journey) -> None:
    journey.revision = F("revision") + 1
    journey.save()
