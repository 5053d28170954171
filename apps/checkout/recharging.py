"""Recharges of stored value at the counter: paid through WeChat, credited once, refunded to where they came from.

The wallet knows what a recharge is, payments knows the money; only the counter sees both. Rows are locked in one
order: the recharge, then its payment, then the account.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction as database

from apps.base import transactions
from apps.fulfillment.services import uploads
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Refund
from apps.payments.services import attempts
from apps.payments.states import SurplusReason
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Recharge
from apps.wallet.services import recharges
from apps.wallet.states import RechargeStatus
from apps.wechat.pay.client import Transaction
from mall import events
from mall.errors import Kind, ShopError

_PAID = frozenset({RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED})


class RechargeNotPaid(ShopError):
    """Nothing was collected for this recharge, so nothing can go back."""

    code = "recharge_not_paid"
    message = "该充值单没有收款，不能退款"
    kind = Kind.CONFLICT


def pay(*, member: Member, recharge_no: str, at: datetime) -> dict[str, str] | None:
    """Return the arguments of wx.requestPayment for the member's recharge, or None when it is paid.

    None is also the answer for one that WeChat knows to be paid though we had not heard. Safe to repeat.
    Raises NotFound, WalletOff, RechargeNotPayable, RechargeExpired, WechatUnavailable.
    """
    found = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
    if found.status in _PAID:
        return None
    started = payments.start_recharge(bill=lambda: _bill(recharge_no, openid=member.openid), at=at)
    if isinstance(started, Transaction):
        confirm(recharge_no=recharge_no, transaction=started, at=at, from_query=True)
        return None
    return started


def confirm(
    *, recharge_no: str, transaction: Transaction, at: datetime, from_query: bool = False
) -> payments.Settlement:
    """Believe a verified statement about a recharge: in one transaction the money, the credit, and the news.

    Safe to repeat, and as hurried as ``paying.confirm_payment``. What the shop promised it keeps: an unpaid
    recharge is credited though its pack ended or the account is full by now. Only a closed one, one that is paid
    already, and any while stored value is switched off are not: that money is surplus and goes back whole.
    Raises what ``payments.settle`` raises.
    """
    with transactions.hurried():
        recharge = recharges.lock(recharge_no=recharge_no)
        settlement = payments.settle_recharge(
            transaction=transaction, why_not=_why_not(recharge), at=at, from_query=from_query
        )
        if settlement.outcome is payments.Outcome.FOR_RECHARGE:
            recharges.pay(recharge_no=recharge_no, at=at)
            news = events.WalletRecharged(recharge_no=recharge_no, member_id=recharge.member_id)
            outbox.publish(news, at=at)
    return settlement


def refund(
    *, recharge_no: str, principal_fen: int, cause: str, reason: str, operator: Any, at: datetime
) -> Refund:
    """Give principal of a recharge back to where it was paid from, and take the bonus that goes with it.

    One transaction: the account, the recharge, the audit log, and the refund that a sweep submits to WeChat under
    one number for ever. The same ``cause`` does it once. Raises NotFound, AmountInvalid, MoveRefused,
    RefundAboveBalance, RechargeNotPaid, and RefundTooMuch where somebody refunded the payment by other ways.
    """
    with database.atomic():
        recharges.lock(recharge_no=recharge_no)
        payment = payment_facts.captured_for_recharge(recharge_no=recharge_no)
        if payment is None:
            raise RechargeNotPaid
        attempts.locked(payment_no=payment.payment_no)  # before the account, as everywhere
        recharges.refund(
            recharge_no=recharge_no,
            principal_fen=principal_fen,
            cause=cause,
            reason=reason,
            operator=operator,
            at=at,
        )
        return payments.request_refund(
            payment_no=payment.payment_no,
            amount_fen=principal_fen,
            reason=reason,
            business_key=f"recharge:{recharge_no}:{cause}",
            at=at,
        )


def upload(*, recharge_no: str, at: datetime) -> None:
    """Tell WeChat that a credited recharge is delivered, without which it keeps the money (发货信息管理).

    Must be called outside a transaction. Raises UploadLater.
    """
    payment = payment_facts.captured_for_recharge(recharge_no=recharge_no)
    recharge = wallet_facts.credited(recharge_no=recharge_no)
    if payment is None or payment.transaction_id is None or recharge is None:
        return
    uploads.upload_recharge(
        recharge_no=recharge_no,
        transaction_id=payment.transaction_id,
        openid=recharge.member.openid,
        what=_description(recharge),
        at=at,
    )


def _description(recharge: Recharge) -> str:
    """What the shopper reads in WeChat's bill."""
    return f"储值充值 {recharge.title}"


def _bill(recharge_no: str, *, openid: str) -> payments.Bill:
    """What a recharge asks of WeChat, with its row locked. Raises WalletOff, RechargeNotPayable."""
    recharge = recharges.lock(recharge_no=recharge_no)
    if recharge.status != RechargeStatus.UNPAID:
        raise payments.RechargeNotPayable
    if not wallet_facts.enabled():
        raise wallet.WalletOff
    return payments.Bill(
        recharge_no=recharge_no,
        amount_fen=recharge.principal_fen,
        openid=openid,
        description=_description(recharge),
        expires_at=recharge.expires_at,
    )


def _why_not(recharge: Recharge) -> SurplusReason | None:
    """Why a recharge can take no money as it stands, None if it can."""
    if recharge.status == RechargeStatus.CLOSED:
        return SurplusReason.RECHARGE_LATE
    if recharge.status != RechargeStatus.UNPAID:
        return SurplusReason.DOUBLE
    return None if wallet_facts.enabled() else SurplusReason.WALLET_OFF
