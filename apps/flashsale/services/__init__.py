"""Everything that writes flash sales: sessions, what orders take of them, reminders, waiting lists, repeating plans.

Call it as ``flashsale.save(...)`` (``from apps.flashsale import services as flashsale``). The four verbs belong to the
caller's transaction, are keyed by the order's number and are safe to repeat.
"""

from apps.flashsale.selectors import KIND
from apps.flashsale.services.admitting import Admitted, admit, may_be_shut, refused_at_the_gate
from apps.flashsale.services.planning import PlanRefused, check_plan_goods, make_sessions, save_plan
from apps.flashsale.services.reminding import ReminderTooLate, forget_reminder, remind
from apps.flashsale.services.saving import CAMPAIGNS, GoodDraft, SessionDraft, SessionRefused, check_window
from apps.flashsale.services.taking import commit, hold, release, restore
from apps.flashsale.services.waiting import NotSoldOut, pass_turns, wait

__all__ = [
    "CAMPAIGNS",
    "KIND",
    "Admitted",
    "GoodDraft",
    "NotSoldOut",
    "PlanRefused",
    "ReminderTooLate",
    "SessionDraft",
    "SessionRefused",
    "admit",
    "check_plan_goods",
    "check_window",
    "commit",
    "forget_reminder",
    "hold",
    "make_sessions",
    "may_be_shut",
    "pass_turns",
    "refused_at_the_gate",
    "release",
    "remind",
    "restore",
    "save_plan",
    "wait",
]
