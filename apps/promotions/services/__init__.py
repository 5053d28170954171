"""Everything that writes promotions: setting them up from a program, their limits, the price floor, simulations.

Call it as ``promotions.hold(...)`` (``from apps.promotions import services as promotions``). The four verbs
belong to the caller's transaction, are keyed by the order number and are safe to repeat.
"""

from apps.promotions.services.calendar import (
    CampaignRefused,
    MemberDayRefused,
    check_campaign,
    check_member_day,
    save_campaign,
    save_member_day,
)
from apps.promotions.services.floor import (
    BelowFloor,
    Breach,
    PriceFloorRefused,
    breaches,
    check_floor,
    check_price_floor,
    costs_of,
    floor_fen,
    present_floor,
    set_floor,
    wares,
)
from apps.promotions.services.limits import (
    LimitReached,
    TooManyUnpaidUses,
    UsageConflict,
    Use,
    commit,
    hold,
    holding,
    recount,
    release,
    release_many,
    restore,
    uses_of,
)
from apps.promotions.services.saving import PromotionRefused, Saved, Stock, check, save
from apps.promotions.services.setting_up import (
    LevelPriceRefused,
    check_level_price,
    price_for_level,
    save_level_price,
    start,
)
from apps.promotions.services.simulations import (
    SimulationRunning,
    drop_tallies,
    note_failure,
    note_progress,
    request_simulation,
)

__all__ = [
    "BelowFloor",
    "Breach",
    "CampaignRefused",
    "LevelPriceRefused",
    "LimitReached",
    "MemberDayRefused",
    "PriceFloorRefused",
    "PromotionRefused",
    "Saved",
    "SimulationRunning",
    "Stock",
    "TooManyUnpaidUses",
    "UsageConflict",
    "Use",
    "breaches",
    "check",
    "check_campaign",
    "check_floor",
    "check_level_price",
    "check_member_day",
    "check_price_floor",
    "commit",
    "costs_of",
    "drop_tallies",
    "floor_fen",
    "hold",
    "holding",
    "note_failure",
    "note_progress",
    "present_floor",
    "price_for_level",
    "recount",
    "release",
    "release_many",
    "request_simulation",
    "restore",
    "save",
    "save_campaign",
    "save_level_price",
    "save_member_day",
    "set_floor",
    "start",
    "uses_of",
    "wares",
]
