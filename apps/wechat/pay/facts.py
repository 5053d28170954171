"""What WeChat Pay states about payments and refunds, read strictly out of its answers and notifies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.wechat import errors as wechat_errors
from mall.text import storable

# 微信支付 查询单笔退款, user_received_account, 退还商户. All others are the payer's.
# Longer than any text of WeChat Pay's that is read, and than any number of ours or theirs (32).
_LONGEST: Final = 4_096
_LONGEST_NUMBER: Final = 64
_YEARS: Final = range(2000, 2200)
ACCOUNTS_OF_SHOP: Final = ("商户基本账户", "商户结算银行账户")


@dataclass(frozen=True)
class Transaction:
    """A payment as WeChat Pay states it. Amounts are fen; None where WeChat says nothing (nobody paid yet).

    ``trade_state``: SUCCESS, NOTPAY, CLOSED, REFUND (paid, then refunded in part or whole), REVOKED,
    USERPAYING, PAYERROR. ``amount_total_fen`` is what the shop asked for; ``payer_total_fen`` may be less
    because of WeChat's own coupons.
    """

    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str | None
    amount_total_fen: int | None
    payer_total_fen: int | None
    currency: str | None
    openid: str | None = field(repr=False)
    success_time: datetime | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def is_paid(self) -> bool:
        """Money was captured, whatever of it has been refunded since."""
        return self.trade_state in {"SUCCESS", "REFUND"}


@dataclass(frozen=True)
class RefundResult:
    """A refund as WeChat Pay states it; ``status`` is SUCCESS, PROCESSING, CLOSED or ABNORMAL."""

    refund_id: str
    out_refund_no: str
    transaction_id: str
    out_trade_no: str
    status: str
    refund_fen: int
    total_fen: int
    payer_refund_fen: int | None
    success_time: datetime | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def received_by_shop(self) -> bool:
        """The money went to the merchant's account, says WeChat (退还商户), and not to the payer."""
        return received_by_shop(self.raw)


def received_by_shop(told: Mapping[str, Any]) -> bool:
    """Whether what WeChat says of a refund names an account of the merchant's as the one that received it."""
    return str(told.get("user_received_account") or "").startswith(ACCOUNTS_OF_SHOP)


def transaction(told: Any) -> Transaction:
    """Read the answer of a query, or the resource of a TRANSACTION notify. Raises WechatBadAnswer."""
    facts = an_object(told, "transaction")
    state = a_text(facts, "trade_state")
    amount = an_object(facts.get("amount") or {}, "amount")
    payer = an_object(facts.get("payer") or {}, "payer")
    read = Transaction(
        appid=a_text(facts, "appid"),
        mchid=a_text(facts, "mchid"),
        out_trade_no=_number(facts, "out_trade_no"),
        trade_state=state,
        transaction_id=_number(facts, "transaction_id") if facts.get("transaction_id") else None,
        amount_total_fen=fen_or_none(amount, "total"),
        payer_total_fen=fen_or_none(amount, "payer_total"),
        currency=text_or_none(amount, "currency"),
        openid=text_or_none(payer, "openid"),
        success_time=_time_or_none(facts, "success_time"),
        raw=facts,
    )
    if read.is_paid and (read.transaction_id is None or read.amount_total_fen is None):
        raise wechat_errors.WechatBadAnswer("a paid transaction without transaction_id or amount")
    return read


def refund(told: Any) -> RefundResult:
    """Read the answer of a refund call, or the resource of a REFUND notify. Raises WechatBadAnswer."""
    facts = an_object(told, "refund")
    amount = an_object(facts.get("amount"), "amount")
    return RefundResult(
        refund_id=_number(facts, "refund_id"),
        out_refund_no=_number(facts, "out_refund_no"),
        transaction_id=_number(facts, "transaction_id"),
        out_trade_no=_number(facts, "out_trade_no"),
        # Answers call it status, notifies refund_status.
        status=a_text(facts, "status" if "status" in facts else "refund_status"),
        refund_fen=_fen(amount, "refund"),
        total_fen=_fen(amount, "total"),
        payer_refund_fen=fen_or_none(amount, "payer_refund"),
        success_time=_time_or_none(facts, "success_time"),
        raw=facts,
    )


def an_object(value: Any, what: str) -> dict[str, Any]:
    """The value, if it is an object. Raises WechatBadAnswer."""
    if not isinstance(value, dict):
        raise wechat_errors.WechatBadAnswer(f"{what} is no object")
    return value


def a_text(facts: Mapping[str, Any], name: str) -> str:
    """A text that must be there, and that a database can keep. Raises WechatBadAnswer."""
    value = facts.get(name)
    if not isinstance(value, str) or not value:
        raise wechat_errors.WechatBadAnswer(f"{name} is missing")
    if len(value) > _LONGEST or storable(value) != value:
        raise wechat_errors.WechatBadAnswer(f"{name} is unreadable")
    return value


def _number(facts: Mapping[str, Any], name: str) -> str:
    value = a_text(facts, name)
    if len(value) > _LONGEST_NUMBER:
        raise wechat_errors.WechatBadAnswer(f"{name} is no number")
    return value


def text_or_none(facts: Mapping[str, Any], name: str) -> str | None:
    """A text that may be missing or empty. Raises WechatBadAnswer."""
    return a_text(facts, name) if facts.get(name) else None


def _fen(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    if type(value) is not int or value < 0:
        raise wechat_errors.WechatBadAnswer(f"{name} is no amount in fen")
    return value


def fen_or_none(facts: Mapping[str, Any], name: str) -> int | None:
    """An amount that may be missing. Raises WechatBadAnswer."""
    return _fen(facts, name) if facts.get(name) is not None else None


def _time_or_none(facts: Mapping[str, Any], name: str) -> datetime | None:
    value = text_or_none(facts, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise wechat_errors.WechatBadAnswer(f"{name} is no time") from None
    if moment.tzinfo is None:
        raise wechat_errors.WechatBadAnswer(f"{name} has no offset")
    if moment.year not in _YEARS:
        raise wechat_errors.WechatBadAnswer(f"{name} is no time of this century")
    return moment
