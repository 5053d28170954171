"""What an operator fills in to send a parcel, and to put its number or its order's address right."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm, ReasonForm
from apps.base.forms import TextField, TrackingField
from apps.fulfillment.models import Carrier
from apps.orders.models import OrderLine


class ParcelForm(AskForm):
    """Who carries a parcel, and under which number: what every page asks that sends one."""

    carrier = forms.ModelChoiceField(
        label="快递公司",
        queryset=Carrier.objects.all(),
        to_field_name="code",
        widget=UnfoldAdminSelectWidget,
        empty_label="请选择",
        error_messages={"invalid_choice": "请选择列表中的快递公司", "required": "请选择快递公司"},
    )
    tracking_no = TrackingField(
        label="快递单号",
        max_length=64,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        error_messages={"required": "请填写快递单号", "max_length": "快递单号最多 64 位"},
    )


class ShipForm(ParcelForm):
    """Carrier and number, and for each line how many units are in the parcel; left empty: all that remain."""

    title = "发货"

    def __init__(self, *args: Any, lines: list[OrderLine], left: dict[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = left
        for line in lines:
            remaining = left.get(line.pk, 0)
            if remaining:
                self.fields[f"line_{line.pk}"] = forms.IntegerField(
                    label=f"{line.title} {line.option_text}".strip(),
                    required=False,
                    min_value=0,
                    max_value=remaining,
                    initial=remaining,
                    widget=UnfoldAdminIntegerFieldWidget,
                    help_text=f"还有 {remaining} 件未发货；不在此包裹中填 0",
                    error_messages={"max_value": f"最多 {remaining} 件"},
                )

    def quantities(self) -> dict[int, int]:
        """Return the units of each line that are in the parcel."""
        chosen = {line: self.cleaned_data.get(f"line_{line}") for line in self._left}
        return {line: self._left[line] if units is None else units for line, units in chosen.items()}


def _part(label: str, most: int, *, needed: bool = True, hint: str = "") -> TextField:
    return TextField(
        label=label, max_length=most, required=needed, widget=UnfoldAdminTextInputWidget, help_text=hint
    )


class AddressForm(ReasonForm):
    """An order's address, put right before anything leaves."""

    title = "修改收货信息"
    # Kept with the change, and forgotten with the order's address.
    reason_is_personal = True
    explanation = (
        "只能在发出第一个包裹之前修改；已付运费不变，改到其他省市前请确认快递可达。原收货信息会保留在历史中。"
    )

    name = _part("收货人", 25)
    phone = _part("手机号", 40)
    province = _part("省", 20)
    city = _part("市", 20)
    district = _part("区县", 20, needed=False)
    detail = _part("详细地址", 120)
    postal_code = _part("邮编", 6, needed=False)
    field_order = ["name", "phone", "province", "city", "district", "detail", "postal_code", "reason"]

    def address(self) -> dict[str, str]:
        """The parts as they were typed."""
        return {part: self.cleaned_data[part] for part in self.field_order if part != "reason"}


class CorrectForm(ParcelForm):
    """A parcel's carrier and number, put right."""

    title = "修改快递单号"
    explanation = "修改后重新上传微信，每笔支付微信只允许更正一次。"
