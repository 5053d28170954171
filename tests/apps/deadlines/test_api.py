"""What a shopper sees of a deadline and of a delay, and how bad answers are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.members.models import Member
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db


def test_an_order_says_by_when_it_leaves_and_what_may_be_answered(
    shopper_of: Callable[[Member], Any],
) -> None:
    now = timezone.now()
    order = fulfillment.paid_order(1, at=now)
    shopper = shopper_of(order.member)
    address = f"/orders/{order.order_no}"
    assert {name: shopper.call("GET", address).json()[name] for name in ("ship_by", "delay")} == {
        "ship_by": None,
        "delay": None,
    }

    make.owed(order, at=now)
    make.put_off(order, timezone.localdate(now) + timedelta(days=9), at=now, note="茶园因雨推迟采摘")
    shown = shopper.call("GET", address).json()
    assert shown["ship_by"] is not None
    assert (shown["delay"]["status"], shown["delay"]["choices"]) == ("ASKED", ["wait", "refund"])
    assert (shown["delay"]["reason_text"], shown["delay"]["note"]) == ("缺货", "茶园因雨推迟采摘")

    for bad in ({}, {"choice": "swop"}, {"choice": ["wait"]}, {"choice": None}):
        refused = shopper.call("POST", f"{address}/delay-answer", bad)
        assert refused.status_code == 400
        assert list(refused.json()["details"]) == ["choice"]
    other = shopper_of(counter.buyer()[0]).call("POST", f"{address}/delay-answer", {"choice": "wait"})
    assert (other.status_code, other.json()["code"]) == (404, "not_found")

    answered = shopper.call("POST", f"{address}/delay-answer", {"choice": "wait"})
    assert answered.status_code == 200
    assert answered.json()["delay"] == shopper.call("GET", address).json()["delay"]
    assert answered.json()["delay"]["choices"] == []
    late = shopper.call("POST", f"{address}/delay-answer", {"choice": "refund"})
    assert (late.status_code, late.json()["code"], late.json()["details"]) == (
        409,
        "delay_not_open",
        {"status": "WAITS"},
    )
