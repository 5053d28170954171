"""The doors of pre-sales: what is told of them, to whom, and in how many statements."""

from __future__ import annotations

from datetime import datetime
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


def quoted(shopper_of: Any, row: Presale, units: int) -> tuple[Any, Any]:
    """A quote of so many units, and the order placed by it."""
    member, address = counter.buyer()
    sku, *_ = make.skus_of(row)
    body = {
        "items": [{"sku_id": sku.pk, "quantity": units}],
        "address_id": address.pk,
        "activity": {"kind": "presale", "id": row.pk},
    }
    shopper = shopper_of(member)
    quote = shopper.call("POST", "/checkout/quote", body).json()
    placing = {**body, "expected_payable_fen": quote["payable_fen"]}
    order = shopper.call("POST", "/orders", placing, idempotency_key=f"presale-{row.pk}").json()
    return quote, order


def test_a_quote_says_what_is_asked_first_and_what_later_as_the_order_does(shopper_of: Any) -> None:
    counter.freight(8_00)
    row = make.live(deposit_fen=10_00, deposit_worth_fen=10_00)
    quote, order = quoted(shopper_of, row, 2)
    assert quote["payable_fen"] == 328_00
    assert quote["due_fen"] == order["due_fen"] == 20_00
    told = [
        [(stage["kind"], stage["amount_fen"], stage["status"]) for stage in said["stages"]]
        for said in (quote, order)
    ]
    assert told == [[("deposit", 20_00, "DUE"), ("balance", 308_00, "LATER")]] * 2
    assert quote["stages"][1] == order["stages"][1]
    until = quote["stages"][0]["until"]
    assert datetime.fromisoformat(until) == row.ends_at and until.endswith("+08:00")


def test_a_quote_of_what_is_paid_at_once_has_one_stage(shopper_of: Any) -> None:
    counter.freight(8_00)
    quote, order = quoted(shopper_of, make.live(whole=True), 1)
    assert quote["due_fen"] == order["due_fen"] == 168_00
    assert [(stage["kind"], stage["amount_fen"]) for stage in quote["stages"]] == [("whole", 168_00)]


def test_a_paid_order_in_stages_says_like_any_other_what_wechat_was_asked_for(shopper_of: Any) -> None:
    staged = make.paid(make.presale())
    plain = counter.order(*counter.buyer(), [(counter.goods(50_00), 1)])
    counter.pay(plain)
    for order in (staged, plain):
        told = shopper_of(order.member).call("GET", f"/orders/{order.order_no}").json()
        assert told["status"] == "PAID"
        assert told["due_fen"] == told["payable_fen"] - told["balance_fen"] == order.payable_fen
