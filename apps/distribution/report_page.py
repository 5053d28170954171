"""A report for operators: figures of a chosen period in tables, each of which can be taken along as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from apps.base import days, reporting, sheets
from apps.distribution.reports import Line, total
from mall.money import priced

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
    first, last = reporting.period(page, request)
    since, until = days.day_window(first)[0], days.day_window(last)[1]
    wanted = next((table for table in tables if table.key == request.GET.get("sheet")), None)
    if wanted is not None:
        head = [*wanted.names, *_in_yuan(wanted.figures)]
        return reporting.taken_along(
            request,
            sheets.sheet(head, _rows(wanted, since, until)),
            title=title,
            subject=wanted.title,
            name=f"{name}-{wanted.key}",
            first=first,
            last=last,
            right=exports,
        )
    context = {
        **reporting.around(page, request, title=title, first=first, last=last, right=exports),
        "tables": [_shown(table, table.lines(since, until)) for table in tables],
    }
    response: HttpResponse = TemplateResponse(request, "admin/report.html", context)
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
    figures = [f"{line.orders:,}", f"{line.buyers:,}", *(priced(fen) for fen in money), line.roi or "—"]
    return [*line.names, *figures]


def _rows(table: Table, since: datetime, until: datetime) -> Iterator[list[sheets.Cell]]:
    """Nothing is read before the first row is asked for."""
    for line in table.lines(since, until):
        money = (line.income_fen, line.commission_fen, line.rewards_fen, line.cost_fen)
        yield [*line.names, line.orders, line.buyers, *(sheets.yuan(fen) for fen in money), line.roi]


def _in_yuan(figures: Sequence[str]) -> list[str]:
    orders, buyers, *money, roi = figures
    return [orders, buyers, *(f"{label}（元）" for label in money), roi]
