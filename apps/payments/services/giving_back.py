"""Giving money back: asked for under lock, never more than is left of a payment, committed before WeChat hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from apps.base import numbers, planned
from apps.payments.models import Payment, Refund, RefundStep
from apps.payments.services import steps
from apps.payments.services.attempts import PaymentNotFound
from apps.payments.states import ARRIVED, REFUND_LIFECYCLE, VOID, Origin, PaymentStatus, RefundStatus
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)

# Later WeChat refuses a refund (微信支付 申请退款: 交易时间超过一年的订单无法提交退款).
REFUNDABLE_FOR: Final = timedelta(days=365)
# WeChat takes at most so many refunds of one payment (微信支付 申请退款).
MOST_TIMES: Final = 50
_TOO_OLD: Final = "付款已超过 365 天，微信不再受理退款，请以其他方式退还买家后申请结案"
_TOO_OFTEN: Final = (
    f"微信规定每笔支付最多退款 {MOST_TIMES} 次，此支付已达上限，请以其他方式退还买家后申请结案"
)
_ARRIVED, _VOID = (f"{{{','.join(sorted(statuses))}}}" for statuses in (ARRIVED, VOID))
_BEFORE: Final = """
    SELECT COALESCE(sum(amount_fen) FILTER (WHERE status = ANY(%(arrived)s::text[])), 0)::bigint,
           COALESCE(sum(amount_fen) FILTER (WHERE origin = %(console)s AND status <> ALL(%(void)s::text[])), 0)::bigint
      FROM payments_refund WHERE payment_id = %(payment_id)s
"""


class NotRefundable(ShopError):
    """No money was captured by this attempt."""

    code = "payment_not_captured"
    message = "该支付单没有收款，不能退款"
    kind = Kind.CONFLICT


class RefundTooMuch(ShopError):
    """More than what is left of the payment; ``details`` has ``refundable_fen``."""

    code = "refund_too_much"
    message = "退款金额超过可退金额"
    kind = Kind.CONFLICT


class RefundKeyReused(ShopError):
    """The same cause asked for another refund before."""

    code = "refund_key_reused"
    message = "同一事由已有不同的退款"
    kind = Kind.CONFLICT


class PaymentTooOld(ShopError):
    """It was paid more than 365 days ago: WeChat takes no refund of it."""

    code = "payment_too_old"
    message = _TOO_OLD
    kind = Kind.CONFLICT


class RefundedTooOften(ShopError):
    """WeChat has as many refunds of the payment as it takes."""

    code = "refunded_too_often"
    message = _TOO_OFTEN
    kind = Kind.CONFLICT


def request_refund(
    *, payment_no: str, amount_fen: int, reason: str, business_key: str, operator: Any = None, at: datetime
) -> Refund:
    """Commit to giving ``amount_fen`` of a payment back; a sweep submits it within two minutes.

    What WeChat would not take any more is decided all the same: it waits for somebody from the first, FAILED with the
    reason, is never sent, and ends by 结案. ``operator`` is who asked, for its story.
    The same ``business_key`` with the same payment and amount answers the same refund. Every refund that WeChat has not
    closed counts against the payment, failed ones too: it may still carry one of those out.
    Raises PaymentNotFound, NotRefundable, RefundTooMuch, RefundKeyReused.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(payment_no=payment_no).first()
        if payment is None:
            raise PaymentNotFound
        known = list(Refund.objects.filter(business_key=business_key))
        if known:
            if [(row.payment_id, row.amount_fen) for row in known] != [(payment.pk, amount_fen)]:
                raise RefundKeyReused
            return known[0]
        if payment.status != PaymentStatus.CAPTURED:
            raise NotRefundable
        parts = _split([payment], amount_fen=amount_fen)
        (refund,) = _write(parts, reason=reason, business_key=business_key, operator=operator, at=at)
        return refund


def refund_order(
    *, order_id: int, amount_fen: int, reason: str, business_key: str, at: datetime
) -> list[Refund]:
    """Commit to giving ``amount_fen`` of an order back; where it has several bills, out of their payments.

    The payment that came last gives first, each at most what is left of it, one refund for each that gives. So all
    refunds together are exactly what was captured, most of them are in one part, and a balance goes before its deposit.
    What the merchant console gave back already is not given again: where not enough is left, that covers the rest, of
    which there are no rows then. A part that WeChat would not take any more waits for somebody (``request_refund``).
    The caller has locked the order. The same ``business_key`` and sum answers the same refunds, each under its number.
    Raises NotRefundable where no money was captured, RefundTooMuch, RefundKeyReused.
    """
    with transaction.atomic():
        captured = list(
            Payment.objects.select_for_update(no_key=True)
            .filter(order_id=order_id, status=PaymentStatus.CAPTURED, is_surplus=False)
            .order_by("id")
        )
        console_fen = sum(map(console_fen_of, captured))
        known = list(Refund.objects.filter(business_key=business_key).order_by("part"))
        if known:
            theirs = {payment.pk for payment in captured}
            known_fen = sum(row.amount_fen for row in known)
            if not known_fen <= amount_fen <= known_fen + console_fen or any(
                row.payment_id not in theirs for row in known
            ):
                raise RefundKeyReused
            return known
        if not captured:
            raise NotRefundable
        covered_fen = min(max(amount_fen - sum(map(left_fen_of, captured)), 0), console_fen)
        if amount_fen >= 1 and covered_fen == amount_fen:
            return []
        latest_first = sorted(
            captured, key=lambda row: (row.captured_at or row.started_at, row.pk), reverse=True
        )
        parts = _split(latest_first, amount_fen=amount_fen - covered_fen)
        return _write(parts, reason=reason, business_key=business_key, at=at)


def refund_surplus(*, payment_no: str, at: datetime) -> Refund | None:
    """Give money that nothing can use back, once: all that is left of it, None where the console gave it back before."""
    business_key = f"surplus:{payment_no}"
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(payment_no=payment_no).first()
        if payment is None:
            raise PaymentNotFound
        known = Refund.objects.filter(business_key=business_key).first()
        if known is not None:
            return known
        if not (left_fen := left_fen_of(payment)):
            return None
        return request_refund(
            payment_no=payment_no,
            amount_fen=left_fen,
            reason=payment.get_surplus_reason_display() or "异常收款",
            business_key=business_key,
            at=at,
        )


def left_of_order(*, order_id: int) -> int:
    """How many fen of an order's payments are neither back at the payer nor on the way; binding under their locks."""
    captured = Payment.objects.filter(order_id=order_id, status=PaymentStatus.CAPTURED, is_surplus=False)
    return sum(map(left_fen_of, captured))


def left_fen_of(payment: Payment) -> int:
    """What of a payment is neither back at the payer nor on the way. Every refund counts that is not void."""
    return max(payment.captured_fen - back_fen_of(payment), 0)


def back_fen_of(payment: Payment) -> int:
    """What of a payment is back at the payer or on the way, by the shop or by the merchant console."""
    return _sum_fen(payment.refunds.exclude(status__in=VOID))


class Before(NamedTuple):
    """What went back of a payment before the shop had heard of it: in all, and by the merchant console."""

    arrived_fen: int
    console_fen: int


def before_capture(payment: Payment) -> Before:
    """What the merchant console, or anybody, gave back of a payment already: one statement."""
    told = {"payment_id": payment.pk, "arrived": _ARRIVED, "void": _VOID, "console": Origin.CONSOLE.value}
    return Before(*planned.row(_BEFORE, told))


def console_fen_of(payment: Payment) -> int:
    """What the merchant console gave back of a payment."""
    return _sum_fen(payment.refunds.filter(origin=Origin.CONSOLE).exclude(status__in=VOID))


def require_takable(payment: Payment, *, but: Refund | None = None, at: datetime) -> None:
    """Raise PaymentTooOld or RefundedTooOften where WeChat would refuse another refund than ``but`` of the payment."""
    if _is_old(payment, at=at):
        raise PaymentTooOld
    if _is_used_up(payment, but=but):
        raise RefundedTooOften


def _not_taken(payment: Payment, *, at: datetime) -> str:
    """Why WeChat would not take another refund of the payment; empty where it would."""
    if _is_old(payment, at=at):
        return _TOO_OLD
    return _TOO_OFTEN if _is_used_up(payment) else ""


def _is_old(payment: Payment, *, at: datetime) -> bool:
    return payment.captured_at is not None and payment.captured_at < at - REFUNDABLE_FOR


def _is_used_up(payment: Payment, *, but: Refund | None = None) -> bool:
    """Whether WeChat has, or is about to be told of, as many refunds as it takes; it knows nothing of what it refused."""
    counted = payment.refunds.filter(Q(status=RefundStatus.REQUESTED) | ~Q(wechat_refund_id=""))
    if but is not None:
        counted = counted.exclude(pk=but.pk)
    return counted.count() >= MOST_TIMES


def _split(payments: Sequence[Payment], *, amount_fen: int) -> list[tuple[Payment, int]]:
    """Which of these locked payments gives how much, the first as much as it has. Raises RefundTooMuch."""
    left_fen = {payment.pk: left_fen_of(payment) for payment in payments}
    if not 1 <= amount_fen <= sum(left_fen.values()):
        raise RefundTooMuch(details={"refundable_fen": sum(left_fen.values())})
    parts: list[tuple[Payment, int]] = []
    for payment in payments:
        part_fen = min(amount_fen, left_fen[payment.pk])
        if part_fen:
            parts.append((payment, part_fen))
            amount_fen -= part_fen
    return parts


def _write(
    parts: Sequence[tuple[Payment, int]],
    *,
    reason: str,
    business_key: str,
    operator: Any = None,
    at: datetime,
) -> list[Refund]:
    """Write the refunds of one cause, each under a number of its own; those that WeChat would not take wait for somebody."""
    not_taken = {payment.pk: _not_taken(payment, at=at) for payment, _ in parts}
    made = [
        Refund.objects.create(
            refund_no=numbers.dated("RF", at=at),
            payment=payment,
            amount_fen=amount_fen,
            reason=reason[:80],
            business_key=business_key,
            part=part,
            due_at=at,
            requested_at=at,
        )
        for part, (payment, amount_fen) in enumerate(parts, start=1)
    ]
    for refund in made:
        steps.note(refund, RefundStep.Step.REQUEST, words=reason, operator=operator, at=at)
        if why := not_taken[refund.payment_id]:
            refund.status = RefundStatus(REFUND_LIFECYCLE.target(move="fail", current=refund.status))
            refund.last_error = why
            refund.save(update_fields=["status", "last_error"])
            steps.note(refund, RefundStep.Step.FAIL, words=why, at=at)
            log.error("refund_not_through", refund_no=refund.refund_no, status=refund.status)
    return made


def _sum_fen(refunds: QuerySet[Refund]) -> int:
    total: int | None = refunds.aggregate(total=Sum("amount_fen"))["total"]
    return total or 0
