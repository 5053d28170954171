"""Rules of applications and the reasons to choose from, as operators fill them in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.aftersales.models import AfterSaleReason, AfterSaleRules
from apps.aftersales.states import AfterSaleKind
from apps.base import judging
from apps.base.fields import MAX_FEN
from mall.errors import Fault, Faulty

_BOUNDS: Final = {
    "apply_days": (7, 365),
    "answer_hours": (1, 168),
    "send_back_days": (1, 60),
    "arrive_days": (1, 60),
    "inspect_hours": (1, 240),
    "dispatch_hours": (1, 240),
    "money_hours": (1, 240),
    "instant_per_day": (0, 100),
    "service_up_to_fen": (0, MAX_FEN),
    "second_person_above_fen": (0, MAX_FEN),
    "carriage_up_to_fen": (0, 100_000),
    "instant_up_to_fen": (0, MAX_FEN),
}


class RulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "after_sale_rules_refused"


class ReasonRefused(Faulty):
    """A reason that nobody could choose; ``faults`` say at which field, and why."""

    code = "after_sale_reason_refused"


def check_rules(rules: AfterSaleRules) -> None:
    """Hold the rules against what a shop can mean. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _faults_of_rules(rules))


def save_rules(rules: AfterSaleRules) -> AfterSaleRules:
    """Save the one row of rules. Raises RulesRefused."""
    check_rules(rules)
    rules.save()
    return rules


def check_reason(reason: AfterSaleReason) -> None:
    """Hold a new or changed reason against its kind. Raises ReasonRefused."""
    judging.refuse(ReasonRefused, reason, _faults_of_reason(reason))


def save_reason(reason: AfterSaleReason) -> AfterSaleReason:
    """Save a new or changed reason; applications keep how it read when they were made. Raises ReasonRefused."""
    check_reason(reason)
    reason.save()
    return reason


def _faults_of_rules(rules: AfterSaleRules) -> Iterator[Fault]:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(rules, name) <= high:
            yield Fault(name, f"请填写 {low} 到 {high} 之间的整数")


def _faults_of_reason(reason: AfterSaleReason) -> Iterator[Fault]:
    if reason.is_no_reason and reason.kind != AfterSaleKind.RETURN:
        yield Fault("is_no_reason", "无理由只适用于退货退款")
