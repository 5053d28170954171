"""Everything that writes pre-sales: campaigns, the four verbs of an order, goods that arrive, reports to WeChat.

Call it as ``presales.arrive(...)`` (``from apps.presale import services as presales``).
"""

from apps.presale.services.arriving import Arrived, NotOfPresale, allot_due, arrive
from apps.presale.services.reporting import NothingToReport, report, report_again, report_until
from apps.presale.services.reserving import await_balance, commit, drop, hold, release, restore
from apps.presale.services.saving import CAMPAIGNS, UNREPORTED_FOR, PresaleRefused
from apps.presale.states import KIND, LABEL

__all__ = [
    "CAMPAIGNS",
    "KIND",
    "LABEL",
    "UNREPORTED_FOR",
    "Arrived",
    "NotOfPresale",
    "NothingToReport",
    "PresaleRefused",
    "allot_due",
    "arrive",
    "await_balance",
    "commit",
    "drop",
    "hold",
    "release",
    "report",
    "report_again",
    "report_until",
    "restore",
]
