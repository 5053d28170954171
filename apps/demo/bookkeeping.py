"""Posts the demo shop's past into the double-entry books, as the clock would have done day by day."""

from __future__ import annotations

import hashlib
import io
from datetime import date, datetime, timedelta
from typing import Final

from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.models import Bill, CostRate
from apps.books.services import cases, fetching, journal, rates
from apps.books.states import BillKind
from apps.wechat.pay import bills as wechat_bills

# 微信支付 APIv3, 申请资金账单: what was taken out to the company's account, and what only a
# person can book.
_FUND_BILL: Final = """\
记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号
`{day} 09:30:12,`5030{day:%Y%m%d}0001,`4200{day:%Y%m%d}0001,`提现,`提现,`支出,`3000.00,`1286.40,`财务,`提现到对公账户,`
`{day} 15:20:40,`5030{day:%Y%m%d}0002,`4200{day:%Y%m%d}0002,`补贴,`补贴,`收入,`8.80,`1295.20,`,`,`BT{day:%Y%m%d}01
资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额
`2,`1,`8.80,`1,`3000.00
"""


def fill(*, at: datetime) -> None:
    """Say what sending costs, if nobody did, and close every day up to yesterday. Not inside a transaction."""
    if not Bill.objects.exists():
        _differ(days.shop_day(at) - timedelta(days=1), at=at)
    first = journal_facts.next_to_close()
    if first is None:
        return
    if not CostRate.objects.exists():
        before = days.day_window(first)[0] - timedelta(days=1)
        rates.save(
            rates.opened(since=first, postage_fen=450, packing_fen=120, insurance_fen=60, fee_bp=60),
            at=before,
        )
    today = days.shop_day(at)
    while (journal_facts.next_to_close() or today) < today:
        journal.post_due(at=at)
    journal.post_due(at=at)


def _differ(day: date, *, at: datetime) -> None:
    """A bill of yesterday's with two lines that wait for somebody."""
    written = _FUND_BILL.format(day=day).encode()
    Bill.objects.create(day=day, kind=BillKind.FUND, due_at=at)
    file = wechat_bills.Bill(BillKind.FUND, io.BytesIO(written), hashlib.sha1(written).hexdigest())  # noqa: S324 -- WeChat's
    fetching.keep(day=day, kind=BillKind.FUND, file=file, at=at)
    cases.reconcile(day=day, at=at)
