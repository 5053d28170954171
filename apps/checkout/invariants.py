"""What must be true between an order and what the rooms below keep for it: found by reckoning, never by hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Sum

from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.inventory.models import Hold
from apps.inventory.states import HoldStatus
from apps.orders.models import Order, OrderMove
from apps.orders.states import PAID_FOR, REHEARSED, Status
from apps.payments.states import PaymentStatus
from apps.points.models import Spending as PointsSpending
from apps.points.states import SpendingStatus as PointsStatus
from apps.wallet.models import Spending as BalanceSpending
from apps.wallet.states import SpendingStatus as BalanceStatus

# While an order is not paid in full, what it needs is held; once it is, what it needs is used up.
_HOLDS = frozenset({Status.UNPAID, Status.RESERVED})
_USED = PAID_FOR | {Status.REFUNDED}


def misplaced_holds() -> Iterator[str]:
    """What is held for an order that is paid or closed, and what is used up by one that never was paid."""
    held_and_used: tuple[tuple[str, QuerySet[Model], str, str], ...] = (
        ("stock", Hold.objects.all(), HoldStatus.HELD, HoldStatus.COMMITTED),
        ("coupon", Coupon.objects.exclude(order_no=""), CouponStatus.HELD, CouponStatus.USED),
        ("points", PointsSpending.objects.all(), PointsStatus.HELD, PointsStatus.COMMITTED),
        ("balance", BalanceSpending.objects.all(), BalanceStatus.HELD, BalanceStatus.COMMITTED),
    )
    for what, rows, held, used in held_and_used:
        order = Order.objects.filter(order_no=OuterRef("order_no"))
        wrong = rows.filter(
            (Q(status=held) & Exists(order.exclude(status__in=_HOLDS)))
            | (Q(status=used) & Exists(order.exclude(status__in=_USED)))
        )
        for order_no, status in wrong.order_by("id").values_list("order_no", "status").iterator():
            yield f"{what} of {order_no} is {status}"


def unpaid_yet_paid() -> Iterator[str]:
    """Paid orders whose payments are not what WeChat had to bring: payable less what stored value paid, in fen.

    A rehearsal's orders, for which nobody paid, say so in their history.
    """
    captured_fen = Sum(
        "payments__captured_fen",
        filter=Q(payments__status=PaymentStatus.CAPTURED, payments__is_surplus=False),
        default=0,
    )
    rehearsed = OrderMove.objects.filter(order=OuterRef("pk"), note=REHEARSED)
    rows = (
        Order.objects.filter(status__in=_USED)
        .exclude(Exists(rehearsed))
        .annotate(came_fen=captured_fen, wanted_fen=F("payable_fen") - F("balance_fen"))
        .exclude(came_fen=F("wanted_fen"))
        .order_by("id")
        .values_list("order_no", "wanted_fen", "came_fen")
    )
    for order_no, wanted_fen, came_fen in rows.iterator():
        yield f"{order_no} needed {wanted_fen} fen, {came_fen} came"
