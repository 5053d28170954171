"""商家转账 of WeChat Pay: money to a user who confirms it in the mini program; created, asked about, cancelled.

None of these may be called inside a database transaction. A transfer is named by a number of ours that was committed
before; after an unknown outcome it is asked about, then created again under the same number with the same parameters.
Source: 微信支付 APIv3, 商家转账 (2025): 发起转账, 商户单号查询转账单, 撤销转账.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from wechatpayv3.utils import rsa_encrypt

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import facts, gateway

# From here on WeChat demands the name of who gets the money, and compares it.
NAME_FROM_FEN: Final = 200_000
# What RSA-OAEP with SHA-1 takes under a key of 2048 bits.
_LONGEST_NAME_BYTES: Final = 200
_BILL_NO: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_MOST_REMARK: Final = 32

ENDED_WELL: Final = "SUCCESS"
ENDED_BADLY: Final = frozenset({"FAIL", "CANCELLED"})
# The money is being put aside; where the balance is short it stays so. Creating it again is the way on.
UNDER_WAY: Final = frozenset({"ACCEPTED", "PROCESSING"})
# The user may open the page of confirmation; in TRANSFERING once more.
WITH_THE_USER: Final = frozenset({"WAIT_USER_CONFIRM", "TRANSFERING"})


@dataclass(frozen=True)
class SealedName:
    """A name that only WeChat can read: RSA-OAEP under its public key, and which key that was."""

    text: str = field(repr=False)
    key_id: str


@dataclass(frozen=True)
class Transfer:
    """A transfer as WeChat Pay states it; what an answer does not say is None.

    ``state``: ACCEPTED, PROCESSING, WAIT_USER_CONFIRM, TRANSFERING, SUCCESS, FAIL, CANCELING, CANCELLED. ``fail_reason``
    is a word of WeChat's open list. ``package_info`` opens wx.requestMerchantTransfer; only creating answers it.
    """

    out_bill_no: str
    state: str
    transfer_bill_no: str | None
    package_info: str | None = field(repr=False)
    fail_reason: str | None
    amount_fen: int | None
    openid: str | None = field(repr=False)
    mchid: str | None
    appid: str | None


def sealed_name(name: str) -> SealedName:
    """Encrypt a name so that WeChat alone reads it. Raises ValueError for one that is empty or longer than 200 bytes."""
    if not 1 <= len(name.encode()) <= _LONGEST_NAME_BYTES:
        raise ValueError("a name has 1 to 200 bytes")
    return SealedName(
        text=rsa_encrypt(name, gateway.public_key()), key_id=str(settings.WECHATPAY_PUBLIC_KEY_ID)
    )


def create(
    *, out_bill_no: str, amount_fen: int, openid: str, remark: str, notify_url: str, name: SealedName | None
) -> Transfer:
    """Ask WeChat to hand so much to a user. Repeat with the same parameters only: the answer is then the same transfer.

    ``name`` is needed from ``NAME_FROM_FEN`` on and was sealed by ``sealed_name``. Raises NotEnoughBalance and WechatBusy
    (repeat later), PayRequestInvalid (perhaps other parameters under the same number: query it), other PayRefused,
    WechatUnavailable; and ValueError for what WeChat would never take, or a name sealed for another key.
    """
    _check(out_bill_no)
    if amount_fen < 1 or (amount_fen >= NAME_FROM_FEN and name is None):
        raise ValueError("a transfer has an amount, and a name from 2,000 yuan on")
    if name is not None and name.key_id != settings.WECHATPAY_PUBLIC_KEY_ID:
        raise ValueError("the name was sealed for another key of WeChat")
    told = gateway.told(
        lambda pay: pay.mch_transfer_bills(
            out_bill_no=out_bill_no,
            transfer_scene_id=settings.WECHATPAY_TRANSFER_SCENE_ID,
            openid=openid,
            transfer_amount=amount_fen,
            transfer_remark=remark[:_MOST_REMARK],
            user_name=name.text if name is not None else None,
            user_recv_perception=settings.WECHATPAY_TRANSFER_PERCEPTION or None,
            transfer_scene_report_infos=[
                {"info_type": kind, "info_content": content}
                for kind, content in settings.WECHATPAY_TRANSFER_REPORT.items()
            ],
            notify_url=notify_url,
        )
    )
    return _of(told, out_bill_no, effect_unknown=True)


def query(*, out_bill_no: str) -> Transfer:
    """Return what WeChat knows of our number. Raises PayOrderNotFound, WechatUnavailable. It tells no package_info."""
    _check(out_bill_no)
    told = gateway.asked(lambda pay: pay.mch_transfer_bills_query(out_bill_no=out_bill_no))
    return _of(told, out_bill_no, effect_unknown=False)


def cancel(*, out_bill_no: str) -> None:
    """Take a transfer back that its user has not confirmed. How it ended only ``query`` says.

    Raises PayRefused (too late, or unknown), WechatUnavailable.
    """
    _check(out_bill_no)
    gateway.told(lambda pay: pay.mch_transfer_bills_cancel(out_bill_no))


def read(told: Any) -> Transfer:
    """Read an answer about a transfer, or the resource of an MCHTRANSFER notify. Raises WechatBadAnswer.

    WeChat spells the merchant ``mch_id`` or ``mchid``, or leaves it out.
    """
    said: Mapping[str, Any] = facts.an_object(told, "transfer")
    return Transfer(
        out_bill_no=facts.a_text(said, "out_bill_no"),
        state=facts.a_text(said, "state"),
        transfer_bill_no=facts.text_or_none(said, "transfer_bill_no"),
        package_info=facts.text_or_none(said, "package_info"),
        fail_reason=facts.text_or_none(said, "fail_reason"),
        amount_fen=facts.fen_or_none(said, "transfer_amount"),
        openid=facts.text_or_none(said, "openid"),
        mchid=facts.text_or_none(said, "mch_id") or facts.text_or_none(said, "mchid"),
        appid=facts.text_or_none(said, "appid"),
    )


def _of(told: Any, out_bill_no: str, *, effect_unknown: bool) -> Transfer:
    try:
        transfer = read(told)
    except wechat_errors.WechatBadAnswer as fault:
        raise wechat_errors.WechatBadAnswer(fault.why, effect_unknown=effect_unknown) from None
    if transfer.out_bill_no != out_bill_no:
        raise wechat_errors.WechatBadAnswer("answered another transfer", effect_unknown=effect_unknown)
    return transfer


def _check(out_bill_no: str) -> None:
    if not _BILL_NO.fullmatch(out_bill_no):
        raise ValueError(f"not a number that WeChat takes for transfers: {_BILL_NO.pattern}")
