"""Plain makers for tests of what campaigns share: SKUs with a price, quotas, windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from apps.campaigns import services as campaigns
from apps.campaigns.services import windows
from apps.catalog.models import Sku
from tests.apps.promotions import make

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
HOUR = timedelta(hours=1)

member = make.member


def sku(*, price_fen: int = 100_00, cost_fen: int | None = None) -> Sku:
    """A SKU of a product of its own."""
    product = make.product()
    return Sku.objects.create(
        product=product, code=f"CAMPAIGN-{product.pk}", price_fen=price_fen, cost_fen=cost_fen
    )


def quota(key: str = "1", *, quota: int | None = 10) -> None:
    """A quota of the kind ``flash_sale``."""
    with transaction.atomic():
        campaigns.set_quota(kind="flash_sale", key=key, quota=quota)


def hold(
    order_no: str, *, key: str = "1", member_id: int | None = None, units: int = 1, limit: int | None = None
) -> None:
    """Take units of it for an order."""
    with transaction.atomic():
        campaigns.hold(
            kind="flash_sale",
            key=key,
            order_no=order_no,
            member_id=member().pk if member_id is None else member_id,
            units=units,
            limit=limit,
            at=NOW,
        )


def book(
    activity_id: str,
    *skus: Sku,
    starts_at: datetime = NOW,
    ends_at: datetime = NOW + HOUR,
    preheat_at: datetime | None = None,
    kind: str = "flash_sale",
    title: str = "整点秒杀",
) -> None:
    """Speak for SKUs at ¥1.00."""
    with transaction.atomic():
        windows.book(
            kind=kind,
            label="秒杀",
            title=title,
            span=windows.Span(preheat_at, starts_at, ends_at),
            prices_fen={activity_id: {each.pk: 1_00 for each in skus}},
        )
