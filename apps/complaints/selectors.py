"""Complaints, read: who waits for the shop, whose clock has run out, and what belongs to one."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from apps.aftersales.models import AfterSale
from apps.complaints.models import Complaint
from apps.complaints.states import ComplaintStatus
from apps.orders.models import OrderRefund


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


def after_sales_of(complaint: Complaint) -> QuerySet[AfterSale]:
    """The applications after the sale of that order, the newest first."""
    order_id = complaint.payment.order_id if complaint.payment is not None else None
    return (
        AfterSale.objects.filter(order_id=order_id).order_by("-id") if order_id else AfterSale.objects.none()
    )
