"""Everything that writes pre-sales: campaigns, the four verbs of an order, goods that arrive, reports to WeChat.

Call it as ``presales.arrive(...)`` (``from apps.presale import services as presales``).
"""

from apps.presale.services.arriving import Arrived, NotOfPresale, allot_due, arrive
from apps.presale.services.reporting import NothingToReport, report, report_again
from apps.presale.services.reserving import await_balance, commit, drop, hold, release, restore
from apps.presale.services.saving import (
    PresaleRefused,
    Saved,
    approve,
    check,
    copy,
    draft_of,
    pause,
    resume,
    save,
    stop,
)
from apps.presale.states import KIND, LABEL

__all__ = [
    "KIND",
    "LABEL",
    "Arrived",
    "NotOfPresale",
    "NothingToReport",
    "PresaleRefused",
    "Saved",
    "allot_due",
    "approve",
    "arrive",
    "await_balance",
    "check",
    "commit",
    "copy",
    "draft_of",
    "drop",
    "hold",
    "pause",
    "release",
    "report",
    "report_again",
    "restore",
    "resume",
    "save",
    "stop",
]
