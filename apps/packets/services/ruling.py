"""The rules of packets as operators set them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.base import judging
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.packets.models import PacketRule
from mall.errors import Fault, Faulty

# What friends open is for the next order, not for some day.
_MOST_DAYS: Final = 30


class RuleRefused(Faulty):
    """What no shop can mean; ``faults`` say at which field, and why."""

    code = "packet_rule_refused"


def check_rule(rule: PacketRule) -> None:
    """Judge a rule as it would be saved. Raises RuleRefused."""
    judging.refuse(RuleRefused, rule, _of_rule(rule))


def save_rule(rule: PacketRule) -> PacketRule:
    """Save a rule; packets that were made keep what they were made with. Raises RuleRefused."""
    check_rule(rule)
    rule.save()
    return rule


def _of_rule(rule: PacketRule) -> Iterator[Fault]:
    template = rule.coupon
    if template.kind != Template.Kind.THRESHOLD:
        yield Fault("coupon", "请选择满减券：面额各不相同，须有共同的使用门槛")
    elif rule.most_fen > template.threshold_fen:
        yield Fault("most_fen", "总额不能高于优惠券的使用门槛，否则一个人可能领到比门槛还多")
    if template.valid_days is None or template.valid_days > _MOST_DAYS:
        yield Fault("coupon", f"优惠券须按领取后天数生效，且不超过 {_MOST_DAYS} 天")
    if template.visible or template.occasion != Template.Occasion.NONE:
        yield Fault("coupon", "优惠券不能同时在领券中心展示或自动发放")
    if rule.enabled and template.status != TemplateStatus.LIVE:
        yield Fault("coupon", "优惠券还没有上线，或已停发")
