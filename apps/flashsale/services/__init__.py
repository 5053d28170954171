"""Everything that writes flash sales: sessions, what orders take of them, reminders, waiting lists, repeating plans.

Call it as ``flashsale.save(...)`` (``from apps.flashsale import services as flashsale``). The four verbs belong to the
caller's transaction, are keyed by the order's number and are safe to repeat.
"""

from apps.flashsale.selectors import KIND
from apps.flashsale.services.admitting import Admitted, admit, is_any_shut, refused_at_the_gate
from apps.flashsale.services.planning import PlanRefused, check_plan_goods, make_sessions, save_plan
from apps.flashsale.services.reminding import ReminderTooLate, forget_reminder, remind
from apps.flashsale.services.saving import (
    GoodDraft,
    Saved,
    SessionDraft,
    SessionRefused,
    approve,
    check,
    check_window,
    copy,
    draft_of,
    pause,
    resume,
    save,
    stop,
)
from apps.flashsale.services.taking import commit, hold, release, restore
from apps.flashsale.services.waiting import NotSoldOut, pass_turns, wait

__all__ = [
    "KIND",
    "Admitted",
    "GoodDraft",
    "NotSoldOut",
    "PlanRefused",
    "ReminderTooLate",
    "Saved",
    "SessionDraft",
    "SessionRefused",
    "admit",
    "approve",
    "check",
    "check_plan_goods",
    "check_window",
    "commit",
    "copy",
    "draft_of",
    "forget_reminder",
    "hold",
    "is_any_shut",
    "make_sessions",
    "pass_turns",
    "pause",
    "refused_at_the_gate",
    "release",
    "remind",
    "restore",
    "resume",
    "save",
    "save_plan",
    "stop",
    "wait",
]
