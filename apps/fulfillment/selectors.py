"""Everything that reads fulfillment's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import F
from django.db.models.functions import JSONObject

from apps.fulfillment.models import Parcel


def parcels_of(order_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the parcels of these orders as the API shows them, by order id, oldest first; one statement."""
    rows = (
        Parcel.objects.filter(order_id__in=list(order_ids))
        .annotate(
            carrier_code=F("carrier__code"),
            carrier_name=F("carrier__name"),
            items=JSONBAgg(
                JSONObject(sku_id="lines__order_line__sku_id", quantity="lines__quantity"),
                order_by="lines__id",
            ),
        )
        .order_by("id")
        .values("order_id", "parcel_no", "carrier_code", "carrier_name", "tracking_no", "shipped_at", "items")
    )
    parcels: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        shown: dict[str, Any] = dict(row)
        parcels.setdefault(shown.pop("order_id"), []).append(shown)
    return parcels
