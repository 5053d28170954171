"""Rules of reviews: for how long one may write, and how many pictures a member may send a day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.base import judging
from apps.content.models import ReviewRules
from mall.errors import Fault, Faulty

_BOUNDS: Final = {"days": (1, 365), "pictures_per_day": (0, 1_000)}


class ReviewRulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "review_rules_refused"


def check(rules: ReviewRules) -> None:
    """Hold the rules against what a shop can mean. Raises ReviewRulesRefused."""
    judging.refuse(ReviewRulesRefused, rules, _faults(rules))


def save(rules: ReviewRules) -> ReviewRules:
    """Save the one row of rules. Raises ReviewRulesRefused."""
    check(rules)
    rules.save()
    return rules


def _faults(rules: ReviewRules) -> Iterator[Fault]:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(rules, name) <= high:
            yield Fault(name, f"请填写 {low} 到 {high} 之间的整数")
