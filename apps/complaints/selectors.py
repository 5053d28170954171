"""Complaints, read: who waits for the shop, whose clock has run out, and what belongs to one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet, Sum

from apps.aftersales.models import AfterSale
from apps.complaints.models import Complaint
from apps.complaints.states import IN_HISTORY, ActKind, ActStatus, ComplaintStatus
from apps.orders.models import OrderRefund
from apps.payments.models import Refund
from apps.payments.states import RefundStatus

# WeChat has it to do, or the payer has it.
_MADE: Final = (
    RefundStatus.REQUESTED,
    RefundStatus.PROCESSING,
    RefundStatus.SETTLED,
    RefundStatus.PAID_OUTSIDE,
)


def waiting() -> QuerySet[Complaint]:
    """Complaints in which somebody waits for the shop's word."""
    return Complaint.objects.filter(answer_by__isnull=False)


def overdue(*, at: datetime) -> QuerySet[Complaint]:
    """Those of them that have waited too long."""
    return Complaint.objects.filter(answer_by__lte=at)


def of_order(*, order_id: int) -> QuerySet[Complaint]:
    """The complaints about an order's payments, the newest first."""
    return Complaint.objects.filter(payment__order_id=order_id).order_by("-id")


def unfinished_of(*, member_id: int) -> QuerySet[Complaint]:
    """A member's complaints that are not over, the oldest first."""
    return (
        Complaint.objects.filter(member_id=member_id).exclude(status=ComplaintStatus.PROCESSED).order_by("id")
    )


def refunds_of(complaint: Complaint) -> QuerySet[OrderRefund]:
    """What went back of the order that is complained about, the newest first; nothing where it is of no order."""
    order_id = complaint.payment.order_id if complaint.payment is not None else None
    return (
        OrderRefund.objects.filter(order_id=order_id).order_by("-id")
        if order_id
        else OrderRefund.objects.none()
    )


def owes_refund(complaint: Complaint) -> bool:
    """Whether a refund was promised about a complaint, and since then less than was asked for is under way or back."""
    kinds = IN_HISTORY[ActKind.APPROVE_REFUND]
    promised = complaint.acts.filter(kind=ActKind.APPROVE_REFUND, status=ActStatus.SENT).exists()
    if complaint.refunded or not (promised or complaint.steps.filter(kind__in=kinds).exists()):
        return False
    made = Refund.objects.filter(
        payment=complaint.payment, requested_at__gte=complaint.opened_at, status__in=_MADE
    )
    back_fen = made.aggregate(fen=Sum("amount_fen"))["fen"] or 0
    return back_fen < max(complaint.wanted_fen or 0, 1)


def after_sales_of(complaint: Complaint) -> QuerySet[AfterSale]:
    """The applications after the sale of that order, the newest first."""
    order_id = complaint.payment.order_id if complaint.payment is not None else None
    return (
        AfterSale.objects.filter(order_id=order_id).order_by("-id") if order_id else AfterSale.objects.none()
    )
