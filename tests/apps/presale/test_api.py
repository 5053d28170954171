"""The doors of pre-sales: what is told of them, to whom, and in how many statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.presale.models import Presale
from tests.apps.checkout import make as counter
from tests.apps.presale import make

pytestmark = pytest.mark.django_db


def test_a_presale_is_told_with_both_windows_and_what_is_left_of_the_plan(anyone: Any) -> None:
    counter.freight(0)
    sku = make.tea(units=1)
    row = make.live(sku, quota=10)
    make.order(row, units=4, at=timezone.now())
    answer = anyone.call("GET", "/presales").json()
    (one,) = answer["results"]
    assert answer["server_time"]
    # The shelf has one: the plan counts.
    assert one["skus"] == [{"sku_id": sku.pk, "list_price_fen": 200_00, "price_fen": 160_00, "left": 6}]
    assert {
        name: one[name] for name in ("id", "product_id", "deposit_fen", "deposit_worth_fen", "left", "state")
    } == {
        "id": row.pk,
        "product_id": sku.product_id,
        "deposit_fen": 20_00,
        "deposit_worth_fen": 50_00,
        "left": 6,
        "state": "LIVE",
    }
    read = anyone.call("GET", f"/presales/{row.pk}").json()
    assert read.pop("server_time")
    assert read == one


def test_a_whole_payment_has_neither_deposit_nor_balance(anyone: Any) -> None:
    row = make.live(whole=True)
    one = anyone.call("GET", f"/presales/{row.pk}").json()
    assert [one[name] for name in ("deposit_fen", "deposit_worth_fen", "balance_from", "balance_until")] == [
        None
    ] * 4


def test_drafts_secrets_and_numbers_that_nothing_has_are_not_found(anyone: Any) -> None:
    now = timezone.now()
    draft = make.live(approved=False)
    secret = make.live(starts_at=now + make.HOUR, ends_at=now + 2 * make.HOUR, preheat_at=now + make.HOUR / 2)
    for number in (draft.pk, secret.pk, 2**70, 0):
        answer = anyone.call("GET", f"/presales/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")
    assert anyone.call("GET", "/presales").json()["results"] == []


def test_a_product_wears_the_badge_of_its_presale(anyone: Any) -> None:
    row = make.live(make.tea(units=5))
    product_id = make.skus_of(row)[0].product_id
    badges = anyone.call("GET", f"/products/{product_id}").json()["badges"]
    (badge,) = (one for one in badges if isinstance(one, dict))
    assert (badge["kind"], badge["id"], badge["price_fen"]) == ("presale", row.pk, 130_00)


def test_a_list_asks_equally_often_for_three_and_for_ten(anyone: Any) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            anyone.call("GET", "/presales?page_size=50")
        return len(seen)

    for _ in range(3):
        make.live()
    asked()
    few = asked()
    for _ in range(7):
        make.live()
    assert Presale.objects.count() == 10
    asked()
    assert asked() == few <= 4
