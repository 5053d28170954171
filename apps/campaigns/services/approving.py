"""What operators decide about a campaign: approve, pause, resume, stop. The one place that writes ``approval``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from apps.base import transactions
from apps.campaigns.models import CampaignColumns
from apps.campaigns.services import windows
from apps.campaigns.services.windows import Span
from apps.campaigns.states import LIFECYCLE, Approval
from mall.errors import ShopError

C = TypeVar("C", bound=CampaignColumns)


class AlreadyOver(ShopError):
    """Its window lies in the past: nobody could order anything."""

    code = "campaign_over"
    message = "活动时间已过，请先修改时间"


def move(row: C, *, move: str, at: datetime, late: bool = False) -> C:
    """Lock the campaign, move it, and return it as it is now.

    Raises MoveRefused for a move that its status does not allow, and AlreadyOver where a draft is approved whose window
    has ended (``late`` allows that: files bring campaigns of the past).
    """
    transactions.require()
    locked = type(row)._default_manager.select_for_update().get(pk=row.pk)
    target = LIFECYCLE.target(move=move, current=locked.approval)
    if move == "approve" and not late and at >= locked.ends_at:
        raise AlreadyOver
    locked.approval = target
    locked.save(update_fields=["approval"])
    return locked


@transaction.atomic
def pause(row: CampaignColumns, *, kind: str, activity_id: str, at: datetime) -> None:
    """Sell no more until it is resumed; orders that were placed keep their price."""
    move(row, move="pause", at=at)
    windows.pause(kind=kind, activity_id=activity_id, paused=True)


@transaction.atomic
def resume(row: CampaignColumns, *, kind: str, activity_id: str, at: datetime) -> None:
    """Go on selling."""
    move(row, move="resume", at=at)
    windows.pause(kind=kind, activity_id=activity_id, paused=False)


@transaction.atomic
def stop(row: CampaignColumns, *, kind: str, activity_id: str, at: datetime) -> None:
    """End it before its time; orders that were placed keep their price, and its SKUs are free for others."""
    move(row, move="stop", at=at)
    windows.end(kind=kind, activity_id=activity_id, at=at)


def book(
    row: CampaignColumns,
    *,
    kind: str,
    activity_id: str,
    label: str,
    prices_fen: Mapping[int, int],
    span: Span | None = None,
) -> None:
    """Speak for the campaign's SKUs in its window (or ``span``), if it is approved; a draft speaks for nothing.

    Raises SkuTaken.
    """
    if row.approval not in {Approval.APPROVED, Approval.PAUSED}:
        return
    windows.book(
        kind=kind,
        activity_id=activity_id,
        label=label,
        title=row.title,
        span=span or Span(row.preheat_at, row.starts_at, row.ends_at),
        prices_fen=prices_fen,
    )
    if row.approval == Approval.PAUSED:
        windows.pause(kind=kind, activity_id=activity_id, paused=True)
