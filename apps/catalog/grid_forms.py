"""The grid of options × SKUs on a product's page: read as one text, so that no number of fields bounds it.

The page sends JSON: the options, each with its values as a list (no sign separates them, so any sign may stand in a
value), and a row for every SKU with its cells as they were typed and as they stood when the page was opened. Only cells
that were changed are written; one that somebody else changed meanwhile is said to be so. What is wrong is said at its
cell, and everything that was typed or chosen comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.base import held
from apps.base.forms import CodeField, YuanField
from apps.catalog import rules
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Product, Sku
from apps.pictures import stored
from mall import text as texts
from mall.money import priced, yuan

# Cells that are typed, with the columns that they fill. Names are those of the page's JSON.
CELLS: Final = {
    "code": "code",
    "price": "price_fen",
    "market": "market_price_fen",
    "cost": "cost_fen",
    "weight": "weight_g",
}
_PRICES: Final = ("price", "market", "cost")
_CELL_OF: Final = {column: cell for cell, column in CELLS.items()} | {"option_values": "values"}
_PARTS: Final = ("options", "skus")
_UNREADABLE: Final = "规格表格未能读取，请刷新页面后重试"
_FIELDS: Final[Mapping[str, forms.Field]] = {
    "code": CodeField(max_length=40, required=False),
    "price": YuanField(error_messages={"required": "请填写售价"}),
    "market": YuanField(required=False),
    "cost": YuanField(required=False),
    "weight": forms.IntegerField(
        min_value=0,
        max_value=100_000_000,
        required=False,
        error_messages={"invalid": "请填写重量，单位为克，整数"},
    ),
}


@dataclass
class Line:
    """A SKU of the grid as it is to be saved, with the columns that were changed (all, for a new one)."""

    sku: Sku
    changed: set[str] = field(default_factory=set)
    units: int | None = None


@dataclass
class Grid:
    """What the page sent: options and lines to save, SKUs to delete, and what is wrong by row and cell."""

    options: list[dict[str, Any]]
    lines: list[Line] = field(default_factory=list)
    removed: list[Sku] = field(default_factory=list)
    faults: dict[int, dict[str, str]] = field(default_factory=dict)
    # Cells that somebody else changed meanwhile, as they stand now: saved again, the page has seen them.
    now: dict[int, dict[str, Any]] = field(default_factory=dict)
    # Rows that were taken out and cannot be deleted, to be shown again.
    restored: list[dict[str, Any]] = field(default_factory=list)
    # What somebody else changed of the whole, in words, and what the page has seen once it is shown again.
    others: str = ""
    opened: dict[str, Any] | None = None
    # What was chosen, by its token: one file for all rows of a value.
    pictures: dict[str, Any] = field(default_factory=dict)

    def wrong(self, row: int, cell: str, reason: str) -> None:
        """Say what is wrong with a cell; the first reason is enough."""
        self.faults.setdefault(row, {}).setdefault(cell, reason)


class GridWidget(forms.Widget):
    """A table that a script of ours draws from the text in it."""

    template_name = "admin/catalog/grid.html"
    # What the form says of the grid: faults after it was judged, and which columns this operator has.
    told: Mapping[str, Any] = {}

    class Media:
        css = {"all": ["catalog/grid.css"]}
        js = ["catalog/grid.js"]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The table; from the project's templates, which Django's renderer of widgets does not look into."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """The text, and beside it what the script needs to know."""
        context = super().get_context(name, value, attrs)
        context["told"] = {
            "faults": {},
            "now": {},
            "restored": [],
            "most": rules.MAX_SKUS,
            "mostOptions": rules.MAX_OPTIONS,
            "mostValues": rules.MAX_VALUES,
            "upload": reverse("admin:catalog_product_picture"),
            **self.told,
        }
        context["told_id"] = f"{name}-told"
        return context


class GridField(forms.Field):
    """The grid's text; ``ProductForm`` judges it, because it takes the product to do so."""

    widget = GridWidget
    # Its cells carry what they were opened with; ``base.admin_opened`` leaves it alone.
    knows_what_it_was = True

    def to_python(self, value: Any) -> dict[str, Any] | None:
        """Return what was sent, of the right shape; None where the page sent no grid."""
        if not value:
            return None
        try:
            sent = json.loads(value)
            return {
                "options": [_option(one) for one in sent["options"]],
                "skus": [_row(one) for one in sent["skus"]],
                "opened": _opened(sent.get("opened")),
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValidationError(_UNREADABLE) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything differs, however the page wrote it down."""
        try:
            sent, before = self.to_python(data), self.to_python(initial)
        except ValidationError:
            return True
        return sent is not None and (before is None or any(sent[part] != before[part] for part in _PARTS))


def shown(product: Product, stock: Mapping[int, int] | None) -> str:
    """Return the text of a product's grid as it stands; ``stock`` has the free units by SKU where they are shown."""
    rows = [] if product.pk is None else list(product.skus.order_by("id"))
    return json.dumps(
        {
            "options": product.options if product.pk else [],
            "skus": [_shown_row(product, sku, stock) for sku in rows],
            "opened": _opened_as(product, rows),
        },
        ensure_ascii=False,
    )


def read(
    sent: Mapping[str, Any],
    *,
    product: Product,
    may_price: bool,
    most_units: int,
) -> Grid:
    """Judge what was sent for a product, whose options are set to those of the grid.

    Prices are left as they are unless ``may_price``; ``most_units`` of each new SKU may be there at first. Raises
    ValidationError for options that make no sense; what is wrong with a SKU is in the grid's ``faults``.
    """
    grid = Grid(options=sent["options"])
    existing = {sku.pk: sku for sku in product.skus.order_by("id")} if product.pk else {}
    left = dict(existing)
    for number, row in enumerate(sent["skus"]):
        known = left.pop(row["id"], None)
        if row["id"] is not None and known is None:
            grid.wrong(number, "code", "这个 SKU 已被删除或重复，请刷新页面")
        line = _line(grid, number, row, known or Sku(product=product), may_price=may_price)
        if known is None and most_units:
            line.units = _units(grid, number, row["stock"], most_units)
        grid.lines.append(line)
    opened = sent["opened"]
    unseen = [sku for sku in left.values() if opened is not None and sku.pk not in opened["skus"]]
    grid.removed = [sku for sku in left.values() if sku not in unseen]
    if opened is not None and product.pk:
        _meanwhile(grid, product, opened, unseen)
    product.options = grid.options
    try:
        rules.check_options(product.options)
    except rules.ProductInvalid as refusal:
        raise ValidationError(refusal.text) from refusal
    _judge(grid, product)
    return grid


def _meanwhile(grid: Grid, product: Product, opened: Mapping[str, Any], unseen: Sequence[Sku]) -> None:
    """Show what somebody else made of options and SKUs since the page was opened; untouched options follow it."""
    if product.options != opened["options"]:
        if grid.options == opened["options"]:
            grid.options = product.options
        grid.others = "规格"
    if unseen:
        grid.others = "规格与 SKU"
        grid.restored += [{**_shown_row(product, sku, None), "choice": sku.option_values} for sku in unseen]
    if grid.others:
        grid.opened = _opened_as(product, product.skus.all())


def _line(grid: Grid, number: int, row: Mapping[str, Any], sku: Sku, *, may_price: bool) -> Line:
    line = Line(sku)
    fresh = sku.pk is None
    if fresh and not may_price:
        grid.wrong(number, "price", "新增 SKU 需要改价权限")
        return line
    was = row["was"]
    for cell, column in CELLS.items():
        if cell in _PRICES and not may_price:
            continue
        typed, stands = row[cell].strip(), _shown_cell(sku, cell)
        opened = was.get(cell, stands)
        if not fresh and typed == opened:
            continue
        try:
            value = _FIELDS[cell].clean(typed)
        except ValidationError as refusal:
            grid.wrong(number, cell, refusal.messages[0])
            continue
        if not fresh and stands not in (opened, typed):
            grid.wrong(number, cell, f"您打开页面后已被改为 {stands or '空'}；再次保存将改为您填的")
            grid.now.setdefault(number, {})[cell] = stands
        if cell == "code" and not value and not fresh:
            grid.wrong(number, cell, "请填写商家编码")
        setattr(sku, column, value if value is not None or cell != "weight" else 0)
        line.changed.add(column)
    values = dict(zip((one["name"] for one in grid.options), row["values"], strict=False))
    if values != sku.option_values or len(row["values"]) != len(grid.options):
        sku.option_values = values
        line.changed.add("option_values")
    if fresh or row["enabled"] != was.get("enabled"):
        sku.enabled = row["enabled"]
        line.changed.add("enabled")
    _picture(grid, number, row, line)
    return line


def _picture(grid: Grid, number: int, row: Mapping[str, Any], line: Line) -> None:
    """Take the picture that was chosen for a row, or take its own away."""
    if row["picture"] is None:
        if row["was"].get("picture"):
            line.sku.image = ""
            line.changed.add("image")
        return
    if not row["picture"]:
        return
    try:
        if row["picture"] not in grid.pictures:
            grid.pictures[row["picture"]] = _judged(held.taken(row["picture"]))
    except ValidationError:
        grid.wrong(number, "picture", "图片已失效，请重新选择")
        return
    line.sku.image = grid.pictures[row["picture"]]
    line.changed.add("image")


def _units(grid: Grid, number: int, typed: str, most: int) -> int | None:
    try:
        units: int | None = forms.IntegerField(min_value=0, max_value=most, required=False).clean(typed)
    except ValidationError as refusal:
        grid.wrong(number, "stock", refusal.messages[0])
        return None
    return units


def _judge(grid: Grid, product: Product) -> None:
    """Ask the rules about every row that could be read, then about all of them, then about what goes."""
    for number, line in enumerate(grid.lines):
        if number not in grid.faults:
            try:
                rules.check_sku(product, line.sku)
            except rules.ProductInvalid as refusal:
                grid.wrong(number, _CELL_OF.get(refusal.field, "code"), refusal.text)
    _judge_repeats(grid)
    undeletable = catalog_facts.undeletable([sku.pk for sku in grid.removed])
    for sku in grid.removed:
        if sku.pk in undeletable:
            grid.restored.append({**_shown_row(product, sku, None), "choice": sku.option_values})
    if grid.faults or grid.restored:
        return
    try:
        rules.check_skus(product, [line.sku for line in grid.lines])
    except rules.ProductInvalid as refusal:
        raise ValidationError(refusal.text) from refusal


def _judge_repeats(grid: Grid) -> None:
    """No code and no combination may be there twice; no code may be another product's."""
    seen: dict[Any, int] = {}
    for number, line in enumerate(grid.lines):
        choice = tuple(sorted(line.sku.option_values.items()))
        if seen.setdefault(("values", choice), number) != number:
            grid.wrong(number, "values", f"与第 {seen['values', choice] + 1} 行的规格组合重复")
        code = line.sku.code
        if code and seen.setdefault(("code", code), number) != number:
            grid.wrong(number, "code", f"与第 {seen['code', code] + 1} 行的商家编码重复")
    ours = [line.sku.pk for line in grid.lines if line.sku.pk] + [sku.pk for sku in grid.removed]
    codes = [line.sku.code for line in grid.lines if line.sku.code and "code" in line.changed]
    others = set(Sku.objects.filter(code__in=codes).exclude(pk__in=ours).values_list("code", flat=True))
    for number, line in enumerate(grid.lines):
        if line.sku.code in others:
            grid.wrong(number, "code", "商家编码已被其他商品使用")


def hold_picture(upload: UploadedFile | None) -> dict[str, str]:
    """Keep a picture that was chosen for a value or a row; return its token and where it can be looked at.

    Raises ValidationError with the reason for what is no picture, or too heavy.
    """
    chosen = _judged(upload)
    token = held.hold(chosen)
    return {"token": token, "url": held.address(token)}


def _judged(upload: UploadedFile | None) -> Any:
    column: Any = Sku._meta.get_field("image")
    chosen = column.formfield(required=True).clean(upload)
    for validator in column.validators:
        validator(chosen)
    return chosen


def table(product: Product, stock: Mapping[int, int] | None) -> Sequence[tuple[str, ...]]:
    """Return the SKUs as lines to read, for who may not change them."""
    found = []
    for sku in product.skus.order_by("id"):
        cells = (sku.code, rules.described(sku.option_values, product.options), priced(sku.price_fen))
        units = (f"可售 {stock.get(sku.pk, 0)}",) if stock is not None else ()
        found.append((*cells, *units, "启用" if sku.enabled else "停用"))
    return found


def _shown_cell(sku: Sku, cell: str) -> str:
    value = getattr(sku, CELLS[cell])
    if value is None:
        return ""
    return yuan(value) if cell in _PRICES else str(value)


def _shown_row(product: Product, sku: Sku, stock: Mapping[int, int] | None) -> dict[str, Any]:
    cells: dict[str, Any] = {cell: _shown_cell(sku, cell) for cell in CELLS}
    before = {**cells, "enabled": sku.enabled, "picture": bool(sku.image)}
    return {
        "id": sku.pk,
        **cells,
        # A SKU from before an option was there has no value of it; the page shows the gap.
        "values": [sku.option_values.get(option["name"], "") for option in product.options],
        "enabled": sku.enabled,
        "stock": "",
        "free": stock.get(sku.pk, 0) if stock is not None else None,
        "picture": "" if sku.image else None,
        "url": stored.address(sku.image, stored.Size.LIST) or "",
        "was": before,
    }


def _opened_as(product: Product, skus: Iterable[Sku]) -> dict[str, Any]:
    """What a page knows of options and SKUs: only what it has seen can it mean to remove."""
    return {"options": product.options if product.pk else [], "skus": [sku.pk for sku in skus]}


def _opened(sent: Any) -> dict[str, Any] | None:
    if sent is None:
        return None
    return {"options": [_option(one) for one in sent["options"]], "skus": {int(one) for one in sent["skus"]}}


def _option(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": texts.plain(str(sent["name"])),
        "values": [texts.plain(str(one)) for one in sent["values"]],
    }


def _row(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the right shape: texts are texts, whatever was sent."""
    was = sent.get("was") or {}
    picture = sent.get("picture")
    return {
        "id": int(sent["id"]) if sent.get("id") else None,
        "values": [texts.plain(str(one)) for one in sent["values"]],
        **{cell: str(sent.get(cell) or "") for cell in (*CELLS, "stock")},
        "enabled": bool(sent.get("enabled")),
        # A token is a new picture, the empty text the one that is there, None no picture.
        "picture": picture if picture is None else str(picture),
        "was": {name: was[name] for name in (*CELLS, "enabled", "picture") if name in was},
    }
