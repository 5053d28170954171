"""Two statements for operators, each also as a sheet: the trial balance of a period, and the profit month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from apps.base import reporting, sheets
from apps.books import exports
from apps.books import journal_selectors as journal_facts
from apps.books.journal_selectors import Balance
from apps.books.states import OF_PROFIT, Account, Section, section_of
from mall.money import priced

EXPORT: Final = "books.export_journalentry"


class _Row(NamedTuple):
    """A row of a statement as it is shown; ``strong`` for sums."""

    names: Sequence[str]
    cells: Sequence[str]
    strong: bool = False


def trial_balance(page: Any, request: HttpRequest) -> HttpResponseBase:
    """Every account over a period: what stood on it, what came to either side, what stands on it."""
    first, last = reporting.period(page, request)
    rows = journal_facts.balances(first=first, last=last)
    if request.GET.get("sheet"):
        return sheet(request, exports.balances(rows), "试算平衡表", "trial-balance", first, last)
    debit_fen, credit_fen = sum(row.debit_fen for row in rows), sum(row.credit_fen for row in rows)
    total = Balance(Account.BANK, sum(row.opening_fen for row in rows), debit_fen, credit_fen)
    shown = [_balance(row) for row in rows if any(row[1:])]
    shown.append(_Row(["", "合计", ""], _amounts(total[1:4], total.closing_fen), strong=True))
    note = (
        f"借方合计 {priced(debit_fen)}，贷方合计 {priced(credit_fen)}，"
        f"{'借贷平衡' if debit_fen == credit_fen else '借贷不平衡'}。余额为借方减贷方，负债与收入以负数表示。"
    )
    head = ["科目编号", "科目", "类别", "期初余额", "借方发生", "贷方发生", "期末余额"]
    return _show(page, request, "试算平衡表", head, shown, note=note, first=first, last=last)


def months(page: Any, request: HttpRequest) -> HttpResponseBase:
    """What each month brought, by account, and what is left of it."""
    first, last = reporting.period(page, request)
    found = journal_facts.by_month(first=first, last=last)
    used = [account for account in OF_PROFIT if any(month[account] for month in found.values())]
    if request.GET.get("sheet"):
        return sheet(request, exports.months(found, used), "月度利润表", "months", first, last)
    head = ["科目编号", "科目", "类别", *(f"{month:%Y-%m}" for month in found), "合计"]
    rows = _by_section(found, used) if found else []
    note = "收入为正，折让、成本与费用为负；只含起止日期内已入账的业务，积分按日入账，手续费以微信账单为准。"
    return _show(page, request, "月度利润表", head, rows, note=note, first=first, last=last)


def _by_section(found: Mapping[date, Mapping[Account, int]], used: Iterable[Account]) -> list[_Row]:
    rows: list[_Row] = []
    by_section: dict[Section, list[Account]] = {}
    for account in used:
        by_section.setdefault(section_of(account), []).append(account)
    for section, accounts in by_section.items():
        for account in accounts:
            figures = [month[account] for month in found.values()]
            rows.append(_Row([account.value, str(account.label), str(section.label)], _summed(figures)))
        figures = [sum(month[account] for account in accounts) for month in found.values()]
        rows.append(_Row(["", f"{section.label}小计", ""], _summed(figures), strong=True))
    rows.append(
        _Row(["", "利润", ""], _summed([sum(month.values()) for month in found.values()]), strong=True)
    )
    return rows


def _balance(row: Balance) -> _Row:
    names = [row.account.value, str(row.account.label), str(section_of(row.account).label)]
    return _Row(names, _amounts(row[1:4], row.closing_fen))


def _amounts(sums: Iterable[int], closing_fen: int) -> list[str]:
    return [priced(fen) for fen in (*sums, closing_fen)]


def _summed(figures: Sequence[int]) -> list[str]:
    return [priced(fen) for fen in (*figures, sum(figures))]


def _show(
    page: Any,
    request: HttpRequest,
    title: str,
    head: Sequence[str],
    rows: Sequence[_Row],
    *,
    note: str,
    first: date,
    last: date,
) -> HttpResponseBase:
    context = {
        **reporting.around(page, request, title=title, first=first, last=last, right=EXPORT),
        "note": note,
        "head": head,
        "rows": rows,
    }
    return TemplateResponse(request, "admin/books/statement.html", context)


def sheet(
    request: HttpRequest, of: sheets.Sheet, title: str, name: str, first: date, last: date
) -> HttpResponseBase:
    """What the books say of a period as a sheet. Raises PermissionDenied for who may not take the books along."""
    return reporting.taken_along(
        request,
        of,
        title=title,
        subject="账簿",
        name=f"books-{name}",
        first=first,
        last=last,
        right=EXPORT,
    )
