"""The books as sheets: entries line by line, balances, months, and what each order brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Final

from django.db.models import QuerySet

from apps.base import sheets
from apps.books import journal_selectors as journal_facts
from apps.books.journal_selectors import Balance, Profit
from apps.books.models import JournalEntry, JournalLine
from apps.books.states import Account, section_of

_CHUNK: Final = 500
PROFIT_HEAD: Final = (
    *("发货日期", "订单号", "商品原价", "运费", "优惠", "退款", "净收入", "商品成本", "成本说明"),
    *("邮费", "包装", "运费险", "佣金", "微信手续费", "手续费来源", "利润"),
)


def entries(rows: QuerySet[JournalEntry]) -> sheets.Sheet:
    """A line for each line of these entries, the oldest first, streamed."""
    head = [
        "日期",
        "发生时间",
        "业务",
        "业务键",
        "更正",
        "单号",
        "订单号",
        "科目编号",
        "科目",
        "借方（元）",
        "贷方（元）",
    ]
    return sheets.sheet(head, _entries(rows))


def balances(rows: Iterable[Balance]) -> sheets.Sheet:
    """The trial balance."""
    return sheets.sheet(
        ["科目编号", "科目", "类别", "期初余额（元）", "借方发生（元）", "贷方发生（元）", "期末余额（元）"],
        ([*_named(row.account), *map(sheets.yuan, _figures(row))] for row in rows),
    )


def months(rows: Mapping[date, Mapping[Account, int]], accounts: Sequence[Account]) -> sheets.Sheet:
    """What each account of the profit brought in each month, and the profit."""
    head = ["科目编号", "科目", "类别", *(f"{month:%Y-%m}" for month in rows)]
    lines: list[list[sheets.Cell]] = [
        [*_named(account), *(sheets.yuan(month[account]) for month in rows.values())] for account in accounts
    ]
    lines.append(["", "利润", "", *(sheets.yuan(sum(month.values())) for month in rows.values())])
    return sheets.sheet(head, lines)


def profits(rows: QuerySet[JournalEntry]) -> sheets.Sheet:
    """What each of these sales brought and cost, streamed."""
    return sheets.sheet(PROFIT_HEAD, _profits(rows))


def _entries(rows: QuerySet[JournalEntry]) -> Iterator[list[sheets.Cell]]:
    lines = JournalLine.objects.filter(entry__in=rows.order_by().values("pk")).select_related("entry")
    for line in lines.order_by("day", "entry_id", "account").iterator(chunk_size=2_000):
        entry = line.entry
        yield [
            f"{line.day}",
            f"{entry.occurred_at:%Y-%m-%d %H:%M:%S}",
            str(entry.get_kind_display()),
            entry.business_key,
            entry.revision,
            entry.number,
            entry.order_no,
            line.account,
            str(Account(line.account).label),
            sheets.yuan(line.debit_fen),
            sheets.yuan(line.credit_fen),
        ]


def _profits(rows: QuerySet[JournalEntry]) -> Iterator[list[sheets.Cell]]:
    left = rows.order_by("day", "id").iterator(chunk_size=_CHUNK)
    while piece := list(islice(left, _CHUNK)):
        found = journal_facts.profits(piece)
        for entry in piece:
            yield [f"{entry.day}", entry.order_no, *_of_order(found[entry.order_no])]


def _of_order(one: Profit) -> list[sheets.Cell]:
    return [
        *map(
            sheets.yuan, (one.income_fen, one.freight_fen, one.allowance_fen, one.refunded_fen, one.net_fen)
        ),
        sheets.yuan(one.cost_fen),
        "" if one.cost_known else "部分商品未填成本",
        *map(
            sheets.yuan,
            (one.postage_fen, one.packing_fen, one.insurance_fen, one.commission_fen, one.fee_fen),
        ),
        "微信账单" if one.fee_said else "按费率估算",
        sheets.yuan(one.profit_fen),
    ]


def _named(account: Account) -> list[sheets.Cell]:
    return [account.value, str(account.label), str(section_of(account).label)]


def _figures(row: Balance) -> tuple[int, int, int, int]:
    return row.opening_fen, row.debit_fen, row.credit_fen, row.closing_fen
