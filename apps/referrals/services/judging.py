"""What a person's decision about a held friend means (the board of risk): the friend counts, or is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.referrals.models import Invitation
from apps.referrals.services import counting
from apps.risk.models import Look


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Count a held friend and give what that wins; one whose order went back meanwhile stays lost."""
    return counting.decide_held(Invitation.objects.get(pk=int(look.subject)), "count", at=at)


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Never count a held friend; what was held for them is not given."""
    return counting.decide_held(Invitation.objects.get(pk=int(look.subject)), "lose", reason=reason, at=at)
