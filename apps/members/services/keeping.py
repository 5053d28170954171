"""What is past its keep time is erased although nobody asked: each room on the board of personal data for itself."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.base import personal

log = structlog.get_logger(__name__)


def forget_past(*, at: datetime, limit: int = 2000) -> int:
    """Let each room erase what it has kept long enough, at most ``limit`` rows each; return how many in all.

    One room's failure keeps no other from erasing; the first is raised at the end.
    """
    forgotten, failure = 0, None
    for room in personal.board():
        try:
            forgotten += room.forget_old(at=at, limit=limit)
        except Exception as error:
            log.exception("forgetting_failed", name=room.name)
            failure = failure or error
    if failure is not None:
        raise failure
    return forgotten


def overdue(*, at: datetime) -> dict[str, int]:
    """How many rows of each room should be gone and are there still; rooms without any are left out."""
    counted = {room.name: room.overdue(at=at) for room in personal.board()}
    return {name: count for name, count in counted.items() if count}
