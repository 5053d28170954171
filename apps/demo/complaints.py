"""The demo shop's complaints at WeChat: one that waits for an answer, one that was answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from apps.complaints.models import Complaint
from apps.complaints.services import keeping
from apps.payments.models import Payment
from apps.wechat.pay.complaints import Complaint as Told
from apps.wechat.pay.complaints import Said

_HOUR: Final = timedelta(hours=1)
_PHONE: Final = "13800138000"


def fill(*, at: datetime) -> None:
    """Make the complaints where there are none at all, about the two orders that were paid last."""
    if Complaint.objects.exists():
        return
    paid = Payment.objects.filter(order__isnull=False, captured_at__lt=at - 2 * 24 * _HOUR)
    latest = list(paid.order_by("-captured_at", "-id")[:2])
    for number, payment in enumerate(latest):
        _complain(payment, number=number, is_answered=number > 0, now=at)


def _complain(payment: Payment, *, number: int, is_answered: bool, now: datetime) -> None:
    opened = now - (30 if is_answered else 19) * _HOUR
    text = "收到少了一只杯子，联系不上客服。" if is_answered else "杯盖碎了，申请退款。"
    complaint_id = f"20020180000000{number:06d}"
    told: dict[str, Any] = {
        "complaint_id": complaint_id,
        "state": "PROCESSING" if is_answered else "PENDING",
        "opened_at": opened,
        "text": text,
        "phone": _PHONE,
        "problem": "未收到全部商品" if is_answered else "商品破损",
        "problem_type": "OTHERS" if is_answered else "REFUND",
        "out_trade_no": payment.payment_no,
        "transaction_id": payment.transaction_id or "",
        "amount_fen": payment.amount_fen,
        "wanted_fen": None if is_answered else payment.amount_fen,
        "refunded": False,
        "has_news": False,
        "times": 1,
        "with_platform": False,
        "urgent": False,
        "pictures": (),
    }
    keeping.note(complaint_id=complaint_id, at=opened)
    row = Complaint.objects.get(complaint_id=complaint_id)
    said = _said(text, opened=opened, is_answered=is_answered)
    keeping.write(complaint_id=row.pk, told=Told(**told), said=said, acts_count=0, at=now)


def _said(text: str, *, opened: datetime, is_answered: bool) -> Sequence[Said]:
    first = Said(log_id="1", who="投诉人", kind="USER_CREATE_COMPLAINT", text=text, pictures=(), at=opened)
    answer = Said(
        log_id="2",
        who="商家",
        kind="MERCHANT_RESPONSE",
        text="非常抱歉，漏发的杯子今天补发，单号稍后告诉您。",
        pictures=(),
        at=opened + 2 * _HOUR,
    )
    return (first, answer) if is_answered else (first,)
