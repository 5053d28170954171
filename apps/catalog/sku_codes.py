"""SKUs as operators type them: by the merchant's code."""

from __future__ import annotations

from collections.abc import Collection

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalog.models import Sku

_UNKNOWN = "没有这个商家编码的 SKU"


class SkuCodeField(forms.ModelChoiceField):
    """A SKU by its code, with its product at hand."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label="商家编码",
            queryset=Sku.objects.select_related("product"),
            to_field_name="code",
            required=required,
            widget=UnfoldAdminTextInputWidget,
            error_messages={"invalid_choice": _UNKNOWN},
        )


def ids_of(codes: Collection[str]) -> dict[str, int]:
    """The ids of the SKUs of these codes: one statement. Raises ValidationError, which names the codes of none."""
    ids = dict(Sku.objects.filter(code__in=list(codes)).values_list("code", "pk"))
    if missing := [code for code in dict.fromkeys(codes) if code not in ids]:
        raise forms.ValidationError(f"{_UNKNOWN}：{'、'.join(missing)}")
    return ids
