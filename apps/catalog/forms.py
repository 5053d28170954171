"""The operators' forms of the catalogue: a product with its grid, parameters typed as lines, reasons in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.storage import default_storage
from django.forms.models import construct_instance
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.base.asking import AskForm
from apps.base.forms import LinesField
from apps.catalog import detail, grid_forms, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog import services as catalog
from apps.catalog.grid_forms import GridField
from apps.catalog.models import Category, Product
from apps.pictures import drawing, stored
from mall.errors import ShopError

_COLON = re.compile(r"[:：]")


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


class ProductForm(forms.ModelForm):
    """A product; whether it makes sense is for ``catalog.rules`` to say."""

    grid = GridField(label="规格与 SKU", required=False)
    attributes = NamedLinesField(label="商品参数", required=False, help_text="每行一项，例如「材质：陶瓷」。")

    # What this operator may do in the grid; the page says so.
    may_price = True
    most_units = 0
    stock: Callable[[Product], Mapping[int, int]] | None = None

    class Meta:
        model = Product
        # Written from the grid.
        exclude: list[str] = ["options"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remarks: list[str] = []
        if "grid" in self.fields:
            self._show_grid()
        if "category" in self.fields:
            _offer_categories(self.fields["category"], without=None, empty="请选择")

    def clean_detail_html(self) -> str:
        page = detail.cleaned(self.cleaned_data["detail_html"], take=_pasted)
        # Said once the page is saved: nothing of it has to be typed again.
        self.remarks = page.remarks
        return page.html

    def clean_video(self) -> Any:
        video = self.cleaned_data["video"]
        with _said_on(self):
            rules.check_video(size=video.size if video else 0)
        return video

    def clean(self) -> dict[str, Any]:
        sent = self.cleaned_data.get("grid")
        row = _as_filled_in(self)
        if sent is not None:
            self._judge_grid(sent, row)
        if not self.errors:
            with _said_on(self):
                rules.check_product(row)
        return self.cleaned_data

    def _show_grid(self) -> None:
        stock = type(self).stock
        free = stock(self.instance) if stock is not None and self.instance.pk else None
        self.initial["grid"] = grid_forms.shown(self.instance, free)
        self._tell({})

    def _tell(self, found: Mapping[str, Any]) -> None:
        self.fields["grid"].widget.told = {
            "prices": self.may_price,
            "stock": self.most_units > 0,
            "free": type(self).stock is not None,
            **found,
        }

    def _judge_grid(self, sent: Mapping[str, Any], row: Product) -> None:
        """Judge the grid also where something else is refused, so that all that is wrong is said at once."""
        self.cleaned_data["grid"] = None
        self.options_before = list(row.options) if row.pk else []
        try:
            grid = grid_forms.read(sent, product=row, may_price=self.may_price, most_units=self.most_units)
        except ValidationError as refusal:
            self.add_error("grid", refusal)
            return
        self._tell({"faults": grid.faults, "now": grid.now, "restored": grid.restored, "opened": grid.opened})
        if grid.others:
            self.add_error("grid", f"您打开页面后，他人修改了{grid.others}，已列在表中；请核对后再次保存")
        elif grid.restored:
            codes = "、".join(str(one["code"]) for one in grid.restored)
            self.add_error("grid", f"{codes} 有库存、订单或购物车记录，不能删除，请改为停用")
        if grid.faults:
            self.add_error("grid", f"表中有 {len(grid.faults)} 行需要修改，已用红色标出")
        self.cleaned_data["grid"] = grid
        self.cleaned_data["options"] = grid.options


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


class VirtualForm(AskForm):
    """A question before a SKU is delivered as card keys."""

    title = "设为虚拟商品"
    explanation = (
        "付款后自动发放卡密，不需收货地址，不收运费，须与实物商品分开下单；库存就是未售的卡密。"
        "商品的「七天无理由」须为数字化商品，且该 SKU 尚无库存、订单和购物车记录。"
    )


class RealForm(AskForm):
    """A question before a SKU travels again."""

    title = "改为实物商品"
    explanation = "该 SKU 改为快递配送；须尚无卡密、库存、订单和购物车记录。"
