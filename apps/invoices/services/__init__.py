"""Invoices: titles, applying, issuing, and what refunds make of them."""

from apps.invoices.services.applying import apply
from apps.invoices.services.following import follow_refund
from apps.invoices.services.issuing import issue, record_red_letter, refuse, reverse
from apps.invoices.services.ruling import check_rules, save_rules

__all__ = [
    "apply",
    "check_rules",
    "follow_refund",
    "issue",
    "record_red_letter",
    "refuse",
    "reverse",
    "save_rules",
]
