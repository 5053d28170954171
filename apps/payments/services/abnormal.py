"""申请异常退款: a refund whose payer's account cannot take it goes to a bank card, of the payer or of the shop.

Source: 微信支付 APIv3, 发起异常退款. Only while WeChat says ABNORMAL; the number stays the same.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import audit, transactions
from apps.payments.models import Refund, RefundStep
from apps.payments.services import refunds, steps
from apps.payments.states import REFUND_LIFECYCLE, Origin, RefundStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.pay.client import BankCard
from mall.errors import Invalid, Kind, ShopError

_CARD_NO: Final = re.compile(r"[0-9]{12,25}")
_ASKED_AGAIN_AFTER: Final = timedelta(minutes=3)


class NotAbnormal(ShopError):
    """Only a refund of ours that WeChat calls ABNORMAL can be sent elsewhere."""

    code = "refund_not_abnormal"
    message = "只有微信标记为异常的退款才能申请异常退款"
    kind = Kind.CONFLICT


class AbnormalRefused(ShopError):
    """WeChat would not take it; its words are in the message. Nothing was changed."""

    code = "abnormal_refund_refused"
    message = "微信未受理异常退款"
    kind = Kind.CONFLICT


class CardInvalid(Invalid):
    """A card has a bank, a number of 12 to 25 digits and an owner. ``details``: ``field``."""

    code = "bank_card_invalid"
    message = "退到银行卡时必填"


def card(*, bank_type: str, account: str, owner: str) -> BankCard:
    """A payer's bank card as WeChat takes it. Raises CardInvalid."""
    for name, told in (("bank_type", bank_type), ("account", account), ("owner", owner)):
        if not told:
            raise CardInvalid(details={"field": name})
    if not _CARD_NO.fullmatch(account):
        raise CardInvalid("银行卡号应为 12 到 25 位数字", details={"field": "account"})
    return BankCard(bank_type=bank_type, account=account, owner=owner)


def may_apply(refund: Refund) -> bool:
    """Whether the refund stands where it can be sent to a card."""
    return (
        refund.status == RefundStatus.FAILED
        and refund.abnormal_at is not None
        and refund.origin == Origin.SHOP
        and bool(refund.wechat_refund_id)
    )


def apply(*, refund_no: str, card: BankCard | None, operator: Any, at: datetime) -> Refund:
    """Have WeChat send an abnormal refund to the payer's bank ``card``, or (None) to the shop's own account.

    Called outside a transaction. The card is told to WeChat and kept nowhere. Sending it twice is safe: one number is
    refunded once. Raises RefundNotFound, NotAbnormal, AbnormalRefused, and WechatUnavailable with nothing changed.
    """
    transactions.forbid("applying for an abnormal refund")
    with transaction.atomic():
        refund = refunds.locked(refund_no=refund_no)
        if not may_apply(refund):
            raise NotAbnormal(details={"status": refund.status})
    try:
        told = client.apply_abnormal_refund(
            refund_id=refund.wechat_refund_id, out_refund_no=refund_no, card=card
        )
    except wechat_errors.PayRefused as refusal:
        raise AbnormalRefused(f"微信未受理：{refusal.errmsg or refusal.errcode}") from refusal
    words = "退回买家银行卡" if card is not None else "退回商户账户，再由商家转给买家"
    with transaction.atomic():
        refund = refunds.locked(refund_no=refund_no)
        if refund.status == RefundStatus.FAILED:
            refund.status = RefundStatus(REFUND_LIFECYCLE.target(move="reapply", current=refund.status))
            refund.due_at, refund.last_error, refund.abnormal_at = at + _ASKED_AGAIN_AFTER, "", None
            refund.save(update_fields=["status", "due_at", "last_error", "abnormal_at"])
            steps.note(refund, RefundStep.Step.REAPPLY, words=words, operator=operator, at=at)
        audit.record(operator=operator, action="申请异常退款", subject=refund_no, note=words, at=at)
    return refund if told.status == "PROCESSING" else refunds.apply_result(result=told, at=at)
