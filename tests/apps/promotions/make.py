"""Plain makers of promotions for tests: an offer that runs on 2026-11-23, a level, goods to offer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from apps.catalog.models import Brand, Category, Product
from apps.members.models import Level, Member
from apps.promotions import services as promotions
from apps.promotions.models import Promotion

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_numbers = count(1)


def promotion(kind: str = "STEPPED", **columns: Any) -> Promotion:
    """A promotion that runs from an hour ago until an hour from now; 满100减15 if nothing else is said."""
    if kind == "STEPPED":
        columns.setdefault("steps", [[100_00, 15_00]])
    columns.setdefault("label", f"活动{next(_numbers)}")
    columns.setdefault("starts_at", NOW - timedelta(hours=1))
    columns.setdefault("ends_at", NOW + timedelta(hours=1))
    return promotions.start(kind=kind, **columns)


def level(*, discount_bp: int = 10_000) -> Level:
    """A member level with this discount (9500 pays 95 %)."""
    number = next(_numbers)
    return Level.objects.create(name=f"等级{number}", rank=number, discount_bp=discount_bp)


def member(level: Level | None = None) -> Member:
    """A member of the level."""
    number = next(_numbers)
    return Member.objects.create(
        public_id=f"M{number}", openid=f"promotions-{number}", level=level, registered_at=NOW
    )


def product(*, category: Category | None = None, brand: Brand | None = None) -> Product:
    """A product, in a category of its own if none is said."""
    number = next(_numbers)
    where = category or Category.objects.create(name=f"类目{number}")
    return Product.objects.create(title=f"商品{number}", category=where, brand=brand, cover="x.png")
