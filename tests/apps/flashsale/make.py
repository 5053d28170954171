"""Flash sales for tests: a session with one good, orders of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from apps.catalog.models import Sku
from apps.checkout import activities
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Session
from apps.members.models import Address, Member
from apps.orders.models import Order
from tests.apps.checkout import make

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
HOUR = timedelta(hours=1)
_numbers = count(1)

goods = make.goods
buyer = make.buyer
close = make.close
pay = make.pay


def draft(
    *skus: Sku,
    price_fen: int = 9_00,
    quota: int = 10,
    limit: int = 1,
    starts_at: datetime = NOW,
    ends_at: datetime = NOW + 2 * HOUR,
    **more: Any,
) -> flashsale.SessionDraft:
    """A session from ten to twelve with these SKUs."""
    more.setdefault("code", f"FLASH-{next(_numbers)}")
    more.setdefault("title", "十点秒杀")
    lines = [
        flashsale.GoodDraft(sku_id=sku.pk, price_fen=price_fen, quota=quota, limit_per_member=limit)
        for sku in skus
    ]
    return flashsale.SessionDraft(starts_at=starts_at, ends_at=ends_at, goods=lines, **more)


def session(*skus: Sku, approved: bool = True, at: datetime = NOW - HOUR, **said: Any) -> Session:
    """Such a session, approved."""
    row = flashsale.CAMPAIGNS.save(draft(*skus, **said), at=at).row
    if approved:
        flashsale.CAMPAIGNS.approve(row, at=at, late=True)
        row.refresh_from_db()
    return row


def good(sku: Sku | None = None, **said: Any) -> Good:
    """The one good of such a session."""
    return session(sku or goods(50_00), **said).goods.get()


def order(
    who: tuple[Member, Address], good: Good, units: int = 1, *, at: datetime = NOW, **more: Any
) -> Order:
    """An order of it through the counter."""
    ticket = activities.read({"kind": "flash_sale", "id": good.pk})
    return make.order(*who, [(good.sku, units)], activity=ticket, at=at, **more)


def body(good: Good, units: int = 1, **more: Any) -> dict[str, Any]:
    """What a phone says of it."""
    return {
        "items": [{"sku_id": good.sku_id, "quantity": units}],
        "activity": {"kind": "flash_sale", "id": good.pk},
        **more,
    }


def days_of(sessions: Sequence[Session]) -> list[str]:
    """The plan's days of sessions."""
    return [str(row.day) for row in sessions]
