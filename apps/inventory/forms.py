"""What operators fill in to receive goods and to correct the shelf after stocktaking."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base.asking import OnceForm
from apps.base.forms import CodeField, TextField
from apps.catalog.models import Sku
from apps.inventory.services.counting import MAX_UNITS
from apps.stores.models import Place


class CountForm(OnceForm):
    """A reason, and booked once however often it is sent."""

    reason = TextField(
        label="原因",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="会记入库存流水，例如「供应商到货 单号 8812」",
    )


class ReceiveForm(CountForm):
    """How many more of a row that exists."""

    title = "入库"
    explanation = "到货的商品放上货架后在这里登记，现货随之增加。"

    quantity = forms.IntegerField(
        label="入库数量", min_value=1, max_value=MAX_UNITS, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ["code", "place", "quantity", "reason", "token"]


class ReceiveAnyForm(ReceiveForm):
    """How many more of any SKU in any place, also where none has lain before."""

    code = CodeField(label="商家编码", max_length=40, widget=UnfoldAdminTextInputWidget)
    place = forms.ModelChoiceField(
        label="仓库", queryset=Place.objects.all(), widget=UnfoldAdminSelectWidget, empty_label=None
    )

    def __init__(self, *args: Any, mine: Collection[int] | None = None, **kwargs: Any) -> None:
        """Offer the operator's own places; ``mine`` is None for who works at all."""
        super().__init__(*args, **kwargs)
        if mine is not None:
            place: Any = self.fields["place"]
            place.queryset = place.queryset.filter(pk__in=mine)

    def clean_code(self) -> Sku:
        """The SKU of the code."""
        sku = Sku.objects.filter(code=self.cleaned_data["code"].strip()).first()
        if sku is None:
            raise forms.ValidationError("没有这个商家编码的 SKU")
        return sku


class AdjustForm(CountForm):
    """How many more or fewer than the books say."""

    title = "盘点调整"
    explanation = "填写实物与系统现货的差额，而不是盘点总数：盘点期间订单仍在付款扣减。"

    change = forms.IntegerField(
        label="差额",
        min_value=-MAX_UNITS,
        max_value=MAX_UNITS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="多出填正数，短少填负数；不能少于已被订单占用的数量",
    )
    field_order = ["change", "reason", "token"]

    def clean_change(self) -> Any:
        """The difference, which is one."""
        change = self.cleaned_data["change"]
        if change == 0:
            raise forms.ValidationError("差额为 0，无需调整")
        return change
