"""Recharges of stored value at the counter: paid through WeChat, given up, refunded to where they came from.

The wallet knows what a recharge is, payments knows the money; only the counter sees both, and ``bills.RECHARGE`` says what
being paid means. Rows are locked in one order: the recharge, then its payment, then the account.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction as database

from apps.checkout import bills, closing, paying
from apps.members.models import Member
from apps.orders.states import Actor
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Refund
from apps.payments.services import attempts
from apps.wallet import selectors as wallet_facts
from apps.wallet.services import recharges
from apps.wallet.states import RechargeStatus
from mall.errors import Kind, ShopError

_PAID = frozenset({RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED})


class RechargeNotPaid(ShopError):
    """Nothing was collected for this recharge, so nothing can go back."""

    code = "recharge_not_paid"
    message = "该充值单没有收款，不能退款"
    kind = Kind.CONFLICT


class RechargeNotCancellable(ShopError):
    """Only an unpaid recharge can be cancelled; a paid one is refunded by the shop."""

    code = "recharge_not_cancellable"
    message = "充值单当前状态不能取消"
    kind = Kind.CONFLICT


def pay(*, member: Member, recharge_no: str, at: datetime) -> dict[str, str] | None:
    """Return the arguments of wx.requestPayment for the member's recharge, or None when it is paid.

    None is also the answer for one that WeChat knows to be paid though we had not heard. Safe to repeat.
    Raises NotFound, WalletOff, RechargeNotPayable, RechargeExpired, WechatUnavailable.
    """
    found = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
    if found.status in _PAID:
        return None
    return paying.collect(kind=bills.RECHARGE, bill_no=recharge_no, at=at)


def cancel(*, member: Member, recharge_no: str, at: datetime) -> None:
    """Close the member's unpaid recharge at their wish; its room within the limits is free again.

    Raises NotFound for one that is not theirs; RechargeNotCancellable where it is not UNPAID, also when WeChat
    says only now that it was paid, which is then credited; WechatUnavailable, with nothing changed.
    """
    found = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
    by = bills.By(actor=Actor.MEMBER, why="买家取消")
    if found.status != RechargeStatus.UNPAID or not closing.give_up(
        kind=bills.RECHARGE, bill_no=recharge_no, by=by, at=at
    ):
        now = wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no)
        raise RechargeNotCancellable(details={"status": now.status})


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
        payment = payment_facts.captured_for(bill_kind=bills.RECHARGE.name, bill_no=recharge_no)
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
