"""What invoices and their titles look like to the mini program, and what it may say."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from apps.base.inputs import StrictCodeField, StrictTextField, row_id
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import LONGEST_NAME, Invoice, InvoiceTitle
from apps.invoices.states import TitleKind


class InvoiceTitleSerializer(serializers.ModelSerializer[InvoiceTitle]):
    """Whom an invoice is made out to."""

    kind = serializers.ChoiceField(
        choices=TitleKind.choices, error_messages={"invalid_choice": "抬头类型须为 PERSONAL 或 COMPANY"}
    )
    name = StrictTextField(max_length=LONGEST_NAME)
    tax_no = StrictCodeField(max_length=40, required=False, allow_blank=True)
    email = StrictCodeField(max_length=254, required=False, allow_blank=True)

    class Meta:
        model = InvoiceTitle
        fields = ["id", "kind", "name", "tax_no", "email"]
        read_only_fields = ["id"]


class InvoiceTitlePageSerializer(serializers.Serializer[Any]):
    """All titles, newest first: at most twenty, always one page."""

    results = InvoiceTitleSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class ApplyInvoiceSerializer(serializers.Serializer[Any]):
    """An application for an order's invoice."""

    title_id = row_id()


class InvoiceHeadSerializer(serializers.Serializer[Any]):
    """The title as it was copied into an invoice."""

    kind = serializers.ChoiceField(choices=TitleKind.choices)
    name = serializers.CharField()
    tax_no = serializers.CharField()
    email = serializers.CharField()


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An order's invoice, from its application on."""

    order_no = serializers.CharField(source="order.order_no")
    status_text = serializers.CharField(source="get_status_display")
    title = InvoiceHeadSerializer()
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = [
            "invoice_no",
            "order_no",
            "status",
            "status_text",
            "amount_fen",
            "title",
            "number",
            "code",
            "issued_on",
            "reason",
            "applied_at",
            "issued_at",
            "ended_at",
            "file_url",
        ]

    def get_file_url(self, row: Invoice) -> str | None:
        token = invoice_facts.token_of(row, at=timezone.now())
        return f"{settings.PUBLIC_BASE_URL}/{invoice_facts.FILE_PATH}/{token}" if token else None
