"""Serves an electronic invoice to whoever has the address that its buyer was given a few minutes ago: saved, never run."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.base import private
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice
from mall.errors import NotFound

_TYPES: Final = {"pdf": "application/pdf", "ofd": "application/ofd"}


@require_safe
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Answer the file that a signed address opens; 404 for one that is forged or over."""
    try:
        return attached(invoice_facts.opened_by(token, at=timezone.now()))
    except (NotFound, FileNotFoundError):
        raise Http404 from None


def attached(invoice: Invoice) -> HttpResponseBase:
    """The file of an invoice, to be saved under the invoice's number. Raises FileNotFoundError."""
    called = f"{invoice.invoice_no}.{invoice.file_kind}"
    answer = private.shown(str(invoice.file.name), called=called)
    answer["Content-Type"] = _TYPES[invoice.file_kind]
    answer["Content-Disposition"] = f'attachment; filename="{called}"'
    return answer
