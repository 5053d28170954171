"""Whom invoices name is forgotten: titles when their member leaves, invoices when the law wants them no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.invoices.models import Invoice, InvoiceTitle
from apps.invoices.states import InvoiceStatus

# 税收征收管理法实施细则第二十九条: books, vouchers and invoices are kept for ten years.
ISSUED_KEPT: Final = timedelta(days=3653)
# 电子商务法第三十一条: what belongs to a transaction, three years.
REFUSED_KEPT: Final = timedelta(days=1096)
_TITLE: Final = ("name", "tax_no", "email")


@transaction.atomic
def erase_of_member(*, member_id: int, at: datetime) -> None:
    """Delete a member's titles, and empty what was refused; what was issued stays as long as the law wants it."""
    InvoiceTitle.objects.filter(member_id=member_id).delete()
    refused = Invoice.objects.filter(member_id=member_id, status=InvoiceStatus.REFUSED, erased_at=None)
    empty(refused, at=at)


@transaction.atomic
def empty(rows: QuerySet[Invoice], *, limit: int | None = None, at: datetime) -> int:
    """Empty titles and files of these invoices; return how many."""
    due = list(rows.order_by("applied_at", "id")[:limit].values_list("pk", flat=True))
    locked = list(Invoice.objects.select_for_update(no_key=True).filter(pk__in=due).order_by("pk"))
    for row in locked:
        if row.file:
            row.file.delete(save=False)
    Invoice.objects.filter(pk__in=[row.pk for row in locked]).update(
        **dict.fromkeys(_TITLE, ""), file="", erased_at=at
    )
    return len(locked)


def of_old(*, at: datetime) -> QuerySet[Invoice]:
    """Invoices that are over and so old that nobody needs to know whom they name."""
    refused = Q(status=InvoiceStatus.REFUSED, applied_at__lte=at - REFUSED_KEPT)
    issued = Q(status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REVERSED], applied_at__lte=at - ISSUED_KEPT)
    return Invoice.objects.filter(refused | issued, erased_at=None)
