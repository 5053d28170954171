"""Changing a draft's plan, step by step: whoever changed it in between is noticed, nothing that runs is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.journeys import flow as flows
from apps.journeys import plans, steps
from apps.journeys.asked import asked_of
from apps.journeys.models import Journey
from apps.journeys.services import running
from apps.journeys.states import JourneyStatus
from mall.errors import Fault, ShopError

Plan = dict[str, Any]


class PlanChanged(ShopError):
    """Somebody else changed the plan after it was shown."""

    code = "journey_plan_changed"
    message = "流程已被他人修改，请返回后重新编辑"


class JourneyOver(ShopError):
    """It has ended: there is nothing to change any more."""

    code = "journey_over"
    message = "旅程已结束，不能再修改流程"


def set_trigger(*, journey_id: int, revision: int, trigger: Mapping[str, Any], at: datetime) -> None:
    """Say what begins the journey. Raises FlowRefused, PlanChanged, JourneyOver, NotFound."""
    said = flows.part_as_json(flows.read_part(trigger, steps.TRIGGERS, where="进入条件"))
    _change(journey_id, revision, lambda plan: {**plan, "trigger": said})


def set_rules(
    *, journey_id: int, revision: int, again_days: int | None, exits: list[str], at: datetime
) -> None:
    """Say when members may enter again, and what takes them out. Raises FlowRefused, PlanChanged, JourneyOver, NotFound."""
    if unknown := [name for name in exits if name not in steps.EXITS]:
        raise flows.FlowRefused([Fault("exits", f"没有退出条件「{unknown[0][:20]}」")])
    if again_days is not None and not 0 <= again_days <= 3_650:
        raise flows.FlowRefused([Fault("again_days", "请填写 0 至 3650 天")])
    _change(journey_id, revision, lambda plan: {**plan, "again_days": again_days, "exits": sorted(exits)})


def add_step(*, journey_id: int, revision: int, place: str, kind: str, at: datetime) -> int:
    """Put a new step, with what its kind begins with, at a place; return its number.

    Raises PlaceUnknown, FlowRefused for a kind that there is not, or too many steps, PlanChanged, JourneyOver, NotFound.
    """
    if kind not in steps.STEPS:
        raise flows.FlowRefused([Fault("kind", "请选择类型")])
    asked = asked_of(steps.STEPS[kind])
    blank = steps.STEPS[kind]()
    begins = {name: getattr(blank, name) for name in asked if getattr(blank, name) is not None}
    number = 0

    def change(plan: Plan) -> Plan:
        nonlocal number
        if len(plans.lines(plan)) >= flows.MOST:
            raise flows.FlowRefused([Fault("kind", f"最多 {flows.MOST} 步")])
        changed, number = plans.put(plan, place=place, step={"is": kind, **begins})
        return changed

    _change(journey_id, revision, change)
    return number


def change_step(
    *, journey_id: int, revision: int, number: int, step: Mapping[str, Any], at: datetime
) -> None:
    """Say what a step does. Raises FlowRefused, PlaceUnknown, PlanChanged, JourneyOver, NotFound."""
    said = flows.part_as_json(flows.read_part(step, steps.STEPS, where=f"第 {number} 步"))
    own = {name: value for name, value in said.items() if name not in ("yes", "no")}
    _change(journey_id, revision, lambda plan: plans.change(plan, number=number, step=own))


def move_step(*, journey_id: int, revision: int, number: int, up: bool, at: datetime) -> None:
    """Change places with the step above or below on its side. Raises PlaceUnknown, PlanChanged, JourneyOver, NotFound."""
    _change(journey_id, revision, lambda plan: plans.move(plan, number=number, up=up))


def drop_step(*, journey_id: int, revision: int, number: int, at: datetime) -> None:
    """Take a step out, with what stands below it. Raises PlaceUnknown, PlanChanged, JourneyOver, NotFound."""
    _change(journey_id, revision, lambda plan: plans.drop(plan, number=number))


@transaction.atomic
def _change(journey_id: int, revision: int, change: Callable[[Plan], Plan]) -> Journey:
    journey = running.locked(journey_id)
    if journey.status == JourneyStatus.ENDED:
        raise JourneyOver
    if journey.revision != revision:
        raise PlanChanged
    journey.plan = change(journey.plan)
    Journey.objects.filter(pk=journey.pk).update(plan=journey.plan, revision=F("revision") + 1)
    return journey
