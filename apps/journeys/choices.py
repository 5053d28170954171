"""Which rows a step or trigger can name: what operators choose from, what the chosen are called, and which are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet

from apps.audiences import sources
from apps.audiences.models import Segment, Tag
from apps.audiences.states import TagKind
from apps.catalog.models import Category, Product, Sku
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.messaging.models import Template as MessageTemplate

LABELS: Final[Mapping[str, str]] = {
    "segments": "人群",
    "templates": "优惠券",
    "tags": "标签",
    "message_templates": "订阅消息模板",
    "products": "商品",
    "categories": "类目",
}
_ROWS: Final[Mapping[str, Callable[[], QuerySet[Any]]]] = {
    "segments": lambda: Segment.objects.order_by("name"),
    "templates": lambda: Template.objects.order_by("-id"),
    "tags": lambda: Tag.objects.order_by("name"),
    "message_templates": lambda: MessageTemplate.objects.order_by("-id"),
    "products": lambda: Product.objects.order_by("-id"),
    "categories": lambda: Category.objects.order_by("path"),
}
# What can be chosen: what is there and means something.
_LIVING: Final[Mapping[str, Q]] = {
    "segments": Q(archived_at=None, broken="", current__isnull=False),
    "templates": Q(status=TemplateStatus.LIVE),
    "tags": Q(archived_at=None, kind=TagKind.HAND),
    "message_templates": Q(missing_since=None),
}
# The sources of conditions that a step asks members about, as ``flow.needs`` names them, by their own names.
READ: Final[Mapping[str, str]] = {"read_tags": "tags", "read_templates": "templates"}
MOST_OFFERED: Final = 300


def options(source: str) -> Sequence[tuple[int, str]]:
    """What can be chosen there, (id, name): one statement."""
    rows = _ROWS[source]().filter(_LIVING.get(source, Q()))
    return [(row.pk, str(row)) for row in rows[:MOST_OFFERED]]


def names(named: Mapping[str, Collection[int]]) -> dict[str, dict[int, str]]:
    """What rows are called, by source and id; who is gone is missing. One statement a source."""
    found = {
        source: {row.pk: str(row) for row in _ROWS[source]().filter(pk__in=ids)}
        for source, ids in named.items()
        if ids and source in _ROWS
    }
    others = {READ.get(source, source): ids for source, ids in named.items() if source not in _ROWS}
    return {**found, **{f"read_{source}": rows for source, rows in sources.names(others).items()}}


def faults(named: Mapping[str, Collection[int]]) -> Iterator[str]:
    """What a plan names that is gone or cannot be used any more, a sentence each: one statement a source."""
    for source, ids in named.items():
        if not ids or source not in _ROWS:
            continue
        there = {row.pk: row for row in _ROWS[source]().filter(pk__in=ids)}
        for row_id in sorted(set(ids)):
            row = there.get(row_id)
            if row is None:
                yield f"{LABELS[source]} #{row_id} 已不存在"
            elif why := _why_not(source, row):
                yield f"{LABELS[source]}「{row}」{why}"
    yield from sources.faults(
        {READ.get(source, source): ids for source, ids in named.items() if source not in _ROWS}
    )


def cycle_of(typed: str) -> dict[str, int] | None:
    """The product of a SKU's code, or the category of a name, as a repurchase names them; None for neither."""
    sku = Sku.objects.filter(code__iexact=typed).first()
    if sku is not None:
        return {"product": sku.product_id}
    category = Category.objects.filter(name=typed).order_by("path").first()
    return {"category": category.pk} if category is not None else None


def typed_of(cycles: Sequence[Mapping[str, int]]) -> Iterator[str]:
    """Cycles as they are typed, a line each; what is gone is told by its number."""
    for cycle in cycles:
        if "product" in cycle:
            code = (
                Sku.objects.filter(product_id=cycle["product"]).order_by("id").values_list("code", flat=True)
            )
            yield f"{code.first() or cycle['product']}，{cycle['days']}"
        else:
            name = Category.objects.filter(pk=cycle["category"]).values_list("name", flat=True).first()
            yield f"{name or cycle['category']}，{cycle['days']}"


def _why_not(source: str, row: Any) -> str:
    """Why a row that is there cannot be used; empty where it can."""
    if source == "segments":
        if row.archived_at is not None or row.current_id is None:
            return "已归档"
        return f"的条件已失效：{row.broken}" if row.broken else ""
    if source == "templates":
        return "" if row.status == TemplateStatus.LIVE else "未发布或已停发"
    if source == "tags":
        if row.archived_at is not None:
            return "已归档"
        return "" if row.kind == TagKind.HAND else "由规则自动更新，不能手工打上"
    return "微信已无此模板" if source == "message_templates" and row.missing_since is not None else ""
