"""What operators set: how points come and go, what interactions give, and what the points mall has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import transaction

from apps.base import judging
from apps.points.models import InteractionRule, PointsGood, Rules
from apps.points.states import Interaction
from mall.errors import Fault, Faulty

# Above these a rule is a typing error: a hundred points a yuan, a thousand for a day.
_MOST_PER_YUAN: Final = 100
_MOST_A_DAY: Final = 1_000
_LONGEST_MONTHS: Final = 120
_BOUNDS: Final = {
    "points_per_yuan": (0, _MOST_PER_YUAN),
    "growth_per_yuan": (0, _MOST_PER_YUAN),
    "expiry_months": (1, _LONGEST_MONTHS),
    "remind_days": (0, 90),
    "check_in_points": (0, _MOST_A_DAY),
    "streak_bonus": (0, _MOST_A_DAY),
    "streak_days": (2, 31),
    "deduction_points_per_yuan": (1, 100_000),
}


class RulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "points_rules_refused"


class InteractionRefused(Faulty):
    """A reward without an end, or of nothing."""

    code = "interaction_refused"


class GoodRefused(Faulty):
    """A good of the points mall that is no one thing, at a price, for a time."""

    code = "points_good_refused"


def check_rules(rules: Rules) -> None:
    """Hold the rules against what a shop can mean. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _of_rules(rules))


def save_rules(rules: Rules) -> Rules:
    """Save the one row of rules. Raises RulesRefused."""
    check_rules(rules)
    rules.save()
    return rules


def check_interaction(rule: InteractionRule) -> None:
    """Hold a reward against abuse: a profile is completed once, and a gift has an end. Raises InteractionRefused."""
    judging.refuse(InteractionRefused, rule, _of_interaction(rule))


def save_interaction(rule: InteractionRule) -> InteractionRule:
    """Save what an interaction gives. Raises InteractionRefused."""
    check_interaction(rule)
    rule.save()
    return rule


def check_good(good: PointsGood) -> None:
    """Hold a good against every rule: one thing, at a price in points, for a time that passes. Raises GoodRefused.

    What its kind does not use is emptied.
    """
    if good.kind == PointsGood.Kind.SKU:
        good.coupon_template_id = None
    elif good.kind == PointsGood.Kind.COUPON:
        good.sku = None
    judging.refuse(GoodRefused, good, _of_good(good))


def save_good(good: PointsGood) -> PointsGood:
    """Save a new or changed good; what was redeemed is counted at the same time and left alone. Raises GoodRefused."""
    with transaction.atomic():
        before = PointsGood.objects.select_for_update(no_key=True).filter(pk=good.pk)
        good.redeemed = before.values_list("redeemed", flat=True).first() or 0
        check_good(good)
        good.save()
    return good


def _of_rules(rules: Rules) -> Iterator[Fault]:
    for name, (low, high) in _BOUNDS.items():
        figure = getattr(rules, name)
        if figure is not None and not low <= figure <= high:
            yield Fault(name, f"请填写 {low} 到 {high} 之间的整数")
    earned, paid = rules.points_per_yuan, rules.deduction_points_per_yuan
    if earned and paid and earned >= paid:
        yield Fault(
            "deduction_points_per_yuan",
            f"每消费 1 元得 {earned} 积分，而 {paid} 积分就抵 1 元：等于白送，请提高抵扣所需积分",
        )


def _of_interaction(rule: InteractionRule) -> Iterator[Fault]:
    for name in ("points", "growth"):
        if getattr(rule, name) > _MOST_A_DAY:
            yield Fault(name, f"单次不能超过 {_MOST_A_DAY}")
    if rule.points == 0:
        yield Fault("points", "积分必须大于 0；不想奖励请停用")
    if rule.kind == Interaction.PROFILE and not rule.once:
        yield Fault("once", "完善资料只能奖励一次，请勾选「仅一次」")
    if not rule.once and not rule.daily_cap:
        yield Fault("daily_cap", "请填写每日次数上限，否则可以无限刷积分")


def _of_good(good: PointsGood) -> Iterator[Fault]:
    if good.kind == PointsGood.Kind.SKU and good.sku is None:
        yield Fault("sku", "请填写商家编码")
    if good.kind == PointsGood.Kind.COUPON:
        if good.coupon_template_id is None:
            yield Fault("coupon_template_id", "请选择优惠券模板")
        if good.money_fen:
            yield Fault("money_fen", "优惠券只用积分兑换，不能另付")
    if good.ends_at <= good.starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")
    if good.points == 0:
        yield Fault("points", "所需积分必须大于 0")
    if good.quota is not None and good.quota < good.redeemed:
        yield Fault("quota", f"已兑换 {good.redeemed}，总量不能更少")
    if good.sku is not None and good.money_fen >= good.sku.price_fen:
        yield Fault("money_fen", "另付金额必须低于商品售价")
