"""支付单 and 发货信息上传 for operators: the rooms' own pages, with what each bill is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.base.admin import link
from apps.base.finding import Number, Way
from apps.base.seeking import Whole
from apps.checkout import bills
from apps.fulfillment import admin as fulfillment
from apps.fulfillment.models import ShippingUpload
from apps.payments import admin as payments
from apps.payments.models import Payment


def in_words(row: Payment | ShippingUpload) -> str:
    """What was to be paid, in words. An upload names no bill while WeChat was not told of the order's parcels yet."""
    return f"{bills.label_of(row.bill_kind or bills.ORDER.name)} {row.bill_no or row.order}"


def subject(row: Payment | ShippingUpload) -> SafeString | str:
    """What was to be paid, in words and as a link: to the order itself, and for any other bill to where its kind says."""
    text = in_words(row)
    if row.order_id is not None:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), text)
    try:
        return link(bills.of(row.bill_kind).page(row.bill_no), text)
    except bills.UnknownKind:
        return text


class BillFilter(admin.SimpleListFilter):
    """What was to be paid, by kind."""

    title = "用于"
    parameter_name = "paid_for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.name, kind.label) for kind in bills.KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(bill_kind=self.value()) if self.value() else queryset


@admin.register(Payment)
class PaymentAdmin(payments.PaymentAdmin):
    list_filter = [BillFilter, *payments.PaymentAdmin.list_filter]

    @admin.display(description="用于", ordering="bill_no")
    def subject(self, row: Payment) -> SafeString | str:
        return subject(row)


@admin.register(ShippingUpload)
class ShippingUploadAdmin(fulfillment.ShippingUploadAdmin):
    list_filter = [BillFilter, *fulfillment.ShippingUploadAdmin.list_filter]
    found_by: ClassVar[Sequence[Way]] = (
        Number("order__order_no", ends=True),
        Whole("bill_no", beside={"bill_kind": bills.names}),
    )
    # The row's page has the link; in the list the same words open the row: a link within another is none.
    list_display = ["named", *fulfillment.ShippingUploadAdmin.list_display[1:]]
    fields = [
        ("subject", "state", "uploaded_parcels"),
        ("uploaded_at", "outcome_unknown", "attempts"),
        ("verified_at", "wechat_state", "reshipped_at"),
        ("settles_at", "confirmed_at", "settled_at"),
        "trouble",
    ]
    readonly_fields = ["trouble", "subject", "state"]

    @admin.display(description="用于", ordering="bill_no")
    def subject(self, row: ShippingUpload) -> SafeString | str:
        return subject(row)

    @admin.display(description="用于", ordering="bill_no")
    def named(self, row: ShippingUpload) -> str:
        return in_words(row)
