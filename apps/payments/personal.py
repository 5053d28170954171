"""What payments hold of people: which money moved for whose order, and WeChat Pay's own word of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.payments import selectors as payment_facts
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import notifications

# Half a year: longer than WeChat repeats a notification (a day), a refund takes or a bill is asked about.
# What money moved is said by payments and refunds, which stay.
NOTIFICATIONS_KEPT: Final = timedelta(days=180)
_BOOKS = "会计档案管理办法：会计凭证与账簿保存三十年；电子商务法第三十一条：支付记录保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Payments of the member's orders, and what went back of them."""
    payments = Payment.objects.filter(order__member_id=person.member_id).order_by("id")
    refunds = Refund.objects.filter(payment__order__member_id=person.member_id).order_by("id")
    return {
        "支付单": personal.table(
            payments, "payment_no", "status", "amount_fen", "captured_fen", "refunded_fen",
            "transaction_id", "started_at", "captured_at", 订单号="order__order_no",
        ),
        "退款单": personal.table(
            refunds, "refund_no", "status", "amount_fen", "reason", "requested_at", "settled_at",
            支付单号="payment__payment_no",
        ),
    }  # fmt: skip


def still_open(person: Person) -> Sequence[Open]:
    """Refunds whose money has not arrived, also where it waits for an operator."""
    owed = payment_facts.still_owed().filter(payment__order__member_id=person.member_id)
    numbers = tuple(owed.order_by("id").values_list("refund_no", flat=True))
    return [Open(code="refunds", text="还有退款尚未到账", numbers=numbers)] if numbers else []


def forget_old(*, at: datetime, limit: int) -> int:
    """Delete notifications of half a year ago with which nothing is left to be done; return how many."""
    old = list(_old(at=at).order_by("received_at", "id").values_list("pk", flat=True)[:limit])
    Notification.objects.filter(pk__in=old).delete()
    return len(old)


def overdue(*, at: datetime) -> int:
    """How many notifications should be gone."""
    return _old(at=at).count()


def _old(*, at: datetime) -> QuerySet[Notification]:
    """Those that were carried out, or are about nothing that the shop does; others wait for a person."""
    about_money = Q()
    for kind in notifications.RETRIED:
        about_money |= Q(event_type__startswith=kind)
    received = Notification.objects.filter(received_at__lt=at - NOTIFICATIONS_KEPT)
    return received.filter(Q(handled_at__isnull=False) | ~about_money)


ROOM = Room(
    name="payments",
    holdings=(
        Holding(
            model="payments.Payment",
            plain=("bill_kind",),
            exported="支付单",
            fate=Fate.NAMELESS,
            kept="至少三十年",
            why=_BOOKS,
        ),
        Holding(
            model="payments.Refund",
            plain=("origin", "reason", "last_error", "sent_to"),
            exported="退款单",
            fate=Fate.NAMELESS,
            kept="至少三十年",
            why=_BOOKS,
        ),
        Holding(
            model="payments.RefundStep",
            plain=("note",),
            not_exported="退款逐步的处理记录，结果已在「退款单」中",
            fate=Fate.NAMELESS,
            kept="至少三十年",
            why=_BOOKS,
        ),
        Holding(
            model="payments.RefundEnding",
            plain=("way", "proof", "proof_file"),
            not_exported="商家内部对退款结案的凭证与复核记录，退款本身已在「退款单」中",
            fate=Fate.NAMELESS,
            kept="至少三十年",
            why=_BOOKS,
        ),
        Holding(
            model="payments.Notification",
            personal=("resource",),
            plain=("event_type", "last_error"),
            not_exported="微信支付对支付单与退款单的通知，内容已在其中；付款人的标识收到时即已去除",
            fate=Fate.STORED,
            kept=f"{NOTIFICATIONS_KEPT.days} 天",
            why="履行合同所必需：对账与争议处理（PIPL 第十三条第一款第二项）",
        ),
    ),
    export=export,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
