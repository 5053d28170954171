"""The rules by which buying is scored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from django.db import transaction

from apps.audiences.models import RfmRules
from apps.base import judging
from apps.base.fields import MAX_FEN
from mall.errors import Fault, Faulty


class RulesRefused(Faulty):
    """Borders that do not rise, or that nobody could pass."""

    code = "rfm_rules_refused"


def check_rules(rules: RfmRules) -> None:
    """Hold the rules against what can be meant. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _faults(rules), exclude={"id"})


@transaction.atomic
def save_rules(rules: RfmRules) -> RfmRules:
    """Save the one row; the next night reckons by it. Raises RulesRefused."""
    rules.pk = 1
    check_rules(rules)
    rules.save()
    return rules


def _faults(rules: RfmRules) -> Iterator[Fault]:
    bounds = (
        ("own_days", 3_650, "天数"),
        ("own_orders", 1_000_000, "次数"),
        ("own_money_fen", MAX_FEN, "金额"),
    )
    for name, most, label in bounds:
        figures = getattr(rules, name)
        if len(figures) != 4:
            yield Fault(name, f"请填写四个{label}，用逗号隔开")
        elif any(later <= sooner for sooner, later in pairwise(figures)):
            yield Fault(name, f"四个{label}应从小到大")
        elif not (figures[0] >= 0 and figures[-1] <= most):
            yield Fault(name, f"{label}超出范围")
