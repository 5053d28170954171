"""Whatever orders do in whatever order, a coupon serves one of them and its ledger tells the truth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, CouponMove
from mall.errors import ShopError
from tests.apps.coupons.make import AT, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db

ORDERS = ["SO1", "SO2", "SO3"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "commit", "release", "restore", "expire", "recall"]),
        st.sampled_from(ORDERS),
        st.sets(st.integers(0, 1), min_size=1),
        st.integers(0, 9),
    ),
    max_size=14,
)


def act(verb: str, order_no: str, chosen: list[Coupon], at: Any) -> None:
    if verb == "hold":
        ids = [row.public_id for row in chosen]
        coupons.hold(order_no=order_no, member_id=chosen[0].member_id, public_ids=ids, at=at)
    elif verb == "expire":
        coupons.expire_due(at=at)
    elif verb == "recall":
        coupons.take_back_gifts(order_no="SO-gift", at=at)
    else:
        getattr(coupons, verb)(order_no=order_no, at=at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_coupon_serves_one_order_and_its_status_is_where_its_ledger_left_it(db: None, steps: Any):
    with transaction.atomic():
        owner, of = make.member(), template(valid_days=5)
        rows = [coupon(owner, of=of), coupon(owner, of=of)]
        Coupon.objects.filter(pk=rows[1].pk).update(gift_of="SO-gift")
        at = AT
        for verb, order_no, numbers, hours in steps:
            at += timedelta(hours=hours * 4)
            before = list(Coupon.objects.order_by("pk").values())
            try:
                with transaction.atomic():
                    act(verb, order_no, [rows[number] for number in sorted(numbers)], at)
            except ShopError:
                assert list(Coupon.objects.order_by("pk").values()) == before
        assert not coupon_facts.unbalanced().exists()
        for row in Coupon.objects.all():
            moves = list(CouponMove.objects.filter(coupon=row).order_by("id"))
            held = [move.order_no for move in moves if move.move == "hold"]
            assert len(held) == len(set(held))
            statuses = ["AVAILABLE", *(move.to_status for move in moves)]
            assert [move.from_status for move in moves] == statuses[:-1]
            assert (row.order_no != "") == (row.status in {"HELD", "USED"})
            # An order's coupon is used up only by an order that held it.
            assert {move.order_no for move in moves if move.move == "commit"} <= set(held)
        transaction.set_rollback(True)
