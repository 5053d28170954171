"""What has become of the shop's words: looked for in WeChat's record, never sent twice. It alone writes an act's status."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.base import transactions
from apps.complaints.models import Complaint, ComplaintAct, ComplaintStep
from apps.complaints.states import ACT_LIFECYCLE, IN_HISTORY, UNDECIDED, ActKind, ActStatus

# While it is not known whether WeChat has an answer, its record is read this often; what is not in it after so long is not
# there: a call takes seconds.
LOOK_AGAIN: Final = timedelta(minutes=1)
_NOT_THERE_AFTER: Final = timedelta(minutes=3)
# WeChat's clock may be behind ours.
_CLOCKS_APART: Final = timedelta(minutes=5)
_NOT_THERE: Final = "微信的协商历史里没有这次提交，可以重新提交"


def undecided(row: Complaint) -> bool:
    """Whether something was sent of which nobody knows yet whether it arrived."""
    return row.acts.filter(status__in=sorted(UNDECIDED)).exists()


def settle(row: Complaint, *, at: datetime) -> None:
    """Find each act of a locked complaint in the record; what is not there long after it was sent did not arrive.

    An entry belongs to one act, the earliest that it fits, so that two equal answers need two entries.
    """
    transactions.require()
    acts = list(row.acts.filter(log_id="").exclude(status=ActStatus.FAILED).order_by("id"))
    if not acts:
        return
    taken = set(row.acts.exclude(log_id="").values_list("log_id", flat=True))
    steps = [step for step in row.steps.order_by("at", "id") if step.log_id not in taken]
    for act in acts:
        found = next((step for step in steps if _is(step, act)), None)
        if found is not None:
            steps.remove(found)
            act.log_id = found.log_id
            act.save(update_fields=["log_id"])
            if act.status in UNDECIDED:
                move(act, "succeed", at=at)
        elif act.status in UNDECIDED and act.at + _NOT_THERE_AFTER <= at:
            move(act, "fail", fault=_NOT_THERE, at=at)


def move(act: ComplaintAct, name: str, *, fault: str = "", at: datetime) -> None:
    """Make a named move of an act. A failed one gives its page back: what is sent from there again is another act."""
    act.status = ActStatus(ACT_LIFECYCLE.target(move=name, current=act.status))
    act.fault = fault[:200]
    if act.status not in UNDECIDED:
        act.settled_at = at
    if act.status == ActStatus.FAILED:
        act.token = f"failed:{act.pk}"
    act.save(update_fields=["status", "fault", "settled_at", "token"])


def _is(step: ComplaintStep, act: ComplaintAct) -> bool:
    """Whether an entry is what an act has become; an answer is known by its words, too."""
    if step.kind not in IN_HISTORY[ActKind(act.kind)] or step.at < act.at - _CLOCKS_APART:
        return False
    return act.kind != ActKind.REPLY or step.text == act.text
