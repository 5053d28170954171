"""A report for operators: figures of a chosen period in tables, each of which can be taken along as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.base import audit, days, sheets
from apps.base.asking import operator
from apps.distribution.reports import Line, total
from mall.money import yuan

# What is shown at first, and the longest period: a figure of several years helps nobody to decide.
_USUAL: Final = timedelta(days=29)
_LONGEST_DAYS: Final = 366
# So many lines are on the page; the sheet has them all.
_SHOWN: Final = 100
FIGURES: Final = ("订单", "买家", "带来收入", "佣金", "奖励", "成本合计", "投入产出比")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a report: its word in addresses and names of files, its title, what the first columns are called.

    ``lines`` reads the figures of a window; ``note`` says what they mean, ``figures`` what they are called.
    """

    key: str
    title: str
    names: Sequence[str]
    lines: Callable[[datetime, datetime], list[Line]]
    note: str = ""
    figures: Sequence[str] = FIGURES


def show(
    page: Any, request: HttpRequest, *, title: str, name: str, tables: Sequence[Table], exports: str
) -> HttpResponseBase:
    """The report of the period that the request names, or one of its tables as a sheet, which is written down.

    Without a period, or with one that is none: the last thirty days. Sheets are for those with the right ``exports``
    (``app.codename``). Raises PermissionDenied.
    """
    first, last = period(page, request)
    since, until = days.day_window(first)[0], days.day_window(last)[1]
    wanted = next((table for table in tables if table.key == request.GET.get("sheet")), None)
    may_export = operator(request).has_perm(exports)
    if wanted is not None and not may_export:
        raise PermissionDenied
    if wanted is not None:
        audit.record(
            operator=operator(request),
            action=f"导出{title}",
            subject=wanted.title,
            note=f"{first:%Y-%m-%d} 至 {last:%Y-%m-%d}",
            at=timezone.now(),
        )
        pieces = sheets.sheet([*wanted.names, *_in_yuan(wanted.figures)], _rows(wanted.lines(since, until)))
        return sheets.answer(
            pieces,
            name=f"{name}-{wanted.key}-{first:%Y%m%d}-{last:%Y%m%d}",
            as_csv=request.GET.get("as") == "csv",
        )
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "first": f"{first:%Y-%m-%d}",
        "last": f"{last:%Y-%m-%d}",
        "tables": [_shown(table, table.lines(since, until)) for table in tables],
        "exports": may_export,
        "back": page.list_page(),
        "opts": page.opts,
    }
    response: HttpResponse = TemplateResponse(request, "admin/distribution/report.html", context)
    return response


def _shown(table: Table, lines: list[Line]) -> dict[str, Any]:
    whole = total(lines, names=["合计", *[""] * (len(table.names) - 1)])
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "head": [*table.names, *table.figures],
        "names": len(table.names),
        "rows": [_cells(line) for line in lines[:_SHOWN]],
        "total": _cells(whole) if len(lines) > 1 else None,
        "more": max(0, len(lines) - _SHOWN),
    }


def _cells(line: Line) -> list[str]:
    money = (line.income_fen, line.commission_fen, line.rewards_fen, line.cost_fen)
    figures = [f"{line.orders:,}", f"{line.buyers:,}", *(f"¥{yuan(fen)}" for fen in money), line.roi or "—"]
    return [*line.names, *figures]


def _rows(lines: Iterable[Line]) -> Iterator[list[sheets.Cell]]:
    for line in lines:
        money = (line.income_fen, line.commission_fen, line.rewards_fen, line.cost_fen)
        yield [*line.names, line.orders, line.buyers, *(sheets.yuan(fen) for fen in money), line.roi]


def _in_yuan(figures: Sequence[str]) -> list[str]:
    orders, buyers, *money, roi = figures
    return [orders, buyers, *(f"{label}（元）" for label in money), roi]


def period(page: Any, request: HttpRequest) -> tuple[date, date]:
    """The first and the last day of the period that the request names, both counted; else the last thirty days."""
    today = days.shop_day(timezone.now())
    usual = today - _USUAL, today
    said = [request.GET.get(name, "").strip() for name in ("first", "last")]
    if not any(said):
        return usual
    try:
        first, last = (date.fromisoformat(text) for text in said)
    except ValueError:
        page.message_user(request, "请填写正确的起止日期。", level=messages.WARNING)
        return usual
    if first > last or (last - first).days >= _LONGEST_DAYS or last > today or first.year < today.year - 50:
        told = f"起始日期不能晚于截止日期，截止日期不能晚于今天，最长 {_LONGEST_DAYS} 天。"
        page.message_user(request, told, level=messages.WARNING)
        return usual
    return first, last
