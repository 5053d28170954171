"""Form fields of the operators' pages: money is typed and read in yuan, kept in fen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base.fields import MAX_FEN, FenField
from mall.money import parse_yuan, yuan


class YuanField(forms.Field):
    """Text in yuan (``12.5``) in the page, integer fen (1250) in ``cleaned_data``; empty is None.

    Strict as ``mall.money.parse_yuan``: plain digits with at most two decimals, so that a typing error is
    refused and never becomes another price. Blanks around the text are forgiven. Bounds are in fen. A label that
    says （分） because the column keeps fen says （元） here.
    """

    widget = UnfoldAdminTextInputWidget
    default_error_messages = {
        "invalid": "请填写金额，单位为元，最多两位小数，例如 12.50",
        "too_low": "金额不能低于 %(yuan)s 元",
        "too_high": "金额不能超过 %(yuan)s 元",
    }

    def __init__(self, *, min_value: int | None = 0, max_value: int | None = MAX_FEN, **kwargs: Any) -> None:
        self.min_value = 0 if min_value is None else max(min_value, 0)
        self.max_value = MAX_FEN if max_value is None else min(max_value, MAX_FEN)
        label = kwargs.get("label")
        if label:
            kwargs["label"] = str(label).replace("（分）", "（元）")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        """Return fen for what was typed; None for nothing."""
        text = value.strip() if isinstance(value, str) else value
        if text in self.empty_values:
            return None
        try:
            amount_fen = parse_yuan(text)
        except (ValueError, TypeError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if amount_fen < self.min_value:
            raise ValidationError(
                self.error_messages["too_low"], code="too_low", params={"yuan": yuan(self.min_value)}
            )
        if amount_fen > self.max_value:
            raise ValidationError(
                self.error_messages["too_high"], code="too_high", params={"yuan": yuan(self.max_value)}
            )
        return amount_fen

    def prepare_value(self, value: Any) -> Any:
        """Return what the page shows: yuan for an amount, and what was typed as it was typed."""
        return yuan(value) if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}


# For ``formfield_overrides`` of an admin or inline: every FenField of it is typed in yuan.
MONEY_IN_YUAN: dict[type, dict[str, Any]] = {
    FenField: {"form_class": YuanField, "widget": UnfoldAdminTextInputWidget}
}
