"""What WeChat says of a complaint becomes the shop's row: the one writer of its status, its clock and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import statements, transactions
from apps.complaints.models import Complaint, ComplaintStep
from apps.complaints.services import settling
from apps.complaints.states import ANSWERS, BY_SHOPPER, FOLLOWS, LIFECYCLE, ComplaintStatus, Problem
from apps.payments.models import Payment
from apps.wallet.models import Recharge
from apps.wechat import shipping
from apps.wechat.pay.complaints import Complaint as Told
from apps.wechat.pay.complaints import Said
from mall import text as texts
from mall.errors import NotFound

log = structlog.get_logger(__name__)

# What is not over is asked about now and then though WeChat tells nothing.
_AGAIN: Final = timedelta(hours=1)
_LONGEST_PROBLEM: Final = 256
_LONGEST_TEXT: Final = 2000
_MOST_PICTURES: Final = 20
_LONGEST_ADDRESS: Final = 500


class ComplaintNotFound(NotFound):
    """No such complaint."""

    code = "complaint_not_found"
    message = "投诉不存在"


def note(*, complaint_id: str, at: datetime) -> bool:
    """Write down that there is something to ask WeChat about a complaint; return whether it was unknown. Safe to repeat.

    One that is not known is a row at once, whose clock runs from now until WeChat has said since when.
    """
    with transactions.hurried():
        fresh = statements.insert_unless_there(
            Complaint(complaint_id=complaint_id, opened_at=at, answer_by=at + allowed(), ask_at=at)
        )
        if not fresh:
            Complaint.objects.filter(complaint_id=complaint_id).update(ask_at=at)
    return fresh


def allowed() -> timedelta:
    """How long the shop may take to answer."""
    return timedelta(hours=settings.WECHATPAY_COMPLAINT_ANSWER_HOURS)


def lock(*, complaint_id: int) -> Complaint:
    """The complaint with this key, locked until the end of the transaction. Raises ComplaintNotFound."""
    transactions.require()
    row = Complaint.objects.select_for_update(no_key=True).filter(pk=complaint_id).first()
    if row is None:
        raise ComplaintNotFound
    return row


@transaction.atomic
def write(*, complaint_id: int, told: Told, said: Sequence[Said], acts_count: int, at: datetime) -> Complaint:
    """Make a row what WeChat says of it; ``acts_count`` is that of the row when WeChat was asked.

    If the shop has sent something since then, what was read is stale: only its history is kept, and WeChat is asked again.
    """
    row = lock(complaint_id=complaint_id)
    _append(row, said)
    settling.settle(row, at=at)
    row.read_at, row.attempts = at, 0
    if row.acts_count != acts_count:
        row.ask_at = at
        row.save(update_fields=["read_at", "attempts", "ask_at"])
        return row
    _copy(row, told)
    _link(row, told)
    follow(row, status=told.state, at=at)
    _set_clock(row, at=at)
    row.ask_at = None if row.status == ComplaintStatus.PROCESSED else at + _AGAIN
    if settling.undecided(row):
        row.ask_at = at + settling.LOOK_AGAIN
    row.save()
    return row


def follow(row: Complaint, *, status: str, at: datetime) -> None:
    """Move a locked complaint to the status that WeChat says; a word that is not known leaves it where it is."""
    transactions.require()
    if status not in set(ComplaintStatus):
        log.warning("complaint_state_unknown", complaint_id=row.complaint_id, state=status[:40])
        return
    if row.status != status:
        row.status = LIFECYCLE.target(move=FOLLOWS[ComplaintStatus(status)], current=row.status)
    if row.status == ComplaintStatus.PROCESSED:
        row.completed_at, row.answer_by = row.completed_at or at, None
    else:
        row.completed_at = None


@transaction.atomic
def acted(*, complaint_id: int, status: str, at: datetime) -> None:
    """The shop's word is at WeChat: nobody waits any more, and WeChat is asked what it has become."""
    row = lock(complaint_id=complaint_id)
    row.has_news, row.answer_by, row.ask_at = False, None, at
    row.answered_at = row.answered_at or at
    follow(row, status=status, at=at)
    row.save(update_fields=["has_news", "answer_by", "ask_at", "answered_at", "status", "completed_at"])


def count_act(row: Complaint, *, at: datetime) -> None:
    """Count what is about to be sent about a locked complaint: what is read of it meanwhile is stale.

    The record is looked at soon, whoever sends it lives to say what became of it or not.
    """
    transactions.require()
    row.acts_count += 1
    row.ask_at = min(row.ask_at or at + settling.LOOK_AGAIN, at + settling.LOOK_AGAIN)
    row.save(update_fields=["acts_count", "ask_at"])


def _append(row: Complaint, said: Sequence[Said]) -> None:
    """Add what is new of the history; entries that are there stay as they are."""
    steps = [
        ComplaintStep(
            complaint=row,
            log_id=entry.log_id[:64],
            who=texts.plain(entry.who)[:40],
            kind=entry.kind[:64],
            text=texts.plain(entry.text, multiline=True)[:_LONGEST_TEXT],
            pictures=_addresses(entry.pictures),
            at=entry.at,
        )
        for entry in sorted(said, key=lambda entry: (entry.at, entry.log_id))
    ]
    ComplaintStep.objects.bulk_create(steps, ignore_conflicts=True)


def _copy(row: Complaint, told: Told) -> None:
    row.problem_type = told.problem_type if told.problem_type in set(Problem) else Problem.OTHERS
    row.problem = texts.plain(told.problem)[:_LONGEST_PROBLEM]
    row.text = texts.plain(told.text, multiline=True)[:_LONGEST_TEXT]
    row.phone_shown = shipping.masked(told.phone) if len(told.phone) >= 11 else ""
    row.transaction_id = told.transaction_id[:64]
    row.amount_fen, row.wanted_fen = told.amount_fen, told.wanted_fen
    row.refunded, row.has_news = told.refunded, told.has_news
    row.with_platform, row.urgent = told.with_platform, told.urgent
    row.times, row.pictures = told.times, _addresses(told.pictures)
    row.opened_at = told.opened_at


def _addresses(urls: Sequence[str]) -> list[str]:
    return [url for url in urls if len(url) <= _LONGEST_ADDRESS][:_MOST_PICTURES]


def _link(row: Complaint, told: Told) -> None:
    """Find the payment that is complained about, and whose it was."""
    if row.payment_id is not None or not texts.is_number(told.out_trade_no):
        return
    payment = Payment.objects.select_related("order").filter(payment_no=told.out_trade_no).first()
    if payment is None:
        return
    row.payment = payment
    if payment.order is not None:
        row.member_id = payment.order.member_id
    else:
        recharge = Recharge.objects.filter(recharge_no=payment.bill_no).first()
        row.member_id = recharge.member_id if recharge is not None else None


def _set_clock(row: Complaint, *, at: datetime) -> None:
    """Say until when the shop has to answer, if anybody waits, and when it first did."""
    steps = list(row.steps.order_by("at", "id").values_list("kind", "at"))
    answers = [moment for kind, moment in steps if kind in ANSWERS]
    row.answered_at = answers[0] if answers else row.answered_at
    if row.status == ComplaintStatus.PENDING:
        row.answer_by = row.opened_at + allowed()
    elif row.status == ComplaintStatus.PROCESSING and row.has_news:
        words = [moment for kind, moment in steps if kind.startswith(BY_SHOPPER)]
        row.answer_by = (words[-1] if words else at) + allowed()
    else:
        row.answer_by = None
