"""From a line of WeChat's bill to what is compared: by the names of its head, never by the order of its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from apps.books.states import BillKind, LineKind
from mall import money

# WeChat writes Beijing time, whatever the shop's own zone is.
_BEIJING: Final = ZoneInfo("Asia/Shanghai")
_NONE: Final = frozenset({"", "0"})
_FUND_KINDS: Final[Mapping[str, LineKind]] = {
    "交易": LineKind.PAYMENT,
    "退款": LineKind.REFUND,
    "扣除交易手续费": LineKind.FEE,
}
_LONGEST: Final = 64
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


class Read(NamedTuple):
    """What of a line is kept; amounts in fen, the fee in thousandths of a fen."""

    kind: LineKind
    said: str
    our_no: str
    wechat_no: str
    amount_fen: int
    fee_millifen: int
    at: datetime
    # Of a refund: WeChat's number of the payment that it is of.
    paid_no: str = ""
    # What the shop bears of it as a voucher, negative where that came back; no column of the line.
    voucher_fen: int = 0


class Unreadable(ValueError):
    """A line that is none of such a bill; ``args[0]`` says why."""


def line(kind: str, values: Mapping[str, str]) -> Read:
    """Read a line of a bill of this kind. Raises Unreadable."""
    try:
        return _READERS[kind](values)
    except KeyError as error:
        raise Unreadable(f"has no column {error.args[0]}") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _trade(values: Mapping[str, str]) -> Read:
    status = values["交易状态"]
    fee_millifen, at = money.parse_billed(values["手续费"]), _time(values["交易时间"])
    if status == "REFUND":
        return Read(
            kind=LineKind.REFUND,
            said=f"REFUND {values['退款状态']}".strip(),
            our_no=_number(values["商户退款单号"]),
            wechat_no=_number(values["微信退款单号"]),
            amount_fen=_fen(values["申请退款金额"]),
            fee_millifen=fee_millifen,
            at=at,
            paid_no=_number(values["微信订单号"]),
            voucher_fen=_fen(values["退款金额"]) - _fen(values["申请退款金额"]),
        )
    if status not in {"SUCCESS", "REVOKED"}:
        raise ValueError(f"unknown 交易状态 {status[:20]}")
    return Read(
        kind=LineKind.PAYMENT if status == "SUCCESS" else LineKind.REVOKED,
        said=status,
        our_no=_number(values["商户订单号"]),
        wechat_no=_number(values["微信订单号"]),
        amount_fen=_fen(values["订单金额"]),
        fee_millifen=fee_millifen,
        at=at,
        voucher_fen=_fen(values["订单金额"]) - _fen(values["应结订单金额"]),
    )


def _fund(values: Mapping[str, str]) -> Read:
    said = values["业务类型"]
    way = values["收支类型"]
    if way not in {"收入", "支出"}:
        raise ValueError(f"unknown 收支类型 {way[:20]}")
    amount_fen = _fen(values["收支金额(元)"])
    kind = _FUND_KINDS.get(said) or (LineKind.TRANSFER if "转账" in said else LineKind.OTHER)
    return Read(
        kind=kind,
        said=said[:60],
        our_no=_number(values["业务凭证号"]),
        wechat_no=_number(values["微信支付业务单号"]),
        amount_fen=amount_fen if way == "收入" else -amount_fen,
        fee_millifen=0,
        at=_time(values["记账时间"]),
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], Read]]] = {
    BillKind.TRADE: _trade,
    BillKind.FUND: _fund,
}


def _fen(text: str) -> int:
    return money.whole_fen(money.parse_billed(text))


def _number(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError("a number of more than 64 characters")
    return "" if text in _NONE else text


def _time(text: str) -> datetime:
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"no time: {text[:20]}")
    return datetime.fromisoformat(text).replace(tzinfo=_BEIJING)
