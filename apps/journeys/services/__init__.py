"""Everything that writes journeys: ``journeys.start(...)``, by ``from apps.journeys import services as journeys``."""

from apps.journeys.flow import FlowRefused
from apps.journeys.services.entering import enter_due, on_news
from apps.journeys.services.minding import drop as drop_task
from apps.journeys.services.minding import finish as finish_task
from apps.journeys.services.planning import (
    JourneyOver,
    PlanChanged,
    add_step,
    change_step,
    drop_step,
    move_step,
    set_rules,
    set_trigger,
)
from apps.journeys.services.readying import copy, make_ready
from apps.journeys.services.ruling import JourneyRefused, check, save
from apps.journeys.services.running import (
    NothingNew,
    end,
    look_over,
    pause,
    publish,
    resume,
    start,
)
from apps.journeys.services.running import check as check_plan
from apps.journeys.services.walking import let_buyer_go, move_due, move_some

__all__ = [
    "FlowRefused",
    "JourneyOver",
    "JourneyRefused",
    "NothingNew",
    "PlanChanged",
    "add_step",
    "change_step",
    "check",
    "check_plan",
    "copy",
    "drop_step",
    "drop_task",
    "end",
    "enter_due",
    "finish_task",
    "let_buyer_go",
    "look_over",
    "make_ready",
    "move_due",
    "move_some",
    "move_step",
    "on_news",
    "pause",
    "publish",
    "resume",
    "save",
    "set_rules",
    "set_trigger",
    "start",
]
