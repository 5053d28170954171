"""WeChat's bills for tests: written line by line, as files of a day."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

from apps.books.models import Bill, Case
from apps.books.services import cases, fetching
from apps.books.states import BillKind
from apps.wechat.pay import bills as wechat_bills
from mall import money

DAY = date(2026, 11, 27)
NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)  # noon in Shanghai
NEXT_MORNING = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)  # half past ten
TRADE_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"
    "交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND_HEAD = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,"
    "收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


def paid(our_no: str, fen: int, *, wechat_no: str = "4200001", voucher_fen: int = 0) -> list[str]:
    """A line of a trade bill: a payment, a part of which may be a voucher that the merchant bears."""
    amount, settled = money.yuan(fen), money.yuan(fen - voucher_fen)
    return [
        *("2026-11-27 12:00:00", "wx1", "1900000001", "0", "", wechat_no, our_no, "oX", "JSAPI", "SUCCESS"),
        *(
            "OTHERS",
            "CNY",
            settled,
            money.yuan(voucher_fen),
            "0",
            "0",
            "0.00",
            "0.00",
            "",
            "",
            "茶杯",
            "",
            "0.07200",
            "0.60%",
        ),
        *(amount, "0.00", ""),
    ]


def refunded(our_no: str, fen: int, *, state: str = "SUCCESS", payment_no: str = "PY1") -> list[str]:
    """A line of a trade bill: a refund."""
    amount = money.yuan(fen)
    return [
        *(
            "2026-11-27 13:00:00",
            "wx1",
            "1900000001",
            "0",
            "",
            "4200001",
            payment_no,
            "oX",
            "JSAPI",
            "REFUND",
        ),
        *("OTHERS", "CNY", "0.00", "0.00", f"5030{our_no}", our_no, amount, "0.00", "ORIGINAL", state),
        *("茶杯", "", "-0.03000", "0.60%", "0.00", amount, ""),
    ]


def moved(kind: str, our_no: str, fen: int) -> list[str]:
    """A line of a fund bill; negative where money went out."""
    way = "收入" if fen > 0 else "支出"
    return [
        *("2026-11-27 14:00:45", "50300907", "4200001", kind, kind, way, money.yuan(abs(fen)), "0.21"),
        *("1601959334API", "退款总金额0.01元;含手续费0.00元", our_no),
    ]


def text(kind: str, lines: Sequence[Sequence[str]], summary: Sequence[str] | None = None) -> str:
    """The file of a bill; its last line adds up, unless it is given."""
    head, last = (TRADE_HEAD, TRADE_SUMMARY) if kind == BillKind.TRADE else (FUND_HEAD, FUND_SUMMARY)
    told = summary or (_trade_sums(lines) if kind == BillKind.TRADE else _fund_sums(lines))
    rows = [head, *(_line(line) for line in lines), last, _line(told)]
    return "\n".join(rows) + "\n"


def _line(values: Sequence[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _trade_sums(lines: Sequence[Sequence[str]]) -> list[str]:
    head = TRADE_HEAD.split(",")
    sums = {
        name: sum(money.parse_billed(line[head.index(name)]) for line in lines)
        for name in ("应结订单金额", "退款金额", "充值券退款金额", "手续费", "订单金额", "申请退款金额")
    }
    written = {name: _yuan(value, 5 if name == "手续费" else 2) for name, value in sums.items()}
    return [str(len(lines)), *written.values()]


def _fund_sums(lines: Sequence[Sequence[str]]) -> list[str]:
    came = [line for line in lines if line[5] == "收入"]
    gone = [line for line in lines if line[5] == "支出"]
    sums = [_yuan(sum(money.parse_billed(line[6]) for line in some), 2) for some in (came, gone)]
    return [str(len(lines)), str(len(came)), sums[0], str(len(gone)), sums[1]]


def _yuan(millifen: int, decimals: int) -> str:
    sign = "-" if millifen < 0 else ""
    whole, rest = divmod(abs(millifen), 100_000)
    return f"{sign}{whole}.{rest:05d}"[: None if decimals == 5 else -3]


def keep(kind: str, lines: Sequence[Sequence[str]], *, summary: Sequence[str] | None = None) -> Bill:
    """A day's bill as it arrived from WeChat. Raises BadBill."""
    Bill.objects.get_or_create(day=DAY, kind=kind, defaults={"due_at": NEXT_MORNING})
    file = wechat_bills.Bill(kind, io.BytesIO(text(kind, lines, summary).encode()), "a" * 40)
    return fetching.keep(day=DAY, kind=kind, file=file, at=NEXT_MORNING)


def found() -> list[tuple[str, str, int | None, int | None]]:
    """Compare the day, and return each difference without its evidence."""
    told: list[tuple[str, str, int | None, int | None]] = []
    left = cases.reconcile(day=DAY, at=NEXT_MORNING, tell=lambda one: told.append(one[:4]))
    assert left == len(told)
    return told


def statuses() -> dict[str, str]:
    """The status of each case, by kind."""
    return dict(Case.objects.values_list("kind", "status"))
