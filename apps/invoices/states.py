"""Statuses of an invoice, the table of its moves, and whom it can be made out to."""

from __future__ import annotations

from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle, Move


class TitleKind(models.TextChoices):
    """Whom an invoice is made out to, in the contract's words."""

    PERSONAL = "PERSONAL", "个人"
    COMPANY = "COMPANY", "企业"


class InvoiceStatus(models.TextChoices):
    """Where an invoice stands, in the contract's words."""

    APPLIED = "APPLIED", "待开票"
    ISSUED = "ISSUED", "已开票"
    REFUSED = "REFUSED", "已驳回"
    REVERSED = "REVERSED", "已红冲"


# An order has one of these at a time; after the others it can be applied for anew.
LIVE: Final = frozenset({InvoiceStatus.APPLIED, InvoiceStatus.ISSUED})


class FileKind(models.TextChoices):
    """What an electronic invoice comes as."""

    PDF = "pdf", "PDF"
    OFD = "ofd", "OFD"


LIFECYCLE = Lifecycle(
    "invoice",
    initial=InvoiceStatus.APPLIED,
    moves={
        "issue": Move({InvoiceStatus.APPLIED}, InvoiceStatus.ISSUED),
        # By an operator with a reason, or because nothing is left of what was paid.
        "refuse": Move({InvoiceStatus.APPLIED}, InvoiceStatus.REFUSED),
        # By an operator, or because a refund left less than it says. The red letter itself is recorded beside the status.
        "reverse": Move({InvoiceStatus.ISSUED}, InvoiceStatus.REVERSED),
    },
    final={InvoiceStatus.REFUSED, InvoiceStatus.REVERSED},
    labels=dict(InvoiceStatus.choices),
)
