"""Complaints: one that a shopper made at the sandbox about an order paid there, or what WeChat says of one, made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from apps.complaints.models import Complaint
from apps.complaints.services import hearing, keeping
from apps.payments.models import Payment
from apps.wechat.pay import complaints as wechat_complaints
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
HOUR = timedelta(hours=1)
_numbers = count(1)


def at_wechat(wechat: Sandbox, text: str = "杯子碎了", **said: Any) -> str:
    """A complaint at the sandbox of which the shop has not heard; returns its number."""
    order = fulfillment.paid_at_wechat(wechat, [(counter.goods(6800), 1)], at=timezone.now())
    return wechat.complain(order.payments.get().payment_no, text, **said)


def complained(wechat: Sandbox, text: str = "杯子碎了", **said: Any) -> Complaint:
    """One that was heard of and read."""
    number = at_wechat(wechat, text, **said)
    hearing.poll_due(at=timezone.now())
    return Complaint.objects.get(complaint_id=number)


def told(payment: Payment | None = None, **changes: Any) -> wechat_complaints.Complaint:
    """What WeChat says of a complaint that was made at ``AT``."""
    said: dict[str, Any] = {
        "complaint_id": f"2002018{next(_numbers):013d}",
        "state": "PENDING",
        "opened_at": AT,
        "text": "杯子碎了",
        "phone": "13800138000",
        "problem": "商品问题",
        "problem_type": "OTHERS",
        "out_trade_no": payment.payment_no if payment is not None else "",
        "transaction_id": (payment.transaction_id or "") if payment is not None else "",
        "amount_fen": payment.amount_fen if payment is not None else 6800,
        "wanted_fen": None,
        "refunded": False,
        "has_news": False,
        "times": 1,
        "with_platform": False,
        "urgent": False,
        "pictures": (),
    }
    return wechat_complaints.Complaint(**said | changes)


def entry(
    log_id: str, kind: str, text: str = "", *, at: datetime = AT, who: str = ""
) -> wechat_complaints.Said:
    """An entry of WeChat's record."""
    by = who or ("投诉人" if kind.startswith("USER_") else "商家")
    return wechat_complaints.Said(log_id=log_id, who=by, kind=kind, text=text, pictures=(), at=at)


def kept(
    of: wechat_complaints.Complaint, *said: wechat_complaints.Said, at: datetime = AT, acts: int | None = None
) -> Complaint:
    """Have the shop hear of it and read it at that moment."""
    keeping.note(complaint_id=of.complaint_id, at=at)
    row = Complaint.objects.get(complaint_id=of.complaint_id)
    return keeping.write(
        complaint_id=row.pk, told=of, said=said, acts_count=row.acts_count if acts is None else acts, at=at
    )
