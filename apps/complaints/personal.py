"""What complaints hold of people: what somebody complained of at WeChat, and what was said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.complaints import selectors as complaint_facts
from apps.complaints.models import Complaint, ComplaintAct, ComplaintStep
from apps.complaints.services import erasing

_TRADE: Final = "电子商务法第三十一条：交易信息自交易完成之日起保存不少于三年；第五十八条：争议解决"
_KEPT: Final = f"投诉处理完成后 {erasing.KEPT.days} 天"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Complaints about the member's payments, and what was said."""
    mine = {"complaint__member_id": person.member_id}
    number = "complaint__complaint_id"
    return {
        "微信投诉": personal.table(
            Complaint.objects.filter(member_id=person.member_id).order_by("id"),
            "complaint_id", "status", "problem_type", "problem", "text", "phone_shown", "amount_fen",
            "wanted_fen", "opened_at", "answered_at", "completed_at", 支付单号="payment__payment_no",
        ),
        "投诉协商历史": personal.table(
            ComplaintStep.objects.filter(**mine).order_by("id"), "who", "text", "at", 投诉单号=number
        ),
        "投诉回复": personal.table(
            ComplaintAct.objects.filter(**mine).order_by("id"), "kind", "text", "at", 投诉单号=number
        ),
    }  # fmt: skip


def still_open(person: Person) -> Sequence[Open]:
    """Complaints that are not over."""
    rows = complaint_facts.unfinished_of(member_id=person.member_id)
    numbers = tuple(rows.values_list("complaint_id", flat=True))
    return [Open(code="complaints", text="还有未处理完的微信投诉", numbers=numbers)] if numbers else []


def forget_old(*, at: datetime, limit: int) -> int:
    """Empty complaints whose time is over, oldest first; return how many."""
    return erasing.empty(erasing.of_old(at=at), limit=limit)


def overdue(*, at: datetime) -> int:
    """How many should be empty."""
    return erasing.with_content(erasing.of_old(at=at)).count()


ROOM = Room(
    name="complaints",
    holdings=(
        Holding(
            model="complaints.Complaint",
            personal=("problem", "text", "phone_shown", "pictures"),
            plain=("complaint_id",),
            exported="微信投诉",
            fate=Fate.STORED,
            kept=_KEPT,
            why=_TRADE,
        ),
        Holding(
            model="complaints.ComplaintStep",
            personal=("text", "pictures"),
            plain=("log_id", "who", "kind"),
            exported="投诉协商历史",
            fate=Fate.STORED,
            kept=_KEPT,
            why=_TRADE,
        ),
        Holding(
            model="complaints.ComplaintAct",
            personal=("text",),
            plain=("token", "fault", "log_id"),
            exported="投诉回复",
            fate=Fate.STORED,
            kept=_KEPT,
            why=_TRADE,
        ),
    ),
    export=export,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
