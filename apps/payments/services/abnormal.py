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
from apps.payments.states import REFUND_LIFECYCLE, Origin, RefundStatus, SentTo
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.pay.client import BankCard, RefundResult
from mall.errors import Invalid, Kind, ShopError

# WeChat pays abnormal refunds to debit cards only, whose banks it calls so (发起异常退款, bank_type, at most 16 signs).
_BANK: Final = re.compile(r"(?=.{1,16}$)[A-Z0-9_]+_DEBIT")
_CARD_NO: Final = re.compile(r"[0-9]{12,25}")
_WORDS_OF: Final = {SentTo.PAYER: "退回买家银行卡", SentTo.SHOP: "退回商户账户，再由商家转给买家"}
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
    """A card has a debit bank as WeChat calls it, a number of 12 to 25 digits and an owner. ``details``: ``field``."""

    code = "bank_card_invalid"
    message = "退到银行卡时必填"


def card(*, bank_type: str, account: str, owner: str) -> BankCard:
    """A payer's bank card as WeChat takes it. Raises CardInvalid."""
    for name, told in (("bank_type", bank_type), ("account", account), ("owner", owner)):
        if not told:
            raise CardInvalid(details={"field": name})
    if not _BANK.fullmatch(bank_type):
        raise CardInvalid(
            "银行编码应为微信支付的借记卡银行类型，由大写字母、数字和下划线组成，以 _DEBIT 结尾，例如 ICBC_DEBIT",
            details={"field": "bank_type"},
        )
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
    refunded once. Where it goes is committed before WeChat is asked: what then succeeds is at the payer or at the shop.
    Raises RefundNotFound, NotAbnormal, AbnormalRefused, and WechatUnavailable, after which it may be asked again.
    """
    transactions.forbid("applying for an abnormal refund")
    sent_to = SentTo.SHOP if card is None else SentTo.PAYER
    _settle_earlier(refund_no, operator=operator, at=at)
    with transaction.atomic():
        refund = refunds.locked(refund_no=refund_no)
        if not may_apply(refund) or refund.sent_to:
            raise NotAbnormal(details={"status": refund.status})
        _keep(refund, sent_to=sent_to)
    try:
        told = client.apply_abnormal_refund(
            refund_id=refund.wechat_refund_id, out_refund_no=refund_no, card=card
        )
    except wechat_errors.PayRefused as refusal:
        with transaction.atomic():
            again = refunds.locked(refund_no=refund_no)
            if may_apply(again):
                _keep(again, sent_to="")
        raise AbnormalRefused(f"微信未受理：{refusal.errmsg or refusal.errcode}") from refusal
    return _taken(told, sent_to=sent_to, operator=operator, at=at)


def _settle_earlier(refund_no: str, *, operator: Any, at: datetime) -> None:
    """Where an earlier application was not answered, learn from WeChat whether it took it: it must not be asked for other.

    Raises NotAbnormal where it did, and WechatUnavailable.
    """
    refund = Refund.objects.filter(refund_no=refund_no).first()
    if refund is None or not may_apply(refund) or not refund.sent_to:
        return
    told = client.query_refund(out_refund_no=refund_no)
    if told.status != "ABNORMAL":
        raise NotAbnormal(
            details={"status": _taken(told, sent_to=refund.sent_to, operator=operator, at=at).status}
        )
    with transaction.atomic():
        again = refunds.locked(refund_no=refund_no)
        if may_apply(again):
            _keep(again, sent_to="")


def _taken(told: RefundResult, *, sent_to: str, operator: Any, at: datetime) -> Refund:
    """WeChat has taken the application: the refund is under way again, under its number."""
    with transaction.atomic():
        refund = refunds.locked(refund_no=told.out_refund_no)
        words = _WORDS_OF[SentTo(sent_to)]
        if refund.status == RefundStatus.FAILED:
            refund.status = RefundStatus(REFUND_LIFECYCLE.target(move="reapply", current=refund.status))
            refund.due_at, refund.last_error, refund.abnormal_at = at + _ASKED_AGAIN_AFTER, "", None
            refund.sent_to = sent_to
            refund.save(update_fields=["status", "due_at", "last_error", "abnormal_at", "sent_to"])
            steps.note(refund, RefundStep.Step.REAPPLY, words=words, operator=operator, at=at)
        audit.record(operator=operator, action="申请异常退款", subject=refund.refund_no, note=words, at=at)
    return refund if told.status == "PROCESSING" else refunds.apply_result(result=told, at=at)


def _keep(refund: Refund, *, sent_to: str) -> None:
    refund.sent_to = sent_to
    refund.save(update_fields=["sent_to"])
