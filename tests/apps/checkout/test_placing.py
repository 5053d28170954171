"""Placing an order over HTTP: figures, snapshots, keys, refusals."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from apps.inventory import selectors as inventory
from apps.orders.models import Order
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db


def _place(client: APIClient, body: dict, key: str | None = None):
    return client.post("/api/v1/orders", body, format="json", headers={"Idempotency-Key": key or make.key()})


def test_two_cups_at_50_yuan_become_an_unpaid_order_of_100_yuan() -> None:
    member, address = make.buyer()
    cup = make.goods(5000)

    answer = _place(
        make.client(member),
        {
            "items": [{"sku_id": cup.pk, "quantity": 2}],
            "address_id": address.pk,
            "expected_payable_fen": 10_000,
        },
    )

    assert answer.status_code == 201, answer.content
    placed = answer.json()
    assert placed["status"] == "UNPAID"
    assert placed["payable_fen"] == 10_000
