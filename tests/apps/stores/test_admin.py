"""The operators' page of warehouses and shops."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.stores import selectors as place_facts
from apps.stores import services as stores
from apps.stores.models import Place, PlaceStaff
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


def test_a_shop_with_staff_cannot_be_deleted_so_that_nobody_is_set_free_by_it(
    admin_client: Client, django_user_model: Any
):
    shop = Place.objects.create(name="快闪店", kind=Place.Kind.SHOP)
    clerk = django_user_model.objects.create_user("店员", is_staff=True)
    stores.bind(PlaceStaff(operator=clerk, place=shop))

    admin_client.post(f"/admin/stores/place/{shop.pk}/delete/", {"post": "yes"})

    assert place_facts.places_of(operator=django_user_model.objects.get(pk=clerk.pk)) == {shop.pk}
