"""The shop's rules of invoices, as operators fill them in."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base import judging
from apps.invoices import providers
from apps.invoices.models import InvoiceRules
from mall.errors import Fault, Faulty


class RulesRefused(Faulty):
    """Rules that no shop can mean; ``faults`` say at which field, and why."""

    code = "invoice_rules_refused"


def check_rules(rules: InvoiceRules) -> None:
    """Hold the rules against what a shop can mean. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _faults(rules))


def save_rules(rules: InvoiceRules) -> InvoiceRules:
    """Save the one row of rules. Raises RulesRefused."""
    check_rules(rules)
    rules.save()
    return rules


def _faults(rules: InvoiceRules) -> Iterator[Fault]:
    if not 1 <= rules.apply_days <= 365:
        yield Fault("apply_days", "请填写 1 到 365 之间的整数")
    if rules.provider not in providers.by_name():
        yield Fault("provider", "没有这种开票方式")
