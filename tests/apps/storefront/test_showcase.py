"""What goods show of offers and stock: activities with their hours, and how few are left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.promotions.models import Campaign
from tests.apps.checkout import make
from tests.apps.promotions import make as promotions
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


def shown(sku: Any) -> dict[str, Any]:
    """The product's row of the list, which its page repeats."""
    (row,) = [
        row for row in Shopper().call("GET", "/products").json()["results"] if row["id"] == sku.product_id
    ]
    page = Shopper().call("GET", f"/products/{sku.product_id}").json()
    assert {name: page[name] for name in row} == row
    return row


def test_an_offer_is_shown_with_its_hours_for_a_countdown():
    now = timezone.now()
    row = promotions.promotion(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    (activity,) = shown(make.goods())["activities"]
    assert (activity["ref"], activity["label"], activity["kind"]) == (
        f"promotion:{row.pk}",
        "满100减15",
        "STEPPED",
    )
    assert activity["preheat"] is False
    assert activity["ends_at"] == timezone.localtime(row.ends_at).isoformat()
    assert activity["ends_at"].endswith("+08:00")


def test_what_preheats_is_an_activity_and_no_badge_yet():
    now = timezone.now()
    opens, closes = now + timedelta(hours=1), now + timedelta(hours=2)
    festival = Campaign.objects.create(
        name="茶具节", preheat_at=now - timedelta(hours=1), starts_at=opens, ends_at=closes
    )
    promotions.promotion("PERCENT", off_bp=1500, starts_at=opens, ends_at=closes, campaign=festival)
    row = shown(make.goods())
    assert [(activity["label"], activity["preheat"]) for activity in row["activities"]] == [("8.5折", True)]
    assert "8.5折" not in row["badges"]


@pytest.mark.parametrize(("units", "left"), [(0, None), (1, 1), (10, 10), (11, None)])
def test_shoppers_are_told_how_few_are_left_and_never_a_false_number(units: int, left: int | None):
    row = shown(make.goods(units=units))
    assert (row["low_stock"], row["in_stock"]) == (left, units > 0)
