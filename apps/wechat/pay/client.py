"""What the shop asks of WeChat Pay: prepay, sign for the mini program, query, close, refund.

None of these may be called inside a database transaction. Every call names its payment or refund by a
number of ours that was committed before; a call with unknown outcome is queried, then repeated under the
same number.
Source: 微信支付 APIv3, JSAPI/小程序支付 and 退款.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from wechatpayv3.utils import rsa_encrypt

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import facts, gateway
from apps.wechat.pay.facts import RefundResult, Transaction

__all__ = [
    "BankCard",
    "RefundResult",
    "Transaction",
    "apply_abnormal_refund",
    "close",
    "prepay",
    "query",
    "query_refund",
    "query_transaction",
    "refund",
    "sign_for_client",
]

_BEIJING = timezone(timedelta(hours=8))
# WeChat also takes | and * in numbers; we do not, because they would be escaped in the signed path.
_TRADE_NO = re.compile(r"[0-9A-Za-z_\-]{6,32}")
_WECHAT_NO = re.compile(r"[0-9A-Za-z]{1,40}")
_REFUND_NO = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_DESCRIPTION_BYTES = 127
_REASON_BYTES = 80


def prepay(
    *,
    out_trade_no: str,
    description: str,
    amount_fen: int,
    openid: str,
    expires_at: datetime,
    notify_url: str,
    client_ip: str | None = None,
) -> str:
    """Announce a payment and return its prepay_id (good for 2 hours, at most until ``expires_at``).

    ``notify_url`` is absolute: PUBLIC_BASE_URL and a path, no query. Repeating with the same parameters is
    safe and returns a prepay_id again. Raises AlreadyPaid, PayOrderClosed, PayNumberUsed, PayRequestInvalid (perhaps
    other parameters under the same number: query it), other PayRefused, WechatUnavailable.
    """
    _check(_TRADE_NO, out_trade_no)
    if amount_fen < 1:
        raise ValueError("WeChat Pay takes at least 1 fen")
    scene = {"payer_client_ip": client_ip} if client_ip else None
    told = gateway.told(
        lambda pay: pay.pay(
            description=_cut(description, _DESCRIPTION_BYTES),
            out_trade_no=out_trade_no,
            amount={"total": amount_fen, "currency": "CNY"},
            payer={"openid": openid},
            time_expire=expires_at.astimezone(_BEIJING).isoformat(timespec="seconds"),
            notify_url=notify_url,
            scene_info=scene,
        )
    )
    prepay_id = told.get("prepay_id") if isinstance(told, dict) else None
    if not isinstance(prepay_id, str) or not prepay_id:
        raise wechat_errors.WechatBadAnswer("prepay answered no prepay_id", effect_unknown=True)
    return prepay_id


def sign_for_client(prepay_id: str, *, at: datetime) -> dict[str, str]:
    """Return the arguments of wx.requestPayment, signed with the merchant's key. No call is made."""
    return signed_for_client(
        prepay_id, timestamp=str(int(at.timestamp())), nonce=secrets.token_hex(16).upper()
    )


def signed_for_client(prepay_id: str, *, timestamp: str, nonce: str) -> dict[str, str]:
    """Return the arguments of wx.requestPayment for a given timestamp (a string, seconds) and nonce."""
    package = f"prepay_id={prepay_id}"
    lines = [gateway.account().appid, timestamp, nonce, package]
    return {
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": gateway.library().sign(lines),
    }


def query(*, out_trade_no: str) -> Transaction:
    """Return what WeChat Pay knows of our number. Raises PayOrderNotFound, WechatUnavailable.

    An answer about another number is not believed (WechatBadAnswer); appid, mchid, currency and amount are
    for the caller to compare with its order.
    """
    _check(_TRADE_NO, out_trade_no)
    read = facts.transaction(gateway.asked(lambda pay: pay.query(out_trade_no=out_trade_no)))
    if read.out_trade_no != out_trade_no:
        raise wechat_errors.WechatBadAnswer("query answered another number")
    return read


def query_transaction(*, transaction_id: str) -> Transaction:
    """Return what WeChat Pay knows of a payment by its own number, whoever asked for it. Raises as ``query`` does."""
    _check(_WECHAT_NO, transaction_id)
    read = facts.transaction(gateway.asked(lambda pay: pay.query(transaction_id=transaction_id)))
    if read.transaction_id != transaction_id:
        raise wechat_errors.WechatBadAnswer("query answered another number")
    return read


def close(*, out_trade_no: str) -> None:
    """Close an unpaid payment, so that it cannot be paid any more. Closing a closed one is content.

    Raises AlreadyPaid (query it, treat the order as paid), PayOrderNotFound (it was never announced, so it
    cannot be paid unless a prepay is still on its way), other PayRefused (query it), WechatUnavailable.
    """
    _check(_TRADE_NO, out_trade_no)
    try:
        gateway.told(lambda pay: pay.close(out_trade_no=out_trade_no))
    except wechat_errors.PayOrderClosed:
        return


def refund(
    *,
    transaction_id: str,
    out_refund_no: str,
    refund_fen: int,
    total_fen: int,
    reason: str,
    notify_url: str,
) -> RefundResult:
    """Give back ``refund_fen`` of a payment of ``total_fen``. Repeat under the same ``out_refund_no`` only.

    PROCESSING is the usual answer; SUCCESS comes by notify or query. Raises NotEnoughBalance (repeat when the
    balance is topped up), PayOrderNotFound (no such payment), PayRequestInvalid (perhaps other parameters under the
    same number: query it), other PayRefused, WechatUnavailable.
    """
    _check(_REFUND_NO, out_refund_no)
    if not 1 <= refund_fen <= total_fen:
        raise ValueError("a refund is at least 1 fen and at most the payment")
    told = gateway.told(
        lambda pay: pay.refund(
            out_refund_no=out_refund_no,
            amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
            transaction_id=transaction_id,
            reason=_cut(reason, _REASON_BYTES) or None,
            notify_url=notify_url,
        )
    )
    return _refund(told, out_refund_no, effect_unknown=True)


@dataclass(frozen=True)
class BankCard:
    """A payer's bank card: WeChat's word for the kind (``ICBC_DEBIT``), its number and its owner's name."""

    bank_type: str
    account: str = field(repr=False)
    owner: str = field(repr=False)


def apply_abnormal_refund(*, refund_id: str, out_refund_no: str, card: BankCard | None) -> RefundResult:
    """Have an ABNORMAL refund sent to the payer's bank card, or (without one) to the merchant's account.

    Number and name are encrypted so that WeChat alone reads them. The same number is refunded once, however often it is
    asked. Raises PayRefused (it is not abnormal, the card is wrong), WechatUnavailable.
    """
    _check(_REFUND_NO, out_refund_no)
    _check(_WECHAT_NO, refund_id)
    told = gateway.told(
        lambda pay: pay.abnormal_refund(
            refund_id=refund_id,
            out_refund_no=out_refund_no,
            type="USER_BANK_CARD" if card is not None else "MERCHANT_BANK_CARD",
            bank_type=card.bank_type if card is not None else None,
            bank_account=rsa_encrypt(card.account, gateway.public_key()) if card is not None else None,
            real_name=rsa_encrypt(card.owner, gateway.public_key()) if card is not None else None,
        )
    )
    return _refund(told, out_refund_no, effect_unknown=True)


def query_refund(*, out_refund_no: str) -> RefundResult:
    """Return what WeChat Pay knows of our refund. Raises PayOrderNotFound, WechatUnavailable."""
    _check(_REFUND_NO, out_refund_no)
    told = gateway.asked(lambda pay: pay.query_refund(out_refund_no))
    return _refund(told, out_refund_no, effect_unknown=False)


def _refund(told: Any, out_refund_no: str, *, effect_unknown: bool) -> RefundResult:
    try:
        read = facts.refund(told)
    except wechat_errors.WechatBadAnswer as fault:
        raise wechat_errors.WechatBadAnswer(fault.why, effect_unknown=effect_unknown) from None
    if read.out_refund_no != out_refund_no:
        raise wechat_errors.WechatBadAnswer("answered another refund", effect_unknown=effect_unknown)
    return read


def _check(pattern: re.Pattern[str], number: str) -> None:
    if not pattern.fullmatch(number):
        raise ValueError(f"not a number that WeChat Pay takes: {pattern.pattern}")


def _cut(text: str, most_bytes: int) -> str:
    """Cut ``text`` at a character's end. The documents leave open whether they count characters or bytes."""
    return text.encode("utf-8")[:most_bytes].decode("utf-8", errors="ignore")
