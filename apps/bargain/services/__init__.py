"""Everything that writes bargains: campaigns, runs and helps, and the four verbs of an order.

Call it as ``bargains.open_run(...)`` (``from apps.bargain import services as bargains``).
"""

from apps.bargain.services.buying import PriceMoved, commit, hold, release, restore
from apps.bargain.services.running import (
    AtFloor,
    Closed,
    HelpedAlready,
    HelpsUsedUp,
    NotHeld,
    OwnRun,
    help_run,
    lapse_due,
    open_run,
    release_help,
)
from apps.bargain.services.saving import CAMPAIGNS, BargainRefused
from apps.bargain.states import KIND, LABEL

__all__ = [
    "CAMPAIGNS",
    "KIND",
    "LABEL",
    "AtFloor",
    "BargainRefused",
    "Closed",
    "HelpedAlready",
    "HelpsUsedUp",
    "NotHeld",
    "OwnRun",
    "PriceMoved",
    "commit",
    "help_run",
    "hold",
    "lapse_due",
    "open_run",
    "release",
    "release_help",
    "restore",
]
