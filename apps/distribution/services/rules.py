"""What operators set: the rules, levels, rates and materials; a rate is held against margin before it holds for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.base import judging
from apps.distribution import margins
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Material, PromoterLevel, RateRule, Rules
from mall import money
from mall.errors import Fault, Faulty

# The merchant's figures: commissions of 15 to 30 % of what was paid; others are warned about.
USUAL_BP: Final = (1_500, 3_000)
_BOUNDS: Final = {
    "first_bp": (0, money.WHOLE_BP),
    "second_bp": (0, money.WHOLE_BP),
    "ceiling_bp": (0, money.WHOLE_BP),
    "freeze_days": (0, 180),
    "valid_days": (0, 3_650),
    "protect_days": (0, 3_650),
    "withdraw_max_per_day": (1, 100),
}


class RulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "promoter_rules_refused"


class RateRefused(Faulty):
    """A rate above the ceiling, of no goods, or that leaves goods below the price floor where that refuses."""

    code = "commission_rate_refused"


class LevelRefused(Faulty):
    """A level that no shop can mean."""

    code = "promoter_level_refused"


class MaterialRefused(Faulty):
    """Material without anything to take."""

    code = "material_refused"


def check_rules(rules: Rules) -> None:
    """Hold the rules against what a shop can mean, and against the rates that stand. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _of_rules(rules), exclude={"id"})


def save_rules(rules: Rules) -> Rules:
    """Save the one row of rules. Raises RulesRefused."""
    check_rules(rules)
    with transaction.atomic():
        rules.pk = 1
        rules.save()
    return rules


def check_rate(rule: RateRule, *, at: datetime) -> None:
    """Hold a rate against ceiling and price floor. Raises RateRefused."""
    judging.refuse(RateRefused, rule, _of_rate(rule, at=at))


def save_rate(rule: RateRule, *, at: datetime) -> RateRule:
    """Save a rate of a product or a category. Raises RateRefused."""
    check_rate(rule, at=at)
    rule.save()
    return rule


def forget_rates_of_products() -> int:
    """Delete the rates that products have for all levels; whoever names them all does so before. Return how many."""
    deleted, _ = RateRule.objects.filter(product__isnull=False, level=None).delete()
    return deleted


def check_level(level: PromoterLevel) -> None:
    """Hold a level against the ceiling. Raises LevelRefused."""
    judging.refuse(LevelRefused, level, _of_level(level))


def save_level(level: PromoterLevel) -> PromoterLevel:
    """Save a level of promoters. Raises LevelRefused."""
    check_level(level)
    level.save()
    return level


def check_material(material: Material) -> None:
    """Hold material against its columns. Raises MaterialRefused."""
    judging.refuse(MaterialRefused, material)


def save_material(material: Material) -> Material:
    """Save material. Raises MaterialRefused."""
    check_material(material)
    material.save()
    return material


def warnings_of_rates(first_bp: int, second_bp: int) -> list[str]:
    """What an operator should know of a pair of rates: both together are usually 15 to 30 % of what is paid."""
    low, high = USUAL_BP
    both_bp = first_bp + second_bp
    if low <= both_bp <= high:
        return []
    return [f"一级与二级合计 {_percent(both_bp)}，通常为 {_percent(low)} 到 {_percent(high)}，请确认"]


def warnings_of_rate(rule: RateRule, *, at: datetime) -> list[str]:
    """The same of a saved rate, and the goods that it leaves below the price floor."""
    short = margins.shortfalls(rule, at=at)
    return [*warnings_of_rates(rule.first_bp, rule.second_bp), *(each.sentence for each in short[:5])]


def _of_rules(rules: Rules) -> Iterator[Fault]:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(rules, name) <= high:
            yield Fault(name, f"请填写 {low} 到 {high} 之间的整数")
    highest = _highest_rate()
    if highest > rules.ceiling_bp:
        yield Fault("ceiling_bp", f"已有佣金比例合计 {_percent(highest)}，高于此上限，请先修改")
    if rules.valid_days and rules.protect_days > rules.valid_days:
        yield Fault("protect_days", "保护天数不能超过绑定有效天数")


def _of_rate(rule: RateRule, *, at: datetime) -> Iterator[Fault]:
    yield from _above_ceiling(rule.first_bp, rule.second_bp)
    if margins.refuses() and (short := margins.shortfalls(rule, at=at)):
        yield Fault("first_bp", short[0].sentence)


def _of_level(level: PromoterLevel) -> Iterator[Fault]:
    rules = promoter_facts.rules()
    first_bp = rules.first_bp if level.first_bp is None else level.first_bp
    second_bp = rules.second_bp if level.second_bp is None else level.second_bp
    yield from _above_ceiling(first_bp, second_bp)


def _above_ceiling(first_bp: int, second_bp: int) -> Iterator[Fault]:
    ceiling_bp = promoter_facts.rules().ceiling_bp
    if first_bp + second_bp > ceiling_bp:
        yield Fault("first_bp", f"一级与二级合计不得超过佣金上限 {_percent(ceiling_bp)}")


def _highest_rate() -> int:
    rows = RateRule.objects.values_list("first_bp", "second_bp")
    return max((first_bp + second_bp for first_bp, second_bp in rows), default=0)


def _percent(bp: int) -> str:
    return money.percent(bp)
