"""What operators search for among many orders is found by index: whatever is typed, no table is read from end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import finding
from apps.desk.order_page import OrderAdmin
from apps.fulfillment.models import Parcel
from apps.members.models import Member
from apps.orders import reach
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.stores.models import PlaceStaff
from tests.admin import shop
from tests.apps.desk.many import MANY, last, multiply, nodes
from tests.apps.members import make as members
from tests.apps.pickup import make as pickup

pytestmark = pytest.mark.django_db


@pytest.fixture
def many_orders(django_user_model: Any) -> None:
    """Orders of as many members, each with a parcel and a payment; the database has counted them."""
    order = shop.shipped_order(operator=django_user_model.objects.create_superuser("店长"))
    multiply(
        order.member,
        public_id="'M' || n",
        openid="'o' || n",
        nickname="'茶友' || n",
        phone="'139' || lpad(n::text, 8, '0')",
    )
    first_member = last(Member) - MANY
    multiply(
        order,
        order_no="'SO' || lpad(n::text, 12, '0')",
        member_id=f"{first_member} + n",
        address="jsonb_build_object('phone', '138' || lpad(n::text, 8, '0'))",
        unpaid_place="NULL",
    )
    first_order = last(Order) - MANY
    multiply(
        order.parcels.all()[0],
        order_id=f"{first_order} + n",
        parcel_no="'PC' || n",
        tracking_no="'SF' || lpad(n::text, 10, '0')",
    )
    multiply(
        order.payments.all()[0],
        order_id=f"{first_order} + n",
        bill_no="'SO' || lpad(n::text, 12, '0')",
        payment_no="'PY' || n",
        transaction_id="'42' || lpad(n::text, 12, '0')",
    )
    with connection.cursor() as cursor:
        for model in (Member, Order, Parcel, Payment):
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')


def looked_up(ask: Callable[[], Any]) -> tuple[set[str], set[str]]:
    """How the database finds what is asked for: by the indexes, and from the tables that it reads from end to end.

    It is told to look rows up, as it does by itself among half a million, and to go through them only where it must.
    """
    with CaptureQueriesContext(connection) as asked:
        ask()
    indexes, whole = set(), set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off"
        )
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            for node in nodes(cursor.fetchone()[0][0]["Plan"]):
                indexes.add(node.get("Index Name", ""))
                if (
                    node["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan"}
                    and "Index Cond" not in node
                ):
                    whole.add(node["Relation Name"])
    return indexes, whole


def searched(typed: str, *, ways: Sequence[finding.Way]) -> tuple[set[str], set[str]]:
    """How orders are found by what an operator types: by the indexes, and from the tables read from end to end."""
    found: list[Order] = []
    read = looked_up(lambda: found.extend(finding.found(Order.objects.all(), ways, typed, most=1001)))
    assert found != []
    return read


BIG = {model._meta.db_table for model in (Member, Order, Parcel, Payment)}


def test_one_order_of_many_is_found_by_index(many_orders: None) -> None:
    used = {
        "SO000000002345": "order_no_once",
        "02345": "order_no_by_end",
        # Of so few members the last digits find one as well as the whole number does.
        "13900002345": "member_phone_tail",
        "13800002345": "order_by_receiver_phone",
        "2345": "order_by_receiver_phone",
        "茶友2345": "member_nickname_parts",
        "SF0000002345": "parcel_by_tracking_no",
        "002345": "parcel_by_tracking_end",
        "42000000002345": "payment_transaction_once",
    }
    for typed, index in used.items():
        indexes, whole = searched(typed, ways=OrderAdmin.found_by)
        assert (typed, whole & BIG, index in indexes) == (typed, set(), True)
    assert "member_phone_tail" in searched("2345", ways=OrderAdmin.found_by)[0]


def test_what_has_no_index_would_be_noticed(many_orders: None) -> None:
    Order.objects.filter(order_no="SO000000002345").update(remark="轻拿轻放")
    assert searched("轻拿", ways=[finding.Number("order_no"), finding.Number("remark")])[1] == {
        "orders_order"
    }


def test_whether_somebody_has_bought_before_is_found_by_index(many_orders: None) -> None:
    newcomer = members.member(phone="13700000000")
    address = members.address(newcomer, phone="13800002345")
    indexes, whole = looked_up(lambda: order_facts.known_by(member=newcomer, address=address))
    assert (whole & BIG, "order_by_receiver_phone" in indexes) == (set(), True)
    assert order_facts.known_by(member=newcomer, address=address) == "phone"


def test_the_orders_of_a_shop_are_found_by_index(many_orders: None, django_user_model: Any) -> None:
    """Who works at one shop sees its orders alone: a few among those of all shops and parcels."""
    clerk, lake = django_user_model.objects.create_user("店员"), pickup.shop()
    PlaceStaff.objects.create(operator=clerk, place=lake)
    Order.objects.filter(order_no="SO000000002345").update(delivery={"kind": "PICKUP", "place_id": lake.pk})
    indexes, whole = looked_up(lambda: list(reach.narrowed(Order.objects.all(), operator=clerk)))
    assert (whole & BIG, "order_of_place" in indexes) == (set(), True)
