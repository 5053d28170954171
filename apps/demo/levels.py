"""The four levels of the demo shop, with all their benefits, and shoppers who were there before."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from apps.base import numbers
from apps.members.models import Document, Level, Member
from apps.members.services import addresses, consents

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


def shopper(nickname: str, *, number: int, at: datetime) -> Member:
    """Return a shopper who agreed to the privacy document and has an address in Hangzhou; nobody can log in as them.

    ``number`` tells shoppers apart: the same one is the same shopper.
    """
    member, is_new = Member.objects.select_related("level").get_or_create(
        openid=f"demo-{number}",
        defaults={
            "public_id": numbers.word(16),
            "nickname": nickname,
            "level": Level.objects.order_by("rank").first(),
            "registered_at": at,
        },
    )
    if is_new:
        consents.give(member=member, document=Document.Kind.PRIVACY, version="1.0", at=at)
        addresses.add(
            member=member,
            fields={
                "name": nickname,
                "phone": f"1380000{number:04d}",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "detail": f"龙井路 {number} 号",
                # Not far from the shop by the lake, whose riders bring what is ordered there.
                "latitude": 30.2342,
                "longitude": 120.1338,
            },
        )
    return member
