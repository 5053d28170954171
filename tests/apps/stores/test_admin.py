"""The operators' page of warehouses and shops."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.stores.models import Place
from tests.apps.inventory.make import place, sku, stock

pytestmark = pytest.mark.django_db


def test_a_place_is_added_and_listed_by_priority(admin_client: Client):
    place("后仓", priority=5)
    answer = admin_client.post(
        "/admin/stores/place/add/", {"name": "前仓", "kind": "WAREHOUSE", "priority": 1, "ships": "on"}
    )
    assert answer.status_code == 302
    shown = admin_client.get("/admin/stores/place/")
    assert [row.name for row in shown.context["cl"].result_list] == ["前仓", "后仓"]


def test_a_place_with_stock_cannot_be_deleted(admin_client: Client):
    row = stock(sku(), 1)
    admin_client.post(f"/admin/stores/place/{row.place_id}/delete/", {"post": "yes"})
    assert Place.objects.filter(pk=row.place_id).exists()
