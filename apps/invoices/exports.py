"""Invoices as a sheet (``sheets``) for the accountant: one line each, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from apps.base import days, sheets
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice

_HEAD = (
    *("申请单号", "订单号", "状态", "抬头类型", "抬头名称", "税号", "邮箱", "金额（元）", "申请时间"),
    *("发票号码", "发票代码", "开票日期", "驳回或红冲原因", "驳回或红冲时间", "红字发票号码", "红字开票日期"),
)


def lines(rows: QuerySet[Invoice]) -> sheets.Sheet:
    """The sheet of these invoices."""
    return sheets.sheet(list(_HEAD), _rows(rows))


def _rows(rows: QuerySet[Invoice]) -> Iterator[sheets.Row]:
    for row in invoice_facts.in_file(rows):
        yield [
            row.invoice_no,
            row.order.order_no,
            row.get_status_display(),
            row.get_kind_display(),
            row.name,
            row.tax_no,
            row.email,
            sheets.yuan(row.amount_fen),
            _time(row.applied_at),
            row.number,
            row.code,
            row.issued_on.isoformat() if row.issued_on else "",
            row.reason,
            _time(row.ended_at),
            row.red_number,
            row.red_on.isoformat() if row.red_on else "",
        ]


def _time(at: datetime | None) -> str:
    return days.local(at).strftime("%Y-%m-%d %H:%M") if at else ""
