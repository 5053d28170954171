"""Who holds what unpaid: a list over all goods, by units, found by SKU."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Sku
from apps.desk.unpaid_page import UnpaidAdmin
from tests.apps.checkout import make
from tests.apps.checkout.make import NOW

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/orderline/"


def rows(client: Client, **asked: Any) -> list[tuple[int, str, str]]:
    """Units, code and order number of each row."""
    found = client.get(LIST, asked).context["cl"].result_list
    return [(row.quantity, row.sku.code, row.order.order_no) for row in found]


@pytest.fixture
def cup(db: None) -> Sku:
    return make.goods(100, units=200)


def test_the_lines_of_unpaid_orders_stand_there_with_the_most_units_first(admin_client: Client, cup: Sku):
    pot = make.goods(100, units=200)
    big = make.order(*make.buyer(nickname="大户"), [(cup, 40), (pot, 2)])
    small = make.order(*make.buyer(), [(cup, 3)], at=NOW - timedelta(minutes=1))
    make.pay(make.order(*make.buyer(), [(cup, 9)]))
    assert rows(admin_client) == [
        (40, cup.code, big.order_no),
        (3, cup.code, small.order_no),
        (2, pot.code, big.order_no),
    ]
    shown = admin_client.get(LIST).content.decode()
    assert "待付款占用" in shown and "大户" in shown
    assert f"/admin/orders/order/{big.pk}/change/" in shown
    assert f"/admin/members/member/{big.member_id}/change/" in shown


def test_it_is_found_by_sku_order_and_nickname_and_narrowed_by_product(admin_client: Client, cup: Sku):
    pot = make.goods(100, units=200)
    first = make.order(*make.buyer(nickname="大户"), [(cup, 4)])
    second = make.order(*make.buyer(nickname="小茶"), [(pot, 2)])
    mine, other = (4, cup.code, first.order_no), (2, pot.code, second.order_no)
    assert rows(admin_client, q=cup.code) == [mine]
    assert rows(admin_client, q=second.order_no) == [other]
    assert rows(admin_client, q="大户") == [mine]
    assert rows(admin_client, sku__product=pot.product_id) == [other]


def test_what_is_paid_or_closed_is_not_there_and_nothing_can_be_changed(admin_client: Client, cup: Sku):
    order = make.order(*make.buyer(), [(cup, 4)])
    line = order.lines.get()
    assert admin_client.get(f"{LIST}{line.pk}/change/").status_code == 200
    assert admin_client.post(f"{LIST}{line.pk}/change/", {"quantity": "1"}).status_code == 403
    make.pay(order)
    assert rows(admin_client) == []
    assert admin_client.get(f"{LIST}{line.pk}/change/").status_code == 200
    assert admin_client.get(f"{LIST}x/change/").status_code == 302


def test_what_is_sorted_of_all_lines_is_their_keys(
    admin_client: Client, cup: Sku, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UnpaidAdmin, "list_per_page", 2)
    for units in (5, 9, 7, 1):
        make.order(*make.buyer(), [(cup, units)])
    with CaptureQueriesContext(connection) as asked:
        pages = [[units for units, *_ in rows(admin_client, p=page)] for page in (1, 2)]
    assert pages == [[9, 7], [5, 1]]
    # The second page says LIMIT 2 OFFSET 2; sessions and users LIMIT 21.
    sorting = [query["sql"] for query in asked if "LIMIT 2" in query["sql"].split("LIMIT 21")[0]]
    assert [sql.partition(" FROM ")[0] for sql in sorting] == ['SELECT "orders_orderline"."id" AS "pk"'] * 2
