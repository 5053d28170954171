"""A draft's plan as operators change it: plain JSON that may say too little yet, step by step, by the steps' numbers.

A place is ``"0"`` (at the beginning), ``"5"`` (behind step 5, on its side), ``"5y"`` and ``"5n"`` (first behind branch 5,
for yes and for no). Nothing here changes what it is given.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from apps.journeys.steps import Branch
from mall.errors import Invalid

Plan = Mapping[str, Any]
_PLACE: Final = re.compile(r"([0-9]{1,3})([yn]?)", re.ASCII)
_SIDES: Final = {"y": "yes", "n": "no"}


class PlaceUnknown(Invalid):
    """There is no such step in the plan any more."""

    code = "journey_place_unknown"
    message = "流程已变化，没有这一步"


class Line(NamedTuple):
    """A step of a draft: its number, how deep it stands, on which side of its branch, and what it says so far."""

    number: int
    depth: int
    side: str
    step: Mapping[str, Any]


def lines(plan: Plan) -> list[Line]:
    """The steps as they are read."""
    return list(_lines(plan.get("steps") or [], [0], 0, ""))


def step_of(plan: Plan, number: int) -> Mapping[str, Any]:
    """A step by its number. Raises PlaceUnknown."""
    for line in lines(plan):
        if line.number == number:
            return line.step
    raise PlaceUnknown


def put(plan: Plan, *, place: str, step: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The plan with a new step at a place, and the step's number. Raises PlaceUnknown."""
    changed = copy.deepcopy(dict(plan))
    among, index = _found(changed, place)
    new = {**step, "yes": [], "no": []} if step.get("is") == Branch.kind else dict(step)
    among.insert(index, new)
    return changed, next(line.number for line in lines(changed) if line.step is new)


def change(plan: Plan, *, number: int, step: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with other words in a step of the same kind; what stands below a branch stays. Raises PlaceUnknown."""
    changed = copy.deepcopy(dict(plan))
    among, index = _at(changed, number)
    below = {side: among[index][side] for side in ("yes", "no") if side in among[index]}
    among[index] = {**step, **below}
    return changed


def move(plan: Plan, *, number: int, up: bool) -> dict[str, Any]:
    """The plan with a step before the one above it on its side, or behind the one below. Raises PlaceUnknown."""
    changed = copy.deepcopy(dict(plan))
    among, index = _at(changed, number)
    other = index - 1 if up else index + 1
    if not 0 <= other < len(among):
        raise PlaceUnknown("这一步已在最前或最后")
    among[index], among[other] = among[other], among[index]
    return changed


def drop(plan: Plan, *, number: int) -> dict[str, Any]:
    """The plan without a step, and without what stands below it. Raises PlaceUnknown."""
    changed = copy.deepcopy(dict(plan))
    among, index = _at(changed, number)
    del among[index]
    return changed


def _lines(steps: list[Any], number: list[int], depth: int, side: str) -> Iterator[Line]:
    for step in steps:
        number[0] += 1
        yield Line(number[0], depth, side, step)
        for below in ("yes", "no"):
            yield from _lines(step.get(below) or [], number, depth + 1, below)


def _found(plan: dict[str, Any], place: str) -> tuple[list[Any], int]:
    """The list in which a place is, and where in it."""
    said = _PLACE.fullmatch(place)
    if said is None:
        raise PlaceUnknown
    number, side = int(said[1]), _SIDES.get(said[2])
    if number == 0:
        return plan.setdefault("steps", []), 0
    among, index = _at(plan, number)
    if side is None:
        return among, index + 1
    if among[index].get("is") != Branch.kind:
        raise PlaceUnknown
    return among[index].setdefault(side, []), 0


def _at(plan: dict[str, Any], number: int) -> tuple[list[Any], int]:
    """The list in which a step stands, and its place there."""
    wanted = step_of(plan, number)
    waiting = [plan.get("steps") or []]
    while waiting:
        among = waiting.pop()
        for index, step in enumerate(among):
            if step is wanted:
                return among, index
            waiting += [step[side] for side in ("yes", "no") if step.get(side)]
    raise PlaceUnknown
