"""What operators look at all day is found by index among many orders: what waits to leave, and when it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.base import counting
from apps.base.days import day_window, shop_day
from apps.desk import cockpit
from apps.orders.models import Order
from apps.orders.states import Status
from tests.admin import shop
from tests.admin.test_dashboard import paid
from tests.apps.desk.many import multiply, nodes

pytestmark = pytest.mark.django_db

_OURS = {index.name for index in Order._meta.indexes}


@pytest.fixture
def many_paid(django_user_model: type[User]) -> Order:
    """Paid orders that wait to leave, one a minute; the database has counted them. The first of them is answered."""
    order = paid(shop.NOW)
    multiply(
        order,
        times=counting.MOST + 201,
        order_no="'SO' || lpad(n::text, 12, '0')",
        idempotency_key="'k' || n",
        created_at="created_at - n * interval '1 minute'",
        paid_at="paid_at - n * interval '1 minute'",
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
    return order


def read(asked: Callable[[], Any], *, by_index: bool = True) -> tuple[set[str], int]:
    """The indexes of orders that statements use, and how many orders they read.

    ``by_index``: the database looks rows up, as it does by itself where few of very many wait.
    """
    with CaptureQueriesContext(connection) as seen:
        asked()
    indexes, rows = set(), 0
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_seqscan = {'off' if by_index else 'on'}")
        for query in seen.captured_queries:
            if not query["sql"].startswith("SELECT"):
                continue
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            for node in nodes(cursor.fetchone()[0][0]["Plan"]):
                if node.get("Relation Name") == "orders_order" or node.get("Index Name") in _OURS:
                    indexes.add(node.get("Index Name", node["Node Type"]))
                    rows += int(node["Actual Rows"]) + int(node.get("Rows Removed by Filter", 0))
    return indexes, rows


@pytest.mark.parametrize(
    ("asked", "index", "most"),
    [
        (lambda: list(cockpit.next_to_ship()), "order_to_send", 6),
        (lambda: counting.some(cockpit.waiting_for_rider()), "order_to_hand_over", 0),
    ],
)
def test_what_waits_is_read_from_an_index_of_what_waits(
    many_paid: Order, asked: Callable[[], Any], index: str, most: int
) -> None:
    indexes, rows = read(asked)
    assert indexes == {index}
    assert rows <= most


def test_of_what_waits_no_more_is_read_than_is_told(many_paid: Order) -> None:
    _, rows = read(lambda: counting.some(cockpit.waiting_to_ship()), by_index=False)
    assert rows == counting.MOST + 1


def test_the_sidebar_counts_by_the_same_index(many_paid: Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    planned = counting.each([cockpit.waiting_to_ship(), cockpit.waiting_for_rider()])
    assert dict(planned.rows()) == {0: counting.MOST + 1, 1: 0}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {planned.name}")
        used = {node.get("Index Name") for node in nodes(cursor.fetchone()[0][0]["Plan"])}
    assert "order_to_hand_over" in used


def test_a_month_of_many_comes_in_the_order_of_its_index(page: Client, many_paid: Order) -> None:
    month = f"created_at__year={shop.NOW:%Y}&created_at__month={shop.NOW.month}"
    Order.objects.filter(pk=many_paid.pk).update(created_at=many_paid.created_at - timedelta(hours=1))
    usual = page.get("/admin/orders/order/").context["cl"].result_list
    in_a_month = page.get(f"/admin/orders/order/?{month}").context["cl"].result_list
    by_number = Order.objects.order_by("-pk")[: len(usual)]
    by_time = Order.objects.order_by("-created_at", "-pk")[: len(in_a_month)]
    assert [row.pk for row in usual] == [row.pk for row in by_number]
    assert [row.pk for row in in_a_month] == [row.pk for row in by_time] != [row.pk for row in by_number]


def test_above_a_long_list_that_is_narrowed_the_calendar_tells_when_there_is_anything(
    page: Client, many_paid: Order
) -> None:
    day = shop_day(many_paid.created_at)
    Order.objects.filter(pk=many_paid.pk).update(
        status=Status.REFUNDED, created_at=many_paid.created_at - timedelta(days=400)
    )

    def years(asked: str) -> list[int]:
        listed = page.get(f"/admin/orders/order/?{asked}").context["cl"]
        return [year.year for year in listed.queryset.datetimes("created_at", "year")]

    both = [(day - timedelta(days=400)).year, day.year]
    assert years("") == both
    # So few are told as they are, …
    assert years("status__exact=REFUNDED") == both[:1]
    # … and so many by all that there are, …
    assert years("status__exact=PAID") == both
    # … of the period that was chosen.
    assert years(f"status__exact=PAID&created_at__year={both[1]}") == both[1:]


@pytest.mark.parametrize("asked", ["created_at__year=9999", "created_at__year=9999&created_at__month=12"])
def test_a_year_without_a_next_one_is_sent_back(page: Client, asked: str) -> None:
    assert page.get(f"/admin/orders/order/?{asked}").headers["Location"] == "/admin/orders/order/?e=1"


def test_the_links_of_the_calendar_lead_to_the_orders_of_their_days(page: Client) -> None:
    """Also of one in the first hour of a day, which is the day before in Greenwich."""
    start, _ = day_window(shop_day(shop.NOW))
    orders = [paid(start), paid(start + timedelta(hours=20))]
    month = f"created_at__year={start:%Y}&created_at__month={start.month}"
    Order.objects.filter(pk=orders[0].pk).update(created_at=start)
    Order.objects.filter(pk=orders[1].pk).update(created_at=start + timedelta(days=1))
    shown = page.get(f"/admin/orders/order/?{month}").content.decode()
    links = re.findall(r"created_at__day=(\d+)", shown)
    found = [
        page.get(f"/admin/orders/order/?{month}&created_at__day={day}").context["cl"].result_list[0].pk
        for day in links
    ]
    assert found == [order.pk for order in orders]
