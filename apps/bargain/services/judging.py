"""Helps before the eye of risk: which are held, and what a person's decision about a held one means."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from apps.bargain import suspicion
from apps.bargain.models import Help, Run
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look
from apps.risk.states import Verdict

KIND: Final = "bargain_help"


def why_held(run: Run, *, helper_id: int, at: datetime) -> str:
    """Why a help waits for a look before it cuts, empty where it does not; what nothing counts against is not written."""
    found = list(suspicion.of_help(run, helper_id=helper_id, at=at))
    if not found:
        return ""
    look = risk.look(
        kind=KIND,
        subject=run.bargain_no,
        title=f"砍价 {run.bargain_no} 的帮砍",
        member_id=run.member_id,
        other_id=helper_id,
        compare=False,
        also=found,
        at=at,
    )
    if look.verdict != Verdict.HELD:
        return ""
    return "；".join(reason.text for reason in look.reasons.all() if reason.weight)[:100]


def released(given: Help, *, operator: Any, at: datetime) -> bool:
    """Have risk let a held help go; False for one that was held before there was an eye on it."""
    waiting = risk_facts.waiting().filter(kind=KIND, subject=given.run.bargain_no, other_id=given.member_id)
    look = waiting.first()
    if look is None:
        return False
    risk.release(look_ids=[look.pk], operator=operator, at=at)
    return True


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """The help never cuts; the member's help of that day stays used (the board of risk)."""
    return bool(held_help(look).update(held=False, reason=f"已驳回：{reason}"[:100]))


def held_help(look: Look) -> QuerySet[Help]:
    """The help that a look is about, if it is still held: not locked, for the run's lock comes before."""
    run = Run.objects.filter(bargain_no=look.subject)
    return Help.objects.filter(held=True, run__in=run, member_id=look.other_id or 0)


def ended(run: Run, *, helper_ids: Collection[int], at: datetime) -> None:
    """Tell risk, under the run's lock, that these members' held helps in it came to nothing."""
    if helper_ids:
        risk.settled(kind=KIND, subject=run.bargain_no, other_ids=helper_ids, note="砍价已结束", at=at)
