"""What insurers of freight paid, in the admin: by hand on an application's page, or many from a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.aftersales import insurance_files
from apps.aftersales.insurance_files import Row
from apps.aftersales.models import InsurancePayment
from apps.aftersales.services import insuring
from apps.aftersales.states import InsurancePayee
from apps.base import held
from apps.base.admin import ReadOnlyAdmin, yuan_column
from apps.base.asking import AskForm, operator
from apps.base.filled_sheets import MOST_ROWS
from apps.base.finding import Number
from apps.base.forms import CodeField, SheetField, YuanField
from apps.orders.parts import OfOrders


class PaymentsForm(AskForm):
    """A file of what insurers paid."""

    title = "导入运费险理赔"
    explanation = (
        "CSV（UTF-8 或 GBK）或 Excel（.xlsx），第一行为表头：售后单号、理赔单号、金额（元），"
        "可另加收款方（买家或商家，默认买家）。"
        f"一次最多 {MOST_ROWS} 行；有一行错误则全部不导入，重复导入不会重复登记。"
    )

    file = held.kept(
        SheetField(
            label="文件",
            read=insurance_files.read,
            widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
            error_messages={"required": "请选择文件", "empty": "文件是空的"},
        )
    )

    def rows(self) -> list[Row]:
        """The rows of the file."""
        rows: list[Row] = self.cleaned_data["file"].rows
        return rows


class PaymentForm(AskForm):
    """What an insurer paid for one return."""

    title = "登记运费险理赔"
    explanation = "只作记录：赔给商家的记入账簿和订单利润，赔给买家的不影响商家账目。"

    claim_no = CodeField(label="理赔单号", max_length=64, widget=UnfoldAdminTextInputWidget)
    amount_fen = YuanField(label="理赔金额（元）")
    payee = forms.ChoiceField(label="收款方", choices=InsurancePayee.choices, widget=UnfoldAdminSelectWidget)
    again = forms.BooleanField(
        label="另一笔理赔",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="这笔售后已登记过理赔、确实又赔了一笔时勾选",
    )


@admin.register(InsurancePayment)
class InsurancePaymentAdmin(OfOrders, ReadOnlyAdmin):
    """What was paid for which return, and to whom."""

    of_order = "after_sale__order"
    list_display = ["claim_no", "after_sale", "amount", "payee", "operator", "at"]
    list_filter = ["payee"]
    list_select_related = ["after_sale", "operator"]
    found_by = (
        Number("claim_no"),
        Number("after_sale__after_sale_no"),
        Number("after_sale__order__order_no", ends=True),
    )
    search_help_text = "理赔单号、售后单号或订单号"
    fields = ["claim_no", "after_sale", "amount", "payee", "operator", "at"]
    readonly_fields = ["amount"]
    amount: Any = yuan_column("amount_fen", "理赔金额")
    actions_list = ["bring_in"]

    @action(
        description="导入运费险理赔",
        url_path="import",
        permissions=["aftersales.add_insurancepayment"],
        icon="upload_file",
    )
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        def take_in(filled: PaymentsForm) -> str:
            done = insuring.record(rows=filled.rows(), operator=operator(request), at=timezone.now())
            return f"已登记 {done.new} 笔理赔，{done.known} 行此前已登记。"

        return self.ask(request, PaymentsForm, take_in)
