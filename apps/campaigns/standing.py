"""Where a campaign stands, in the operators' words."""

from __future__ import annotations

from datetime import datetime

from apps.campaigns.models import CampaignColumns
from apps.campaigns.states import Approval, State


def phase(row: CampaignColumns, *, at: datetime) -> str:
    """草稿, 预热中, 未开始, 进行中, 已暂停, 已结束 or 已提前结束."""
    if row.approval in {Approval.DRAFT, Approval.STOPPED}:
        return str(Approval(row.approval).label)
    state = row.state_at(at)
    if row.approval == Approval.PAUSED and state != State.ENDED:
        return str(Approval(row.approval).label)
    if state == State.UPCOMING and (row.preheat_at is None or row.preheat_at <= at):
        return "预热中"
    return str(state.label)
