"""Form fields of the operators' pages: texts in one form, money in yuan, rates as people say them, regions by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base import filled_sheets
from apps.base.fields import MAX_FEN, FenField
from mall import regions
from mall import text as texts
from mall.errors import Fault, Faulty, Invalid, ShopError
from mall.money import WHOLE_BP, parse_yuan, yuan


def show_refusal(form: forms.BaseForm, refusal: ShopError, *, named: Mapping[str, str] | None = None) -> None:
    """Say in a form why a service refused: at the fields that it names, or above the form.

    ``named`` gives the form's name of a field that the service calls otherwise.
    """
    if isinstance(refusal, Faulty):
        faults = list(refusal.faults)
    else:
        faults = [Fault(str(refusal.details.get("field", "")), refusal.text)]
    for fault in faults:
        name = (named or {}).get(fault.field, fault.field)
        form.add_error(name if name in form.fields else None, shown(refusal, fault))


def shown(refusal: ShopError, fault: Fault) -> str:
    """The sentence of a fault as an operator's page shows it: with the way to the row that it names, in another tab, so
    that nothing that was typed is lost.
    """
    row = refusal.rows.get(fault.text) if isinstance(refusal, Faulty) else None
    if row is None:
        return fault.text
    label, row_id = row
    address = reverse(f"admin:{label.replace('.', '_')}_change", args=[row_id])
    return format_html(
        '{} <a href="{}" target="_blank" class="font-medium underline">查看</a>', fault.text, address
    )


class RuledForm(forms.ModelForm):
    """A form whose row a service judges: the form reads what was typed, the service says what is wrong and where.

    A subclass says in ``check`` which service that is. What the database itself would refuse the service tells as well
    (``base.judging``).
    """

    # The form's name of a field that the service calls otherwise.
    called: ClassVar[Mapping[str, str]] = {}

    def check(self, row: Any) -> None:
        """Have the service judge the row as it would be saved. Raises ShopError."""
        raise NotImplementedError

    def fill(self, row: Any) -> None:
        """Put into the row what was typed in fields that are no columns of it: nothing, for most."""

    def clean(self) -> dict[str, Any]:
        """Ask the service, once every field could be read."""
        if not self.errors:
            row = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
            self.fill(row)
            try:
                self.check(row)
            except ShopError as refusal:
                show_refusal(self, refusal, named=self.called)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Django holds the row against its constraints once more: what the service said of them is told once."""
        super()._post_clean()  # type: ignore[misc]  # what the stubs leave out
        for told in self.errors.values():
            once = {tuple(error.messages): error for error in reversed(told.as_data())}
            told.data = list(reversed(once.values()))


class TextField(forms.CharField):
    """A text in its one form (``mall.text.plain``): what would only look like a text is nothing, and refused as such."""

    multiline = False

    def to_python(self, value: Any) -> Any:
        """Return the text without invisible signs, trimmed."""
        if isinstance(value, str):
            value = texts.plain(value, multiline=self.multiline)
        return super().to_python(value)


class LinesField(TextField):
    """A text of several lines in its one form. One that is too long is refused with how long it is."""

    multiline = True

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No ``maxlength``: a browser cuts what is pasted at it without a word, and the end of a reply is missing."""
        attrs: dict[str, Any] = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs


class CodeField(forms.CharField):
    """A code in its one form (``mall.text.code``): no blanks, plain signs for full-width ones."""

    def to_python(self, value: Any) -> Any:
        """Return the code."""
        if isinstance(value, str):
            value = texts.code(value)
        return super().to_python(value)


class TrackingField(CodeField):
    """A tracking number in its one form (``mall.text.tracking``), from wherever it was copied."""

    def to_python(self, value: Any) -> Any:
        """Return the number."""
        return super().to_python(texts.tracking(value) if isinstance(value, str) else value)


class SheetField(forms.FileField):
    """A list as a file (CSV, Excel), read as soon as it is sent: ``read`` makes its rows (``base.filled_sheets``)."""

    def __init__(self, *, read: Callable[[bytes], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.read = read

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file with its ``rows``; every row that cannot be read is told by its number."""
        file = super().clean(data, initial)
        if file.size > filled_sheets.MOST_BYTES:
            raise ValidationError(f"文件不能超过 {filled_sheets.MOST_BYTES // 1024 // 1024} MB，请分成几份")
        file.seek(0)
        try:
            file.rows = self.read(file.read())
        except Faulty as faulty:
            raise ValidationError([fault.text for fault in faulty.faults]) from faulty
        except Invalid as refusal:
            raise ValidationError(refusal.text) from refusal
        return file


class RegionsField(forms.Field):
    """Regions as operators type them, ``新疆、内蒙古``, to their canonical names without repeats; empty is no region."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> list[str]:
        """Return the names, each as ``mall.regions`` calls it."""
        if isinstance(value, list):
            return value
        try:
            return regions.read(value or "")
        except ShopError as refusal:
            raise ValidationError(refusal.text) from refusal

    def prepare_value(self, value: Any) -> Any:
        """Return what the page shows."""
        return "、".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other regions are meant than before, however they are typed."""
        try:
            return list(initial or []) != self.to_python(data)
        except ValidationError:
            return True


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


class _RateField(forms.Field):
    """A rate as people say it, kept in basis points: one typed unit is ten to the power of ``places`` of them.

    Plain digits with at most so many decimals, so that nothing is rounded; empty is None. ``min_bp`` and
    ``max_bp`` are its bounds.
    """

    widget = UnfoldAdminTextInputWidget
    places: ClassVar[int]
    unit: ClassVar[str]
    default_error_messages = {"bounds": "请填写 %(low)s 到 %(high)s 之间的数"}

    def __init__(self, *, min_bp: int = 0, max_bp: int = 99_900, **kwargs: Any) -> None:
        self.min_bp, self.max_bp = min_bp, max_bp
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        """Return basis points for what was typed; None for nothing."""
        text = value.strip() if isinstance(value, str) else value
        if text in self.empty_values:
            return None
        if not isinstance(text, str) or not re.fullmatch(
            rf"[0-9]{{1,3}}(\.[0-9]{{1,{self.places}}})?", text, re.ASCII
        ):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        typed_bp = int(Decimal(text).scaleb(self.places))
        if not self.min_bp <= typed_bp <= self.max_bp:
            bounds = {"low": self._said(self.min_bp), "high": self._said(self.max_bp)}
            raise ValidationError(self.error_messages["bounds"], code="bounds", params=bounds)
        return typed_bp

    def prepare_value(self, value: Any) -> Any:
        """Return what the page shows: the rate as it is said, and what was typed as it was typed."""
        return self._said(value) if isinstance(value, int) else value

    def in_words(self, value_bp: int | None) -> str:
        """Return a rate where it is only shown, with its unit: 8,500 → ``8.5 折``; nothing for none."""
        return "" if value_bp is None else f"{self.prepare_value(value_bp)}{self.unit}"

    def _said(self, value_bp: int) -> str:
        return f"{Decimal(value_bp).scaleb(-self.places).normalize():f}"


class TenthsField(_RateField):
    """折 as it is said, ``8.5`` for 八五折: kept as what is paid, 8,500, or as what is ``taken_off``, 1,500."""

    places = 3
    unit = " 折"
    default_error_messages = {
        "invalid": "请填写 0 到 10 之间的折扣，最多三位小数，例如 8.5 表示八五折，10 表示不打折",
        "bounds": "请填写 %(low)s 到 %(high)s 之间的折扣",
    }

    def __init__(
        self, *, taken_off: bool = False, min_bp: int = 0, max_bp: int = WHOLE_BP, **kwargs: Any
    ) -> None:
        self.taken_off = taken_off
        super().__init__(min_bp=min_bp, max_bp=max_bp, **kwargs)

    def to_python(self, value: Any) -> int | None:
        """Return basis points, paid or taken off, for what was typed; None for nothing."""
        paid_bp = super().to_python(value)
        return WHOLE_BP - paid_bp if self.taken_off and paid_bp is not None else paid_bp

    def prepare_value(self, value: Any) -> Any:
        """Return what the page shows: the discount as it is said, and what was typed as it was typed."""
        if self.taken_off and isinstance(value, int):
            value = WHOLE_BP - value
        return super().prepare_value(value)


class TimesField(_RateField):
    """倍: how many times, ``1.5`` for 15,000."""

    places = 4
    unit = " 倍"
    default_error_messages = {"invalid": "请填写倍数，最多四位小数，例如 1.5 表示一点五倍"}


class PercentField(_RateField):
    """%: ``12.5`` for 1,250."""

    places = 2
    unit = "%"
    default_error_messages = {"invalid": "请填写 0 到 999 之间的百分数，最多两位小数，例如 10 表示 10%"}


# For ``formfield_overrides`` of an admin or inline: every FenField of it is typed in yuan.
MONEY_IN_YUAN: dict[type, dict[str, Any]] = {
    FenField: {"form_class": YuanField, "widget": UnfoldAdminTextInputWidget}
}
