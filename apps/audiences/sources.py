"""Which rows a condition can name: what operators may choose from, what the chosen are called, and which are gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from django.db.models import Q, QuerySet

from apps.audiences.models import Segment, Tag
from apps.catalog.models import Category, Product
from apps.coupons.models import Template
from apps.distribution.models import Promoter
from apps.members.models import Group, Level
from mall import regions
from mall import text as texts
from mall.errors import Invalid

# So many are offered at once; who wants another types more of its name.
MOST_OFFERED: Final = 200

_ROWS: Final[Mapping[str, Callable[[], QuerySet[Any]]]] = {
    "levels": lambda: Level.objects.order_by("rank"),
    "tags": lambda: Tag.objects.filter(archived_at=None).order_by("name"),
    "groups": lambda: Group.objects.order_by("name"),
    "categories": lambda: Category.objects.order_by("path"),
    "products": lambda: Product.objects.order_by("-id"),
    "promoters": lambda: Promoter.objects.select_related("member").order_by("-id"),
    "templates": lambda: Template.objects.order_by("-id"),
}
# How each is searched; all others by their names.
_SEARCHED: Final[Mapping[str, Callable[[str], Q]]] = {
    "products": lambda asked: Q(title__icontains=asked) | Q(skus__code__iexact=asked),
    "promoters": lambda asked: Q(member__public_id=asked) | Q(member__nickname__istartswith=asked),
}
# What is there, and means nothing any more.
_DEAD: Final[Mapping[str, Q]] = {"tags": Q(archived_at__isnull=False)}
LABELS: Final[Mapping[str, str]] = {
    "levels": "会员等级",
    "tags": "标签",
    "groups": "会员分组",
    "categories": "类目",
    "products": "商品",
    "promoters": "推客",
    "templates": "优惠券",
}


class SourceUnknown(Invalid):
    """No condition names rows of that sort."""

    code = "source_unknown"
    message = "没有这种选项"


def options(*, source: str, typed: str = "") -> Sequence[tuple[int | str, str]]:
    """What can be chosen there: at most ``MOST_OFFERED`` (id, name), those that fit what was typed. Raises SourceUnknown."""
    asked = texts.searched(typed)[:40]
    if source == "areas":
        return [(name, name) for name in _areas() if asked in name][: MOST_OFFERED * 3]
    if source not in _ROWS:
        raise SourceUnknown(details={"source": sorted([*_ROWS, "areas"])})
    rows = _ROWS[source]()
    if asked:
        rows = rows.filter(_SEARCHED.get(source, lambda asked: Q(name__icontains=asked))(asked)).distinct()
    return [(row.pk, called(source, row)) for row in rows[:MOST_OFFERED]]


def names(named: Mapping[str, Collection[int]]) -> dict[str, dict[int, str]]:
    """What rows are called that conditions name, by source and id; who is gone is missing. One statement a source."""
    return {
        source: {row.pk: called(source, row) for row in _all(source).filter(pk__in=ids)}
        for source, ids in named.items()
        if ids
    }


def faults(named: Mapping[str, Collection[int]]) -> Iterator[str]:
    """What conditions name that is gone or means nothing any more, a sentence each."""
    for source, ids in named.items():
        if not ids:
            continue
        there = {row.pk: row for row in _all(source).filter(pk__in=ids)}
        dead = _DEAD.get(source)
        over = set(_all(source).filter(dead, pk__in=ids).values_list("pk", flat=True)) if dead else set()
        for row_id in sorted(set(ids)):
            if row_id not in there:
                yield f"{LABELS[source]} #{row_id} 已不存在"
            elif row_id in over:
                yield f"{LABELS[source]}「{called(source, there[row_id])}」已归档"


def groups_kept_by_segments(ids: Collection[int]) -> set[int]:
    """Which of these groups of members are kept by segments."""
    return set(Segment.objects.filter(group_id__in=ids).values_list("group_id", flat=True))


def called(source: str, row: Any) -> str:
    """What operators read for a row."""
    if source == "promoters":
        return f"{row.member.nickname or '推客'}（{row.member.public_id}）"
    if source == "categories":
        return "　" * (row.depth - 1) + str(row.name)
    return str(row)


def _all(source: str) -> QuerySet[Any]:
    return Tag.objects.order_by("name") if source == "tags" else _ROWS[source]()


@cache
def _areas() -> tuple[str, ...]:
    """Provinces, each before its cities."""
    return tuple(dict.fromkeys(region.name for region in regions.every_region() if not region.district))
