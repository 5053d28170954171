"""The four levels of the demo shop, with all their benefits."""

from __future__ import annotations

from typing import Any, Final

from apps.members.models import Level

# Growth is one for each settled yuan, so a threshold reads as yuan in a year.
LEVELS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "茶友", "rank": 1, "birthday_points": 50},
    {
        "name": "银叶会员",
        "rank": 2,
        "growth_threshold": 1_000,
        "discount_bp": 9_800,
        "points_multiplier_bp": 12_000,
        "birthday_points": 100,
    },
    {
        "name": "金叶会员",
        "rank": 3,
        "growth_threshold": 5_000,
        "discount_bp": 9_500,
        "points_multiplier_bp": 15_000,
        "birthday_points": 300,
        "early_access_minutes": 10,
    },
    {
        "name": "大师会员",
        "rank": 4,
        "growth_threshold": 20_000,
        "discount_bp": 9_000,
        "points_multiplier_bp": 20_000,
        "free_postage": True,
        "birthday_points": 888,
        "early_access_minutes": 30,
        "service_queue": True,
    },
)


def fill() -> None:
    """Set up the levels where their names and ranks are missing; what an operator changed since stays."""
    Level.objects.bulk_create([Level(**level) for level in LEVELS], ignore_conflicts=True)
