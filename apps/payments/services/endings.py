"""The end of a refund that WeChat refuses for good: paid outside or written back, by two people."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from apps.base import audit, transactions
from apps.outbox import services as outbox
from apps.payments.models import Refund, RefundEnding, RefundStep
from apps.payments.services import giving_back, refunds, steps
from apps.payments.states import ENDABLE, REFUND_LIFECYCLE, RefundStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from mall import events
from mall.errors import Invalid, Kind, ShopError
from mall.lifecycle import MoveRefused

_MOVE_OF = {
    RefundEnding.Way.PAID_OUTSIDE: "pay_outside",
    RefundEnding.Way.WRITTEN_BACK: "write_back",
}


class ProofMissing(Invalid):
    """Whoever looks at it later must see how the money went, or why it stayed."""

    code = "refund_ending_proof_missing"
    message = "请填写凭证或原因"


class EndingAsked(ShopError):
    """Another end was asked for, and waits for its second person."""

    code = "refund_ending_asked"
    message = "已有结案申请等待复核"
    kind = Kind.CONFLICT


class EndingGone(ShopError):
    """Nothing waits for an answer (any more)."""

    code = "refund_ending_gone"
    message = "没有等待复核的结案申请"
    kind = Kind.CONFLICT


class SecondPersonNeeded(ShopError):
    """Whoever asked cannot answer."""

    code = "second_person_needed"
    message = "须由申请人以外的人复核"
    kind = Kind.FORBIDDEN


class RefundedAnew(ShopError):
    """Another refund took its place: that one has an end of its own."""

    code = "refund_taken_up"
    message = "此退款已换新单号重新提交，请处理新的退款单"
    kind = Kind.CONFLICT


class StillAtWechat(ShopError):
    """WeChat has the refund after all: ending it here could pay it twice."""

    code = "refund_at_wechat"
    message = "微信正在处理或已完成此退款，不能结案"
    kind = Kind.CONFLICT


def may_end(refund: Refund) -> bool:
    """Whether the refund stands where it can be ended."""
    return refund.status in ENDABLE and not _has_successor(refund)


def waiting(refund: Refund) -> RefundEnding | None:
    """The end that was asked for and waits for its second person."""
    return refund.endings.filter(answered_at=None).first()


def ask(
    *, refund_no: str, way: str, proof: str, file: UploadedFile | None = None, operator: Any, at: datetime
) -> RefundEnding:
    """Ask for the end of a refund that did not get through; nothing moves before somebody else agrees.

    ``file`` is a picture or PDF that proves it, judged by the door; it is kept under a name of its own, in private.
    Raises RefundNotFound, MoveRefused unless it is ENDABLE, RefundedAnew, ProofMissing, EndingAsked.
    """
    if not proof.strip():
        raise ProofMissing
    asked = {"refund_ending_one_open": EndingAsked}
    with transaction.atomic(), transactions.refine(asked):
        refund = _endable(refund_no, way)
        ending = RefundEnding.objects.create(
            refund=refund, way=way, proof=proof.strip()[:300], asked_by=operator, asked_at=at
        )
        if file is not None:
            ending.proof_file.save(f"{uuid4().hex}{PurePosixPath(file.name or '').suffix.lower()}", file)
        audit.record(
            operator=operator, action="申请退款结案", subject=refund_no, note=ending.get_way_display(), at=at
        )
        return ending


def grant(*, refund_no: str, operator: Any, at: datetime) -> Refund:
    """Agree to the end that somebody else asked for. WeChat is asked first, so that nothing is paid twice.

    Called outside a transaction. PAID_OUTSIDE is announced like a refund that arrived. Raises RefundNotFound,
    EndingGone, SecondPersonNeeded, StillAtWechat, RefundedAnew, RefundTooMuch, and WechatUnavailable with nothing
    changed.
    """
    _require_second_person(refund_no, operator=operator)
    _ask_wechat(refund_no, at=at)
    with transaction.atomic():
        refund = refunds.locked(refund_no=refund_no)
        ending = _require_second_person(refund_no, operator=operator)
        way = RefundEnding.Way(ending.way)
        _endable(refund_no, way)
        was_void = refund.status == RefundStatus.CLOSED
        if way == RefundEnding.Way.PAID_OUTSIDE:
            left_fen = giving_back.left_fen_of(refund.payment)
            if was_void and refund.amount_fen > left_fen:
                raise giving_back.RefundTooMuch(details={"refundable_fen": left_fen})
            refund.settled_at = at
            outbox.publish(events.RefundSettled(refund_no=refund_no), at=at)
        refund.status = RefundStatus(REFUND_LIFECYCLE.target(move=_MOVE_OF[way], current=refund.status))
        refund.save(update_fields=["status", "settled_at"])
        steps.note(refund, RefundStep.Step.END, words=ending.get_way_display(), operator=operator, at=at)
        _answer(ending, granted=True, operator=operator, at=at)
        return refund


def refuse(*, refund_no: str, operator: Any, at: datetime) -> None:
    """Say no to the end that was asked for, or take one's own asking back. Raises RefundNotFound, EndingGone."""
    with transaction.atomic():
        ending = waiting(refunds.locked(refund_no=refund_no))
        if ending is None:
            raise EndingGone
        if ending.asked_by_id == operator.pk:
            if ending.proof_file:
                ending.proof_file.delete(save=False)
            ending.delete()
            audit.record(operator=operator, action="撤回退款结案", subject=refund_no, at=at)
            return
        _answer(ending, granted=False, operator=operator, at=at)


def _endable(refund_no: str, way: str) -> Refund:
    """The refund, locked, if it can end this way. Raises RefundNotFound, MoveRefused, RefundedAnew."""
    refund = refunds.locked(refund_no=refund_no)
    REFUND_LIFECYCLE.target(move=_MOVE_OF[RefundEnding.Way(way)], current=refund.status)
    if _has_successor(refund):
        raise RefundedAnew
    return refund


def _require_second_person(refund_no: str, *, operator: Any) -> RefundEnding:
    ending = RefundEnding.objects.filter(refund__refund_no=refund_no, answered_at=None).first()
    if ending is None:
        raise EndingGone
    if ending.asked_by_id == operator.pk:
        raise SecondPersonNeeded
    return ending


def _ask_wechat(refund_no: str, *, at: datetime) -> None:
    """Make sure that WeChat neither does nor did what is about to be ended."""
    transactions.forbid("asking WeChat about a refund")
    if Refund.objects.filter(refund_no=refund_no, status=RefundStatus.AT_SHOP).exists():
        return  # WeChat did carry it out, to the shop's account: nothing more comes of it
    try:
        told = client.query_refund(out_refund_no=refund_no)
    except wechat_errors.PayOrderNotFound:
        return
    if told.status in {"SUCCESS", "PROCESSING"}:
        # Where WeChat carried out what it had closed the move is refused: the row stays as it is, a case for a person.
        with suppress(MoveRefused):
            refunds.apply_result(result=told, at=at)
        raise StillAtWechat


def _answer(ending: RefundEnding, *, granted: bool, operator: Any, at: datetime) -> None:
    ending.answered_by, ending.answered_at, ending.granted = operator, at, granted
    ending.save(update_fields=["answered_by", "answered_at", "granted"])
    audit.record(
        operator=operator,
        action="同意退款结案" if granted else "驳回退款结案",
        subject=ending.refund.refund_no,
        note=ending.get_way_display(),
        at=at,
    )


def _has_successor(refund: Refund) -> bool:
    return Refund.objects.filter(business_key=f"after:{refund.refund_no}").exists()
