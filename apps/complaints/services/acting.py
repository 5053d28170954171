"""What the shop says about a complaint: written down, sent once, and looked for where nobody answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base import transactions
from apps.complaints.models import MOST_CHARACTERS, Complaint, ComplaintAct
from apps.complaints.services import keeping, settling
from apps.complaints.states import (
    IN_HISTORY,
    UNDECIDED,
    ActKind,
    ActStatus,
    ComplaintStatus,
    Problem,
)
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import complaints as wechat_complaints
from mall import text as texts
from mall.errors import Invalid, Kind, ShopError

MOST_DAYS: Final = 30


class WordsRefused(Invalid):
    """An answer has 1 to 200 visible characters. ``details``: ``characters``, ``most``."""

    code = "complaint_words"
    message = "请填写 1 到 200 个字"


class DaysRefused(Invalid):
    """A refund is promised within 0 to 30 working days."""

    code = "complaint_days"
    message = "预计退款时间为 0 到 30 个工作日"


class NotNow(ShopError):
    """A complaint that stands so cannot be dealt with like this. ``details``: ``status``."""

    code = "complaint_not_now"
    message = "投诉当前的状态不能这样处理，请刷新后再看"
    kind = Kind.CONFLICT


class ActUnderWay(ShopError):
    """Something was sent of which nobody knows yet whether WeChat has it: nothing else is sent meanwhile."""

    code = "complaint_act_under_way"
    message = "上一次提交的结果还在向微信核实，请几分钟后再试"
    kind = Kind.CONFLICT


class NotTaken(ShopError):
    """WeChat did not take it; the message says why in WeChat's words."""

    code = "complaint_not_taken"
    message = "微信没有接受这次提交"
    kind = Kind.CONFLICT


class OutcomeUnknown(ShopError):
    """WeChat did not answer: its record is read until it says whether it has it."""

    code = "complaint_outcome_unknown"
    message = "微信没有应答，不确定是否已提交；系统会在几分钟内核实，请不要重复提交"
    kind = Kind.CONFLICT


def reply(*, complaint_id: int, text: str, token: str, operator: Any, at: datetime) -> ComplaintAct:
    """Answer the shopper; the first answer takes the complaint in hand. Raises WordsRefused, and as ``_act``."""
    return _act(complaint_id, ActKind.REPLY, text=_words(text), token=token, operator=operator, at=at)


def complete(*, complaint_id: int, token: str, operator: Any, at: datetime) -> ComplaintAct:
    """Tell WeChat that a complaint which was answered is dealt with. Raises as ``_act``."""
    return _act(complaint_id, ActKind.COMPLETE, token=token, operator=operator, at=at)


def approve_refund(
    *, complaint_id: int, within_days: int, token: str, operator: Any, at: datetime
) -> ComplaintAct:
    """Say yes to the refund that is asked for. It moves no money. Raises DaysRefused, and as ``_act``."""
    if not 0 <= within_days <= MOST_DAYS:
        raise DaysRefused
    return _act(complaint_id, ActKind.APPROVE_REFUND, days=within_days, token=token, operator=operator, at=at)


def reject_refund(*, complaint_id: int, reason: str, token: str, operator: Any, at: datetime) -> ComplaintAct:
    """Say no to it, and why. Raises WordsRefused, and as ``_act``."""
    return _act(
        complaint_id, ActKind.REJECT_REFUND, text=_words(reason), token=token, operator=operator, at=at
    )


def allows(row: Complaint) -> set[ActKind]:
    """What may be said about a complaint as it stands. Stricter than WeChat where its documents are silent."""
    if row.status == ComplaintStatus.PROCESSED:
        return set()
    found = {ActKind.REPLY}
    if row.status == ComplaintStatus.PROCESSING:
        found.add(ActKind.COMPLETE)
    if row.problem_type == Problem.REFUND and not _is_decided(row):
        found |= {ActKind.APPROVE_REFUND, ActKind.REJECT_REFUND}
    return found


def _is_decided(row: Complaint) -> bool:
    kinds = IN_HISTORY[ActKind.APPROVE_REFUND] | IN_HISTORY[ActKind.REJECT_REFUND]
    decided = row.acts.filter(kind__in=(ActKind.APPROVE_REFUND, ActKind.REJECT_REFUND), status=ActStatus.SENT)
    return decided.exists() or row.steps.filter(kind__in=kinds).exists()


def _act(
    complaint_id: int,
    kind: ActKind,
    *,
    text: str = "",
    days: int | None = None,
    token: str,
    operator: Any,
    at: datetime,
) -> ComplaintAct:
    """Write it down, send it, write down what became of it. The same ``token`` again answers what it did.

    Raises ComplaintNotFound, NotNow, ActUnderWay (before anything is sent), NotTaken, OutcomeUnknown, WechatUnavailable.
    """
    transactions.forbid("answering a complaint")
    row, act, fresh = _begin(complaint_id, kind, text=text, days=days, token=token, operator=operator, at=at)
    if not fresh:
        return act
    try:
        _SENT_BY[kind](row, act)
    except wechat_errors.WechatRefused as refused:
        _end(act, "fail", fault=f"{refused.errcode} {refused.errmsg}", at=at)
        raise NotTaken(f"微信没有接受这次提交：{refused.errmsg or refused.errcode}") from None
    except wechat_errors.WechatUnavailable as silent:
        _end(act, "doubt" if silent.effect_unknown else "fail", fault=silent.why, at=at)
        if not silent.effect_unknown:
            raise
        keeping.note(complaint_id=row.complaint_id, at=at)
        raise OutcomeUnknown from None
    _end(act, "succeed", at=at)
    keeping.acted(complaint_id=row.pk, status=_LEADS_TO[kind], at=at)
    return act


@transaction.atomic
def _begin(
    complaint_id: int,
    kind: ActKind,
    *,
    text: str,
    days: int | None,
    token: str,
    operator: Any,
    at: datetime,
) -> tuple[Complaint, ComplaintAct, bool]:
    """Take the complaint for one act, and commit that before WeChat is called."""
    row = keeping.lock(complaint_id=complaint_id)
    known = row.acts.filter(token=token).first()
    if known is not None and known.status not in UNDECIDED:
        return row, known, False
    if settling.undecided(row):
        raise ActUnderWay
    if kind not in allows(row):
        raise NotNow(details={"status": row.status})
    keeping.count_act(row, at=at)
    act = ComplaintAct.objects.create(
        complaint=row, token=token, kind=kind, text=text, days=days, operator=operator, at=at
    )
    return row, act, True


@transaction.atomic
def _end(act: ComplaintAct, move: str, *, fault: str = "", at: datetime) -> None:
    """Say what became of it, unless the record was read in between and has said so."""
    keeping.lock(complaint_id=act.complaint_id)
    act.refresh_from_db()
    if act.status in UNDECIDED:
        settling.move(act, move, fault=fault, at=at)


def _words(text: str) -> str:
    plain = texts.plain(text, multiline=True)
    if not 1 <= len(plain) <= MOST_CHARACTERS:
        raise WordsRefused(details={"characters": len(plain), "most": MOST_CHARACTERS})
    return plain


_SENT_BY: Final[Mapping[ActKind, Callable[[Complaint, ComplaintAct], None]]] = {
    ActKind.REPLY: lambda row, act: wechat_complaints.reply(complaint_id=row.complaint_id, text=act.text),
    ActKind.COMPLETE: lambda row, act: wechat_complaints.complete(complaint_id=row.complaint_id),
    ActKind.APPROVE_REFUND: lambda row, act: wechat_complaints.approve_refund(
        complaint_id=row.complaint_id, within_days=act.days or 0
    ),
    ActKind.REJECT_REFUND: lambda row, act: wechat_complaints.reject_refund(
        complaint_id=row.complaint_id, reason=act.text
    ),
}
# What WeChat makes of it, until it has said so itself.
_LEADS_TO: Final[Mapping[ActKind, str]] = {
    ActKind.REPLY: ComplaintStatus.PROCESSING,
    ActKind.COMPLETE: ComplaintStatus.PROCESSED,
    ActKind.APPROVE_REFUND: ComplaintStatus.PROCESSING,
    ActKind.REJECT_REFUND: ComplaintStatus.PROCESSED,
}
