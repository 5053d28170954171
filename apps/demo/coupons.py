"""The demo shop's coupons: some that one claims, one of them in the shop, one for a group; and a newcomer pack."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from apps.coupons.models import Template
from apps.coupons.services import templates
from apps.members.models import Group

_CLAIMED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "冬日暖茶满99减10",
        {"kind": "THRESHOLD", "threshold_fen": 9_900, "off_fen": 1_000, "quota": 10_000, "valid_days": 14},
    ),
    (
        "老茶客九折券",
        {
            "kind": "PERCENT",
            "threshold_fen": 20_000,
            "off_bp": 1_000,
            "cap_fen": 5_000,
            "quota": 2_000,
            "valid_days": 30,
            "note": "每单最多减 50 元",
        },
    ),
    (
        "满39减运费6元",
        {"kind": "FREIGHT", "threshold_fen": 3_900, "off_fen": 600, "per_member": 3, "valid_days": 30},
    ),
    (
        "到店品茶满30减8",
        {
            "kind": "THRESHOLD",
            "threshold_fen": 3_000,
            "off_fen": 800,
            "channel": Template.Channel.STORE,
            "valid_days": 30,
            "note": "到店付款时出示券码",
        },
    ),
)
_FOR_CLUB: Final[dict[str, Any]] = {
    "kind": "THRESHOLD",
    "threshold_fen": 19_900,
    "off_fen": 3_000,
    "valid_days": 30,
}
_GIVEN: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "新人见面礼5元",
        {"kind": "NO_THRESHOLD", "off_fen": 500, "valid_days": 7, "occasion": Template.Occasion.REGISTRATION},
    ),
    (
        "新人满59减12",
        {
            "kind": "THRESHOLD",
            "threshold_fen": 5_900,
            "off_fen": 1_200,
            "valid_days": 14,
            "occasion": Template.Occasion.REGISTRATION,
        },
    ),
    (
        "首单回礼满99减15",
        {
            "kind": "THRESHOLD",
            "threshold_fen": 9_900,
            "off_fen": 1_500,
            "valid_days": 30,
            "occasion": Template.Occasion.FIRST_ORDER,
        },
    ),
)


def fill(*, at: datetime) -> int:
    """Set the coupons up where there are none and return how many; what the operator has stays as it is.

    All begin at issue, so ``at`` only says from when they may be claimed. The group is for operators to fill.
    """
    if Template.objects.exists():
        return 0
    for name, figures in _CLAIMED:
        templates.create(name=name, visible=True, claim_from=at, **figures)
    club, _ = Group.objects.get_or_create(name="茶友会", defaults={"note": "每月第一个周六在西湖门店聚会"})
    templates.create(name="茶友会满199减30", visible=True, claim_from=at, group_ids=[club.pk], **_FOR_CLUB)
    for name, figures in _GIVEN:
        templates.create(name=name, **figures)
    return len(_CLAIMED) + 1 + len(_GIVEN)
