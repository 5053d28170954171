"""Lists of promoters, commissions, withdrawals as sheets: yuan, numbers as texts, nothing that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from apps.base import sheets
from apps.distribution import selectors as promoter_facts
from apps.distribution import sharers
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.models import Commission
from mall import text as texts

_CHUNK = 2_000


def promoters() -> sheets.Sheet:
    """A line for each promoter: whom they brought, what that sold, what it cost, and how often the cost came back."""
    head = [
        "推客编号",
        "昵称",
        "状态",
        "等级",
        "加入时间",
        "客户数",
        "推广订单",
        "推广金额",
        "佣金",
        "已扣回",
    ]
    return sheets.sheet(
        [*head, "净佣金", "投入产出比", "待收货", "冻结", "可提现", "提现中", "已提现", "欠款"], _promoters()
    )


def active_sharers(*, since: datetime, until: datetime) -> sheets.Sheet:
    """The most active sharers by member group (KOC), whether or not they promote."""
    head = [
        "会员分组",
        "会员编号",
        "昵称",
        "带来访客",
        "带来注册",
        "带来订单",
        "其中已付款",
        "带来销售额（元）",
    ]
    return sheets.sheet(head, _sharers(since=since, until=until))


def commissions() -> sheets.Sheet:
    """A line for each commission and each take-back, the newest first, streamed."""
    head = [
        "业务键",
        "时间",
        "推客编号",
        "推客",
        "订单号",
        "商品",
        "级别",
        "计佣金额",
        "比例（%）",
        "比例来源",
    ]
    return sheets.sheet([*head, "佣金", "状态", "待核实", "解冻时间", "说明"], _commissions(), chunk=_CHUNK)


def withdrawals(*, since: datetime, until: datetime) -> sheets.Sheet:
    """A line for each promoter to whom money came in ``[since, until)``: what is to be declared as their income."""
    head = ["推客编号", "昵称", "姓名", "收款 openid", "到账笔数", "到账金额（元）"]
    return sheets.sheet(head, _withdrawn(since=since, until=until))


def _withdrawn(*, since: datetime, until: datetime) -> Iterator[list[sheets.Cell]]:
    for month in withdrawal_facts.statement(since=since, until=until):
        member = month.promoter.member
        yield [
            member.public_id,
            member.nickname,
            month.name_masked,
            texts.masked_number(month.openid) if month.openid else "",
            month.times,
            sheets.yuan(month.amount_fen),
        ]


def _sharers(*, since: datetime, until: datetime) -> Iterator[list[sheets.Cell]]:
    for group, number, nickname, *counts, revenue_fen in sharers.by_group(since=since, until=until):
        yield [group or "", number, nickname, *counts, sheets.yuan(revenue_fen)]


def _promoters() -> Iterator[list[sheets.Cell]]:
    for row in promoter_facts.reported().iterator(chunk_size=_CHUNK):
        account = row.account
        yield [
            row.member.public_id,
            row.member.nickname,
            str(row.get_status_display()),
            row.level.name if row.level else "",
            f"{timezone.localtime(row.active_at):%Y-%m-%d}" if row.active_at else "",
            row.customers,
            row.orders,
            sheets.yuan(row.brought_fen),
            sheets.yuan(row.earned_fen),
            sheets.yuan(row.back_fen),
            sheets.yuan(row.earned_fen - row.back_fen),
            promoter_facts.return_of(row.brought_fen, cost_fen=row.earned_fen - row.back_fen),
            *(sheets.yuan(getattr(account, name)) for name in promoter_facts.SUMS),
        ]


def _commissions() -> Iterator[list[sheets.Cell]]:
    rows = Commission.objects.select_related("promoter__member", "line").order_by("-pk")
    last: int | None = None
    while found := list(rows.filter(pk__lt=last)[:_CHUNK] if last is not None else rows[:_CHUNK]):
        last = found[-1].pk
        yield from (_line(row) for row in found)


def _line(row: Commission) -> list[sheets.Cell]:
    return [
        row.business_key,
        f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}",
        row.promoter.member.public_id,
        row.promoter.member.nickname,
        row.order_no,
        row.line.title,
        row.get_level_display(),
        sheets.yuan(row.base_fen),
        sheets.percent(row.rate_bp),
        row.rate_source,
        sheets.yuan(row.amount_fen),
        str(row.get_status_display()),
        "是" if row.held else "",
        f"{timezone.localtime(row.due_at):%Y-%m-%d}" if row.due_at else "",
        row.reason,
    ]
