"""The business keys of what journeys do, and which arm a member is in: both follow from numbers alone."""

from __future__ import annotations

import hashlib
from typing import Final

from apps.journeys.states import Arm

# Buckets of a hundredth of a percent.
_BUCKETS: Final = 10_000


def of(participation_id: int, step: int | str = "") -> str:
    """The key of what a step does for a participation: the same one does nothing a second time, in whatever room.

    Without a step, what all of the participation's begin with.
    """
    return f"journey:{participation_id}:{step}"


def read(key: str) -> tuple[int, int]:
    """The participation and the step of a key."""
    _, participation, step = key.split(":")
    return int(participation), int(step)


def arm(*, code: str, member_id: int, holdout_percent: int) -> Arm:
    """The arm of a member in the journey of a code: the same for ever, and independent of other journeys'."""
    digest = hashlib.sha256(f"{code}:{member_id}".encode()).digest()
    bucket = int.from_bytes(digest[:8], "big") % _BUCKETS
    return Arm.HOLDOUT if bucket < holdout_percent * 100 else Arm.TREATED
