"""What kinds of tags there are, and the classes that a member's buying puts them into, each in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models


class TagKind(models.TextChoices):
    """Who puts a tag on members."""

    HAND = "HAND", "手工"
    RULE = "RULE", "规则"


class Borders(models.TextChoices):
    """Where the borders between the scores come from."""

    QUINTILES = "QUINTILES", "按会员五等分"
    OWN = "OWN", "按自定标准"


class Standing(models.TextChoices):
    """What a member is as a customer, by when they bought last, how often, and for how much."""

    VALUABLE = "VALUABLE", "高价值"
    POTENTIAL = "POTENTIAL", "潜力"
    STEADY = "STEADY", "一般"
    NEW = "NEW", "新客"
    CHURNING = "CHURNING", "流失预警"
    SLEEPING = "SLEEPING", "沉默"
    NEVER = "NEVER", "未购"


# The first that fits holds, in this order; ``services/reckoning.py`` says the same in SQL, and a test compares them.
EXPLAINED: Final[Mapping[str, str]] = {
    Standing.NEVER: "从未付过款，或付过的都已退款",
    Standing.NEW: "第一次付款不久，只买过一次",
    Standing.VALUABLE: "最近还在买（R≥4），而且买得多、花得多（F≥4 且 M≥4）",
    Standing.CHURNING: "买得多或花得多（F≥4 或 M≥4），但很久没来了（R≤2）",
    Standing.SLEEPING: "很久没来（R≤2），以前买得也不多",
    Standing.POTENTIAL: "最近来过（R≥3），买得较多或花得较多（F≥3 或 M≥4），还可以更进一步",
    Standing.STEADY: "最近来过（R≥3），买得不多",
}


def standing_of(*, bought: bool, is_new: bool, r: int, f: int, m: int) -> Standing:
    """The class of these scores (1 to 5, 5 the best): whether anything was bought and kept, and whether it was the first."""
    if not bought:
        return Standing.NEVER
    if is_new:
        return Standing.NEW
    return _of_scores(r=r, f=f, m=m)


def _of_scores(*, r: int, f: int, m: int) -> Standing:
    if r >= 4 and f >= 4 and m >= 4:
        return Standing.VALUABLE
    if r <= 2:
        return Standing.CHURNING if f >= 4 or m >= 4 else Standing.SLEEPING
    return Standing.POTENTIAL if f >= 3 or m >= 4 else Standing.STEADY
