"""Everything that writes risk. Call it as ``risk.look(...)`` (``from apps.risk import services as risk``)."""

from apps.risk.services.judging import (
    NothingToJudge,
    NotYoursToJudge,
    ReasonMissing,
    reject,
    release,
    settled,
)
from apps.risk.services.looking import look
from apps.risk.services.ruling import PolicyRefused, RuleRefused, check_policy, save_policy, save_rule
from apps.risk.services.tracing import forget, note, refresh

__all__ = [
    "NotYoursToJudge",
    "NothingToJudge",
    "PolicyRefused",
    "ReasonMissing",
    "RuleRefused",
    "check_policy",
    "forget",
    "look",
    "note",
    "refresh",
    "reject",
    "release",
    "save_policy",
    "save_rule",
    "settled",
]
