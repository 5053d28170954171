"""A SKU as operators name it in forms: by the merchant's code."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalog.models import Sku
from apps.catalog.sku_codes import UNKNOWN


class SkuCodeField(forms.ModelChoiceField):
    """A SKU by its code, with its product at hand."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label="商家编码",
            queryset=Sku.objects.select_related("product"),
            to_field_name="code",
            required=required,
            widget=UnfoldAdminTextInputWidget,
            error_messages={"invalid_choice": UNKNOWN},
        )
