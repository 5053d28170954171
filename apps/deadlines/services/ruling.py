"""Rules, days and promises as operators keep them. Orders that were paid keep what was fixed for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from apps.base import judging
from apps.deadlines.models import DeadlineRules, Promise, ShopDay
from mall.errors import Fault, Faulty

_BOUNDS: Final = {"promise_hours": (1, 360), "warn_hours": (1, 72), "answer_hours": (1, 168)}
_HOURS: Final = (1, 2_160)


class RulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which figure, and why."""

    code = "deadline_rules_refused"


class PromiseRefused(Faulty):
    """A promise that says nothing, or two things; ``faults`` say at which field, and why."""

    code = "promise_refused"


def check_rules(rules: DeadlineRules) -> None:
    """Hold the rules against what a shop can mean. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _faults_of_rules(rules))


def save_rules(rules: DeadlineRules) -> DeadlineRules:
    """Save the one row of rules. Raises RulesRefused."""
    check_rules(rules)
    rules.save()
    return rules


def save_day(day: ShopDay) -> ShopDay:
    """Save a day on which the shop works otherwise."""
    day.save()
    return day


def check_promise(row: Promise) -> None:
    """Hold a promise against what can be meant. Raises PromiseRefused."""
    judging.refuse(PromiseRefused, row, _faults_of_promise(row))


def save_promise(row: Promise) -> Promise:
    """Save what a product or SKU promises. Raises PromiseRefused."""
    check_promise(row)
    row.save()
    return row


def _faults_of_rules(rules: DeadlineRules) -> Iterator[Fault]:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(rules, name) <= high:
            yield Fault(name, f"请填写 {low} 到 {high} 之间的整数")


def _faults_of_promise(row: Promise) -> Iterator[Fault]:
    if (row.product_id is None) == (row.sku_id is None):
        yield Fault("product", "请选择商品或规格中的一项")
    if (row.hours is None) == (row.ships_on is None):
        yield Fault("hours", "请填写小时数或最晚发货日中的一项")
    if row.hours is not None and not _HOURS[0] <= row.hours <= _HOURS[1]:
        yield Fault("hours", f"请填写 {_HOURS[0]} 到 {_HOURS[1]} 之间的整数")
    if row.ships_on is not None and not date(2020, 1, 1) <= row.ships_on <= date(2100, 1, 1):
        yield Fault("ships_on", "请填写正确的日期")
