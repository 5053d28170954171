"""The operators' forms of the catalogue: options and parameters typed as lines, money in yuan, reasons in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.storage import default_storage
from django.forms.models import construct_instance
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.forms import LinesField, TextField
from apps.catalog import detail, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Sku
from apps.pictures import drawing, stored
from mall.errors import ShopError

_COLON = re.compile(r"[:：]")
_BETWEEN_VALUES = re.compile(r"[、,，]")
_BETWEEN_CHOICES = re.compile(r"\s*/\s*")
_MAX_VIDEO_BYTES = 100 * 1024 * 1024


class NamedLinesField(LinesField):
    """Lines of ``名称：内容``, kept as a list of objects; subclasses say which."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def to_python(self, value: Any) -> Any:
        return [self._object(line) for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(self._line(one) for one in value) if isinstance(value, list) else value

    def _split(self, line: str) -> tuple[str, str]:
        name, *rest = _COLON.split(line, maxsplit=1)
        if not rest:
            raise ValidationError(f"「{line.strip()}」缺少冒号，应为「名称：内容」")
        return name.strip(), rest[0].strip()

    def _object(self, line: str) -> dict[str, Any]:
        name, content = self._split(line)
        return {"name": name, "value": content}

    def _line(self, one: dict[str, Any]) -> str:
        return f"{one['name']}：{one['value']}"


class OptionLinesField(NamedLinesField):
    """Lines of ``颜色：月白、天青``, kept as ``[{"name": "颜色", "values": ["月白", "天青"]}]``."""

    def _object(self, line: str) -> dict[str, Any]:
        name, content = self._split(line)
        return {"name": name, "values": [value.strip() for value in _BETWEEN_VALUES.split(content)]}

    def _line(self, one: dict[str, Any]) -> str:
        return f"{one['name']}：{'、'.join(one['values'])}"


class ProductForm(forms.ModelForm):
    """A product; whether it makes sense is for ``catalog.rules`` to say."""

    options = OptionLinesField(
        label="规格",
        required=False,
        help_text="每行一个规格，最多三个，例如「颜色：月白、天青」。没有规格请留空。",
    )
    attributes = NamedLinesField(label="商品参数", required=False, help_text="每行一项，例如「材质：陶瓷」。")

    class Meta:
        model = Product
        exclude: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remarks: list[str] = []
        if "category" in self.fields:
            _offer_categories(self.fields["category"], without=None, empty="请选择")

    def clean_detail_html(self) -> str:
        page = detail.cleaned(self.cleaned_data["detail_html"], take=_pasted)
        # Said once the page is saved: nothing of it has to be typed again.
        self.remarks = page.remarks
        return page.html

    def clean_video(self) -> Any:
        video = self.cleaned_data["video"]
        if video and video.size > _MAX_VIDEO_BYTES:
            raise ValidationError("视频不能超过 100 MB")
        return video

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            with _said_on(self):
                rules.check_product(_as_filled_in(self))
        return self.cleaned_data


class SkuForm(forms.ModelForm):
    """One SKU of the product on whose page it stands."""

    option_values = TextField(
        label="规格值",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "月白 / 大", "style": "min-width:11rem"}),
        help_text="按规格的顺序，用 / 隔开",
    )

    class Meta:
        model = Sku
        exclude: list[str] = []

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["style"] = "min-width:10rem"
        self._product = product
        if self.instance.pk and product is not None:
            self.initial["option_values"] = rules.described(self.instance.option_values, product.options)

    def clean_option_values(self) -> dict[str, str]:
        text = self.cleaned_data["option_values"].strip()
        values = _BETWEEN_CHOICES.split(text) if text else []
        names = [option["name"] for option in self._product.options] if self._product else []
        if len(values) != len(names):
            wanted = " / ".join(names)
            raise ValidationError(f"应依次填写：{wanted}" if names else "商品没有规格，请留空")
        return dict(zip(names, values, strict=True))

    def clean(self) -> dict[str, Any]:
        if self._product is not None and not self.errors:
            with _said_on(self):
                rules.check_sku(self._product, _as_filled_in(self))
        return self.cleaned_data


class SkuFormSet(PaginationInlineFormSet):
    """All SKUs of a product on its page."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "product": self.instance}

    def clean(self) -> None:
        if not any(self.errors):
            self._check_together()
        super().clean()

    def _check_together(self) -> None:
        kept = [
            form.instance
            for form in self.forms
            if not self._should_delete_form(form) and (form.instance.pk or form.has_changed())
        ]
        try:
            rules.check_skus(self.instance, kept)
        except rules.ProductInvalid as refusal:
            raise ValidationError(refusal.text) from refusal


class CategoryForm(forms.ModelForm):
    """A category and its place in the tree."""

    class Meta:
        model = Category
        exclude: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            _offer_categories(self.fields["parent"], without=self.instance.path, empty="（一级类目）")

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                catalog.check_place(category=_as_filled_in(self))
            except ShopError as refusal:
                self.add_error("parent", refusal.text)
        return self.cleaned_data


def _pasted(content: bytes) -> str:
    """Keep a picture that was pasted into a text and return its address in the size of a page."""
    name = stored.keep(drawing.draw(content, recipe=drawing.OPERATORS), folder="details")
    return str(default_storage.url(stored.sized(name, stored.Size.PAGE)))


def _offer_categories(field: forms.Field, *, without: str | None, empty: str) -> None:
    """Let a field choose among categories by their full names; ``without`` leaves out a path and all below."""
    left_out: set[int] = set()
    if without:
        left_out = set(Category.objects.filter(path__startswith=without).values_list("id", flat=True))
    named = [(pk, name) for pk, name in catalog_facts.full_names().items() if pk not in left_out]
    # The admin wraps the widget; its choices are what the page shows, the field still checks against the table.
    field.widget.choices = [("", empty), *named]


def _as_filled_in(form: forms.ModelForm) -> Any:
    """Return the form's row with what was filled in.

    Django does the same after ``clean``, and then asks the database's constraints, which only know that
    something is violated. The rules come first because they can say what; fields they complain of are spared.
    """
    return construct_instance(form, form.instance, form._meta.fields, form._meta.exclude)


@contextmanager
def _said_on(form: forms.BaseForm) -> Iterator[None]:
    """Show a refused product or SKU at the field it names, or above the form where that field is not in it."""
    try:
        yield
    except rules.ProductInvalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else NON_FIELD_ERRORS, refusal.text)
