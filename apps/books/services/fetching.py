"""Fetching WeChat's bills: a day's after 10 o'clock of the next, whole or not at all, its sums compared with its lines."""

from __future__ import annotations

import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import Max

from apps.base import audit, days, transactions
from apps.books import reading
from apps.books.models import Bill, BillLine
from apps.books.reading import Read
from apps.books.services import cases
from apps.books.states import ARRIVED, BILL_LIFECYCLE, WANTED, BillKind, BillStatus, LineKind
from apps.wechat.errors import WechatRefused, WechatUnavailable
from apps.wechat.pay import bills as wechat_bills
from mall import money
from mall.errors import Invalid, Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

# WeChat has a day's bill at about 10 o'clock of the next (微信支付 APIv3, 申请交易账单).
_READY: Final = time(10, 0)
# WeChat has bills of the last three months (as above).
_MONTHS: Final = 3
_LEAST_NOTE: Final = 4
# What WeChat is still writing, or would not give, is asked for again after this.
_NEXT_TRY: Final = timedelta(minutes=30)
_SOON: Final = timedelta(minutes=10)
_A_PIECE: Final = 5_000
_COLUMNS: Final = (
    "bill_id",
    "number",
    "kind",
    "said",
    "our_no",
    "wechat_no",
    "amount_fen",
    "fee_millifen",
    "at",
    "paid_no",
)
# As COPY reads a value (PostgreSQL, COPY, Text Format): numbers of WeChat's may hold anything.
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_COPY: Final = f"COPY {BillLine._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN"
# The last line of a bill by the names of its head, and what we add up of its lines to compare.
_SUMS: Final[Mapping[str, Mapping[str, str]]] = {
    BillKind.TRADE: {
        "总交易单数": "count",
        "订单总金额": "in",
        "申请退款总金额": "out",
        "手续费总金额": "fee",
    },
    BillKind.FUND: {"资金流水总笔数": "count", "收入金额": "in", "支出金额": "out"},
}


class DayWithoutBill(Invalid):
    """WeChat has no bill of that day: too old, or not written yet. ``details``: the ``first`` and ``last`` that have one."""

    code = "bill_day_out_of_range"
    message = "微信没有这一天的账单"


class BillNotFound(NotFound):
    """No such bill."""

    code = "bill_not_found"
    message = "账单不存在"


class BillNotDue(ShopError):
    """A bill that came, or may still come by itself, is not explained away."""

    code = "bill_not_explainable"
    message = "只有下载有误或微信没有的账单才需要说明"
    kind = Kind.CONFLICT


class BillNoteTooShort(Invalid):
    """A bill that is not there is explained in words."""

    code = "bill_note_too_short"
    message = f"请写明原因（至少 {_LEAST_NOTE} 个字）"


@dataclass(slots=True)
class _Sums:
    """What the lines of a bill add up to; amounts in thousandths of a fen, as the bill writes them."""

    count: int = 0
    came_in: int = 0
    went_out: int = 0
    fee: int = 0
    voucher_fen: int = 0

    def add(self, kind: str, line: Read) -> None:
        self.count += 1
        self.fee += line.fee_millifen
        self.voucher_fen += line.voucher_fen
        amount = line.amount_fen * 1000
        incoming = amount > 0 if kind == BillKind.FUND else line.kind != LineKind.REFUND
        if incoming:
            self.came_in += amount
        else:
            self.went_out += abs(amount)

    def differs_from(self, said: Mapping[str, str], kind: str) -> str:
        """The name of the first sum that WeChat states otherwise, "" if all agree."""
        ours = {"in": self.came_in, "out": self.went_out, "fee": self.fee}
        for name, what in _SUMS[kind].items():
            if name not in said:
                return name
            told = int(said[name]) if what == "count" else money.parse_billed(said[name])
            if told != (self.count if what == "count" else ours[what]):
                return name
        return ""


def fetch_due(*, at: datetime) -> int:
    """Note the bills of days that are over, fetch those that are due, compare the days that are whole; the clock's call.

    Returns how many bills arrived. The first ring opens the books with today: older days are fetched by the command.
    """
    transactions.forbid("fetching WeChat's bills")
    _note_days(at=at)
    arrived = 0
    for bill in list(Bill.objects.filter(status__in=WANTED, due_at__lte=at).order_by("day", "kind")):
        if has_bill(bill.day, at=at):
            arrived += fetch(day=bill.day, kind=bill.kind, at=at).status in ARRIVED
    cases.reconcile_due(at=at)
    return arrived


def fetch(*, day: date, kind: str, at: datetime) -> Bill:
    """Fetch one bill now, also once more; what came before stays until the new one is whole.

    Returns the bill: FETCHED or EMPTY, or WAITING or FAILED with ``last_error``. WeChat is asked with no transaction open.
    """
    transactions.forbid("fetching WeChat's bills")
    Bill.objects.get_or_create(day=day, kind=kind, defaults={"due_at": at})
    try:
        with wechat_bills.fetched(kind=kind, day=day) as file:
            return keep(day=day, kind=kind, file=file, at=at)
    except wechat_bills.NoBill:
        return _found_empty(day=day, kind=kind, at=at)
    except wechat_bills.NotYet:
        return _put_off(day=day, kind=kind, why="微信正在生成账单", wait=_NEXT_TRY, failed=False, at=at)
    except WechatUnavailable as away:
        return _put_off(day=day, kind=kind, why=_told(away), wait=_SOON, failed=False, at=at)
    except (wechat_bills.BadBill, WechatRefused) as error:
        return _put_off(day=day, kind=kind, why=_told(error), wait=_NEXT_TRY, failed=True, at=at)


def _told(error: Exception) -> str:
    """What went wrong in Chinese, with WeChat's or our own word for it in brackets."""
    match error:
        case wechat_bills.BadBill():
            return f"账单文件不完整或与微信公布的不符，未采用（{error}）"
        case WechatRefused():
            return f"微信拒绝了下载（{f'{error.errcode} {error.errmsg}'.strip()}）"
        case _:
            return f"微信暂时无法应答，稍后自动重试（{error}）"


def keep(*, day: date, kind: str, file: wechat_bills.Bill, at: datetime) -> Bill:
    """Replace the bill's lines by those of the file. Raises BadBill where its own sums are others: then nothing is kept."""
    with transactions.patient():
        return _replace(day=day, kind=kind, file=file, at=at)


def _replace(*, day: date, kind: str, file: wechat_bills.Bill, at: datetime) -> Bill:
    bill = _locked(day=day, kind=kind)
    BillLine.objects.filter(bill=bill).delete()
    sums = _Sums()
    _copy(_read(bill, file, sums))
    try:
        differs = sums.differs_from(file.summary, kind)
    except ValueError as error:
        raise wechat_bills.BadBill(f"has a summary that cannot be read: {error}") from None
    if differs:
        raise wechat_bills.BadBill(f"does not add up: {differs}")
    bill.status = BILL_LIFECYCLE.target(move="fetch", current=bill.status)
    bill.digest, bill.lines_count, bill.fee_millifen = file.digest, sums.count, sums.fee
    bill.voucher_fen = sums.voucher_fen
    bill.in_fen, bill.out_fen = money.whole_fen(sums.came_in), money.whole_fen(sums.went_out)
    bill.fetched_at, bill.reconciled_at, bill.last_error = at, None, ""
    bill.attempts += 1
    bill.save()
    log.info("bill_fetched", name=kind, count=sums.count)
    return bill


def _read(bill: Bill, file: wechat_bills.Bill, sums: _Sums) -> Iterator[tuple[Any, ...]]:
    for line in file.lines():
        try:
            read = reading.line(bill.kind, line.values)
        except reading.Unreadable as error:
            raise wechat_bills.BadBill(f"line {line.number}: {error}") from None
        sums.add(bill.kind, read)
        yield (bill.pk, line.number, *read[: len(_COLUMNS) - 2])


def _copy(rows: Iterable[tuple[Any, ...]]) -> None:
    """Write lines by COPY, a piece at a time: a million of them in little memory."""
    left = iter(rows)
    with connection.cursor() as cursor:
        while piece := list(islice(left, _A_PIECE)):
            text = "".join("\t".join(str(value).translate(_ESCAPED) for value in row) + "\n" for row in piece)
            cursor.copy_expert(_COPY, io.StringIO(text))
        # Comparing follows at once, and plans by what there is.
        cursor.execute(f"ANALYZE {BillLine._meta.db_table}")


@transaction.atomic
def _found_empty(*, day: date, kind: str, at: datetime) -> Bill:
    """WeChat says that nothing happened; lines that were there before stay, which is a fault of WeChat's to look at."""
    bill = _locked(day=day, kind=kind)
    if bill.status == BillStatus.FETCHED:
        return bill
    bill.status = BILL_LIFECYCLE.target(move="find_empty", current=bill.status)
    bill.fetched_at, bill.reconciled_at, bill.last_error = at, None, ""
    bill.attempts += 1
    bill.save()
    return bill


@transaction.atomic
def _put_off(*, day: date, kind: str, why: str, wait: timedelta, failed: bool, at: datetime) -> Bill:
    bill = _locked(day=day, kind=kind)
    bill.attempts += 1
    bill.last_error, bill.due_at = why[:200], at + wait
    if failed and bill.status in WANTED:
        bill.status = BILL_LIFECYCLE.target(move="fail", current=bill.status)
        log.error("bill_failed", name=kind, error=why[:200])
    bill.save()
    return bill


def _locked(*, day: date, kind: str) -> Bill:
    return Bill.objects.select_for_update(no_key=True).get(day=day, kind=kind)


def _note_days(*, at: datetime) -> None:
    """A row for each bill of each day since the books were opened, due at 10 o'clock of the day after."""
    today = days.shop_day(at)
    # A row of a day to come, however it was made, must not keep the days before it from being noted.
    last = Bill.objects.filter(day__lte=today).aggregate(last=Max("day"))["last"]
    first = today if last is None else max(last + timedelta(days=1), first_day(at=at))
    wanted = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    Bill.objects.bulk_create(
        [
            Bill(day=day, kind=kind, due_at=ready_at(day))
            for day in wanted
            for kind in (BillKind.TRADE, BillKind.FUND)
        ],
        ignore_conflicts=True,
    )


def ready_at(day: date) -> datetime:
    """The moment from which WeChat has the bill of a Shanghai day."""
    following = days.day_window(day)[1]
    return datetime.combine(following.date(), _READY, tzinfo=following.tzinfo)


def first_day(*, at: datetime) -> date:
    """The oldest Shanghai day of which WeChat still has a bill: three months back."""
    today = days.shop_day(at)
    years, month = divmod(today.year * 12 + today.month - 1 - _MONTHS, 12)
    return date(years, month + 1, min(today.day, monthrange(years, month + 1)[1]))


def has_bill(day: date, *, at: datetime) -> bool:
    """Whether WeChat can have the bills of a day: not older than three months, over, and ten o'clock of the next is past."""
    return first_day(at=at) <= day and day < days.shop_day(at) and ready_at(day) <= at


def require_bill(day: date, *, at: datetime) -> None:
    """Raise DayWithoutBill for a day of which WeChat cannot have bills."""
    if has_bill(day, at=at):
        return
    first, last = first_day(at=at), days.shop_day(at) - timedelta(days=1)
    if ready_at(last) > at:
        last -= timedelta(days=1)
    raise DayWithoutBill(
        f"微信只有 {first} 到 {last} 的账单：保留三个月，次日 10 点后生成",
        details={"first": f"{first}", "last": f"{last}"},
    )


def may_explain(bill: Bill, *, at: datetime) -> bool:
    """Whether a bill is one to be explained: it came broken, or is of a day of which WeChat has none."""
    if bill.status == BillStatus.WAITING:
        # Of yesterday and today it will come.
        soon = days.shop_day(at) - timedelta(days=1) <= bill.day <= days.shop_day(at)
        return not soon and not has_bill(bill.day, at=at)
    return bill.status == BillStatus.FAILED


@transaction.atomic
def explain(*, bill_id: int, note: str, operator: Any, at: datetime) -> Bill:
    """Close a bill that will not come, with the reason: nobody is reminded of it, and it is not asked for any more.

    Raises BillNotFound, BillNoteTooShort, BillNotDue.
    """
    if len(note) < _LEAST_NOTE:
        raise BillNoteTooShort
    bill = Bill.objects.select_for_update(no_key=True).filter(pk=bill_id).first()
    if bill is None:
        raise BillNotFound
    if not may_explain(bill, at=at):
        raise BillNotDue
    bill.status = BILL_LIFECYCLE.target(move="explain", current=bill.status)
    bill.last_error = f"已说明：{note}"[:200]
    bill.save(update_fields=["status", "last_error"])
    audit.record(operator=operator, action="说明账单", subject=f"{bill}", note=note, at=at)
    return bill
