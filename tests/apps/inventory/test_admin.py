"""The operators' stock pages: figures to read, forms that go through the services."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.inventory import services as inventory
from apps.inventory.models import Stock, StockEntry
from tests.apps.inventory.make import NOW, place, sku, stock

pytestmark = pytest.mark.django_db
STOCK = "/admin/inventory/stock/"


def sent(**typed: Any) -> dict[str, Any]:
    return {"reason": "到货", "token": str(uuid4()), **typed}


def on_hand(row: Stock) -> int:
    row.refresh_from_db()
    return row.on_hand


@pytest.fixture
def page(admin_client: Client) -> Client:
    return admin_client


def test_goods_are_received_by_code_in_a_place_that_never_had_any(page: Client, admin_user: User):
    cup, shop = sku(), place("门店")
    answer = page.post(f"{STOCK}receive-any/", sent(code=cup.code, place=shop.pk, quantity=12), follow=True)
    assert "入库完成：现货 +12" in answer.content.decode()
    entry = StockEntry.objects.get()
    assert (entry.stock.sku, entry.stock.place, entry.on_hand_change) == (cup, shop, 12)
    assert (entry.reason, entry.operator) == ("到货", admin_user)


def test_the_same_page_sent_twice_receives_once(page: Client):
    row = stock(sku(), 1)
    twice = sent(quantity=5)
    for _ in range(2):
        assert page.post(f"{STOCK}{row.pk}/receive/", twice).status_code == 302
    assert on_hand(row) == 6


def test_an_adjustment_below_what_orders_hold_is_refused_with_its_reason(page: Client):
    row = stock(sku(), 10)
    inventory.hold(order_no="SO1", demand={row.sku_id: 4}, at=NOW)
    answer = page.post(f"{STOCK}{row.pk}/adjust/", sent(change=-7, step="preview"))
    assert answer.status_code in {200, 409}
    assert "现货 10，其中 4 已被订单占用，最多可减 6" in answer.content.decode()
    asked = page.post(f"{STOCK}{row.pk}/adjust/", sent(change=-6))
    facts = dict(asked.context["facts"])
    assert (facts["目前现货"], facts["调整后现货"], facts["调整后可售"]) == ("10", "4", "0")
    assert on_hand(row) == 10
    assert page.post(f"{STOCK}{row.pk}/adjust/", sent(change=-6, step="confirm")).status_code == 302
    assert on_hand(row) == 4


@pytest.mark.parametrize(
    ("page_name", "typed", "reason"),
    [
        ("receive", {"quantity": 0}, "最小为 1。"),
        ("receive", {"quantity": "很多"}, "输入整数"),
        ("receive", {"quantity": "1.5"}, "输入整数"),
        ("receive", {"quantity": 10**30}, "最大为 1000000。"),
        ("receive", {"quantity": 1, "reason": " "}, "请填写此项"),
        ("receive", {"quantity": 1, "token": "x"}, "页面已失效，请返回后重新打开"),
        ("adjust", {"change": 0}, "差额为 0，无需调整"),
    ],
)
def test_what_makes_no_sense_is_refused_in_chinese(
    page: Client, page_name: str, typed: dict[str, Any], reason: str
):
    row = stock(sku(), 10)
    answer = page.post(f"{STOCK}{row.pk}/{page_name}/", sent(**typed))
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert on_hand(row) == 10


def test_an_unknown_code_receives_nothing(page: Client):
    answer = page.post(f"{STOCK}receive-any/", sent(code="NO-SUCH", place=place().pk, quantity=1))
    assert "没有这个商家编码的 SKU" in answer.content.decode()
    assert not Stock.objects.exists()


@pytest.mark.parametrize("row_id", ["0", "999", "abc", "9" * 40])
def test_a_row_that_does_not_exist_is_not_found(page: Client, row_id: str):
    assert page.get(f"{STOCK}{row_id}/adjust/").status_code == 404


def test_the_figures_are_shown_and_cannot_be_typed(page: Client):
    row = stock(sku(), 10)
    shown = page.get(f"{STOCK}{row.pk}/change/").content.decode()
    assert 'name="on_hand"' not in shown
    assert page.post(f"{STOCK}{row.pk}/change/", {"on_hand": 99}).status_code == 403
    assert page.get(f"{STOCK}add/").status_code == 403
    assert on_hand(row) == 10


def test_the_list_finds_rows_by_code_by_title_and_by_scarcity(page: Client):
    many, few = stock(sku(), 100), stock(sku(), 3)
    for query, found in [
        (f"q={few.sku.code}", [few]),
        (f"q={many.sku.product.title}", [many]),
        ("scarcity=low", [few]),
        ("scarcity=none", []),
        (f"sku__product={many.sku.product_id}", [many]),
    ]:
        answer = page.get(f"{STOCK}?{query}")
        assert answer.status_code == 200
        assert list(answer.context["cl"].result_list) == found


@pytest.mark.parametrize("path", ["stock", "hold", "stockentry"])
def test_every_list_takes_the_same_number_of_statements_for_one_row_and_ten(
    page: Client, path: str, django_assert_max_num_queries: Any
):
    def statements() -> int:
        with django_assert_max_num_queries(30) as counted:
            assert page.get(f"/admin/inventory/{path}/").status_code == 200
        return len(counted)

    def order(number: int) -> None:
        cup = sku()
        stock(cup, 10)
        inventory.hold(order_no=f"SO{number}", demand={cup.pk: 1}, at=NOW)

    order(0)
    statements()  # the first page of a session notes that it was used
    one = statements()
    for number in range(1, 10):
        order(number)
    assert statements() == one


def test_an_operator_who_may_only_look_neither_receives_nor_adjusts(client: Client):
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_stock"))
    client.force_login(looker)
    row = stock(sku(), 10)
    assert client.get(STOCK).status_code == 200
    for path in ("receive-any/", f"{row.pk}/receive/", f"{row.pk}/adjust/"):
        assert client.post(STOCK + path, sent(quantity=1, change=1)).status_code == 403
    assert on_hand(row) == 10


def test_a_products_page_says_what_lies_where_and_leads_to_where_it_changes(page: Client) -> None:
    cup = sku()
    stock(cup, 7)
    stock(cup, 2, at_place=place("门店", priority=1))
    inventory.hold(order_no="SO1", demand={cup.pk: 3}, at=NOW)
    shown = page.get(f"/admin/catalog/product/{cup.product_id}/change/").content.decode()
    assert f"总仓：{cup.code} 可售 4（现货 7，占用 3）" in shown
    assert f"门店：{cup.code} 可售 2（现货 2，占用 0）" in shown
    assert f'href="{STOCK}?sku__product={cup.product_id}"' in shown
    assert cup.code in page.get(f"{STOCK}?sku__product={cup.product_id}").content.decode()


def test_a_products_page_says_nothing_of_stock_to_who_may_not_see_it(django_user_model: Any) -> None:
    cup = sku()
    stock(cup, 7)
    editor = django_user_model.objects.create_user("editor", is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_product"))
    client = Client()
    client.force_login(editor)
    shown = client.get(f"/admin/catalog/product/{cup.product_id}/change/").content.decode()
    assert cup.product.title in shown
    assert "现货" not in shown
