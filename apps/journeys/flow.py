"""A journey's plan as typed dataclasses: what begins it, its steps with their branches, when members leave it.

In JSON: ``{"trigger": {"is": "event", "event": "OrderPaid"}, "again_days": 30, "exits": ["ordered"], "steps": [{"is":
"wait", "minutes": 60}, {"is": "branch", "when": "ordered", "yes": […], "no": […]}, …]}``. Steps are numbered from 1 as
they are read, branches within; after a branch both ways go on with what follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.journeys.asked import asked_of, read_as
from apps.journeys.steps import (
    EXITS,
    STEPS,
    TRIGGERS,
    Action,
    Branch,
    OnSegment,
    Part,
    Step,
    Trigger,
    rows_of,
)
from mall.errors import Fault, Faulty

MOST: Final = 40
DEEPEST: Final = 4


class FlowRefused(Faulty):
    """A plan that cannot be put in force; each fault says at which step, and why."""

    code = "journey_flow_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step where it stands: its number, how deep and on which side, and the numbers of the steps that may follow it.

    0 is the end. ``yes`` and ``no`` are those behind a branch.
    """

    number: int
    depth: int
    side: str
    step: Step
    then: int
    yes: int = 0
    no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A whole plan. ``again_days``: a member may enter again so many days after entering; None is never."""

    trigger: Trigger
    steps: tuple[Step, ...]
    again_days: int | None = None
    exits: frozenset[str] = frozenset()

    def placed(self) -> tuple[Placed, ...]:
        """The steps as they are read, each with what follows it; number n is at place n - 1."""
        return tuple(_placed(self.steps, number=1, depth=0, side="", then=0))


def read(given: Any) -> Flow:
    """The plan that JSON says. Raises FlowRefused with every fault, at the field ``plan``, by its step."""
    reading = _Reading()
    plan = given if isinstance(given, dict) else {}
    if plan.keys() - {"trigger", "steps", "again_days", "exits"}:
        reading.faults.append("流程中有不认识的内容")
    trigger = reading.part(plan.get("trigger"), TRIGGERS, where="进入条件")
    again, exits = reading.rules(plan, trigger)
    steps = reading.steps(plan.get("steps"), depth=0)
    if reading.number > MOST:
        reading.faults.append(f"最多 {MOST} 步，现在有 {reading.number} 步")
    if not reading.faults and not any(isinstance(step, Action) for step in every(steps)):
        reading.faults.append("至少要有一步发消息、发券、送积分、打标签或跟进任务")
    if reading.faults or not isinstance(trigger, Trigger):
        raise FlowRefused([Fault("plan", text) for text in reading.faults])
    return Flow(trigger=trigger, steps=steps, again_days=again, exits=exits)


def read_part(given: Any, kinds: Mapping[str, type[Any]], *, where: str = "") -> Any:
    """One step or trigger by itself, without what stands below it. Raises FlowRefused."""
    reading = _Reading()
    found = reading.part(given, kinds, where=where)
    if found is None:
        raise FlowRefused([Fault("", text) for text in reading.faults])
    return found


def as_json(flow: Flow) -> dict[str, Any]:
    """The plan in its one form: ``read`` gives the same plan back."""
    return {
        "trigger": part_as_json(flow.trigger),
        "again_days": flow.again_days,
        "exits": sorted(flow.exits),
        "steps": [part_as_json(step) for step in flow.steps],
    }


def part_as_json(part: Part) -> dict[str, Any]:
    """A step or trigger in its one form, with what stands below it."""
    said = {name: getattr(part, name) for name in asked_of(type(part))}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    if isinstance(part, Branch):
        plain |= {"yes": [part_as_json(step) for step in part.yes]}
        plain |= {"no": [part_as_json(step) for step in part.no]}
    return {"is": part.kind, **plain}


def every(steps: Sequence[Step]) -> Iterator[Step]:
    """All steps as they are read."""
    for step in steps:
        yield step
        if isinstance(step, Branch):
            yield from every(step.yes)
            yield from every(step.no)


def needs(flow: Flow) -> dict[str, list[int]]:
    """The rows without which a plan cannot go on, by the source of each."""
    named: dict[str, set[int]] = {}
    for part in (flow.trigger, *every(flow.steps)):
        said = {name: getattr(part, name) for name in asked_of(type(part))}
        for source, ids in rows_of(type(part), said):
            named.setdefault(source, set()).update(ids)
    return {source: sorted(ids) for source, ids in sorted(named.items())}


def _placed(steps: Sequence[Step], *, number: int, depth: int, side: str, then: int) -> Iterator[Placed]:
    for place, step in enumerate(steps):
        below = tuple(every((step,)))
        after = number + len(below) if place + 1 < len(steps) else then
        if isinstance(step, Branch):
            first_no = number + 1 + len(tuple(every(step.yes)))
            yield Placed(
                number=number,
                depth=depth,
                side=side,
                step=step,
                then=after,
                yes=number + 1 if step.yes else after,
                no=first_no if step.no else after,
            )
            yield from _placed(step.yes, number=number + 1, depth=depth + 1, side="yes", then=after)
            yield from _placed(step.no, number=first_no, depth=depth + 1, side="no", then=after)
        else:
            yield Placed(number=number, depth=depth, side=side, step=step, then=after)
        number += len(below)


class _Reading:
    """One reading of a plan, and what is wrong with it so far."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.number = 0

    def rules(self, plan: Mapping[str, Any], trigger: Part | None) -> tuple[int | None, frozenset[str]]:
        """When a member may enter again, and what takes them out."""
        again, exits = plan.get("again_days"), plan.get("exits") or []
        if again is not None and (
            isinstance(again, bool) or not isinstance(again, int) or not 0 <= again <= 3_650
        ):
            self.faults.append("「再次进入」应为 0 至 3650 天")
            again = None
        if not isinstance(exits, list) or any(not isinstance(one, str) or one not in EXITS for one in exits):
            self.faults.append("「退出条件」的选项有误")
            exits = []
        if "left_segment" in exits and isinstance(trigger, Trigger) and not isinstance(trigger, OnSegment):
            self.faults.append("退出条件「不再符合进入的人群」只能用于「进入人群」的旅程")
        return again, frozenset(exits)

    def steps(self, given: Any, *, depth: int) -> tuple[Step, ...]:
        if given is None or given == []:
            return ()
        if not isinstance(given, list) or len(given) > MOST:
            self.faults.append(f"步骤格式有误，或超过 {MOST} 步")
            return ()
        if depth > DEEPEST:
            self.faults.append(f"判断最多嵌套 {DEEPEST} 层")
            return ()
        return tuple(step for one in given if (step := self.step(one, depth=depth)) is not None)

    def step(self, given: Any, *, depth: int) -> Step | None:
        self.number += 1
        where = f"第 {self.number} 步"
        if not isinstance(given, dict) or given.get("is") != Branch.kind:
            return self.part(given, STEPS, where=where)
        own = {name: value for name, value in given.items() if name not in ("yes", "no")}
        branch = self.part(own, STEPS, where=where)
        yes = self.steps(given.get("yes"), depth=depth + 1)
        no = self.steps(given.get("no"), depth=depth + 1)
        if not isinstance(branch, Branch):
            return None
        if not yes and not no:
            self.faults.append(f"{where}「{branch.label}」：「是」和「否」至少要有一边有步骤")
        return Branch(when=branch.when, segment=branch.segment, tree=branch.tree, yes=yes, no=no)

    def part(self, given: Any, kinds: Mapping[str, type[Any]], *, where: str) -> Any:
        name = given.get("is") if isinstance(given, dict) else None
        kind = kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            self.faults.append(f"{where}：请选择类型")
            return None
        return read_as(kind, given, besides=("is",), where=f"{where}「{kind.label}」", faults=self.faults)
