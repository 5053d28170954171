"""The rules of favourites and of what is back, as operators fill them in."""

from __future__ import annotations

from apps.base import judging
from apps.carts.models import WishRules
from mall.errors import Faulty


class WishRulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "wish_rules_refused"


def check(rules: WishRules) -> None:
    """Hold the rules against what a shop can mean. Raises WishRulesRefused."""
    judging.refuse(WishRulesRefused, rules)


def save(rules: WishRules) -> WishRules:
    """Save the one row of rules. Raises WishRulesRefused."""
    check(rules)
    rules.save()
    return rules
