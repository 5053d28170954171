"""The first page tells the shop's day, Shanghai time, and every figure opens its list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base import counting
from apps.base.days import day_window, shop_day
from apps.desk import cockpit
from apps.desk.cockpit import Day
from apps.orders.models import Order
from apps.payments.models import Payment
from config import sidebar
from config.navigation import Place
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make
from tests.apps.inventory import make as stock

pytestmark = pytest.mark.django_db


def paid(at: datetime, price_fen: int = 1000) -> Order:
    return make.paid_order(at=at, price_fen=price_fen)


def test_a_day_begins_at_midnight_in_shanghai_and_ends_before_the_next() -> None:
    noon = shop.NOW
    start, end = day_window(shop_day(noon))
    paid(start - timedelta(seconds=1), 100)
    paid(start, 2000)
    paid(end - timedelta(seconds=1), 3000)
    days = cockpit.paid_by_day(at=noon)
    assert days[-1] == Day(shop_day(noon), 2, 5000)
    assert days[-2] == Day(shop_day(noon) - timedelta(days=1), 1, 100)
    assert [day.orders for day in days] == [0, 0, 0, 0, 0, 1, 2]


def test_what_waits_is_counted(manager: User) -> None:
    shop.fill(2, operator=manager)
    paid(shop.NOW - timedelta(hours=48))
    paid(shop.NOW - timedelta(hours=47))
    counter.order(*counter.buyer(), [(counter.goods(), 1)])
    waits = cockpit.waiting(at=shop.NOW)
    assert (waits.to_ship, waits.overdue, waits.unpaid) == (2, 1, 1)
    assert (waits.failed_refunds, waits.failed_uploads, waits.dead_deliveries) == (2, 2, 2)
    assert waits.failing_jobs == 0


def test_scarce_goods_are_counted_by_what_is_free() -> None:
    shop.scarce_goods()
    waits = cockpit.waiting(at=shop.NOW)
    assert (waits.sold_out, waits.low_stock) == (1, 2)


def test_scarce_are_skus_by_all_that_can_be_ordered_and_the_list_shows_the_same(page: Client) -> None:
    branch = stock.place(name="西湖门店")
    counter_only = stock.place(name="只供自提", ships=False)
    plenty = stock.sku()
    stock.stock(plenty, 20)
    stock.stock(plenty, 8, at_place=branch)
    in_two = stock.sku()
    stock.stock(in_two, 6)
    stock.stock(in_two, 6, at_place=branch)
    low, unsent, never = stock.sku(), stock.sku(), stock.sku()
    stock.stock(low, 4)
    stock.stock(low, 4, at_place=branch)
    stock.stock(unsent, 50, at_place=counter_only)
    off, disabled = stock.sku(), stock.sku()
    type(off.product).objects.filter(pk=off.product_id).update(on_sale=False)
    type(disabled).objects.filter(pk=disabled.pk).update(enabled=False)

    answer = page.get("/admin/")
    (card,) = [card for card in answer.context["tasks"] if card.title == "库存紧张"]
    assert (card.value, card.note, card.alarming) == ("3", "其中 2 个规格已售罄", True)
    listed = page.get(card.url).context["cl"].result_list
    assert {row.pk: row.free_units_now for row in listed} == {low.pk: 8, unsent.pk: 0, never.pk: 0}
    sold_out = page.get(card.url.replace("low", "none")).context["cl"].result_list
    assert {row.pk for row in sold_out} == {unsent.pk, never.pk}


def test_stock_is_told_in_the_list_of_skus_to_who_may_see_it(
    page: Client, operator_with: Callable[..., Client]
) -> None:
    stock.stock(stock.sku(), 3)
    plain = operator_with("catalog.view_sku")
    assert "可售库存" not in shop.shown(plain.get("/admin/catalog/sku/"))
    assert "库存紧张" not in shop.shown(plain.get("/admin/"))
    assert "可售库存" in shop.shown(page.get("/admin/catalog/sku/"))


def test_the_page_shows_the_figures_and_links_to_the_lists(page: Client) -> None:
    now = timezone.now()
    order = paid(now, 12_800)
    answer = page.get("/admin/")
    shown = shop.shown(answer)
    assert "¥128.00" in shown
    assert "1 单" in shown
    assert order.order_no in shown
    assert "/admin/orders/order/?status__exact=PAID&amp;delivery_by=EXPRESS" in answer.content.decode()


def test_every_figure_opens_a_list_that_answers(page: Client, manager: User) -> None:
    shop.fill(1, operator=manager)
    context = page.get("/admin/").context
    cards = [*context["cards"], *context["tasks"]]
    assert len(cards) == 11
    assert [card.title for card in cards if page.get(card.url).status_code != 200] == []


def test_todays_list_holds_todays_orders_only(page: Client) -> None:
    now = timezone.now()
    today, before = paid(now), paid(now - timedelta(days=2))
    url = page.get("/admin/").context["cards"][0].url
    listed = page.get(url).content.decode()
    assert today.order_no in listed
    assert before.order_no not in listed


def test_the_figures_take_thirteen_queries_whatever_the_rows(page: Client, manager: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            cockpit.paid_by_day(at=shop.NOW)
            cockpit.waiting(at=shop.NOW)
            list(cockpit.next_to_ship())
        return len(queries)

    paid(shop.NOW)
    few = asked()
    for _ in range(9):
        paid(shop.NOW)
    shop.fill(3, operator=manager)
    assert asked() == few <= 13


def test_an_operator_sees_only_the_figures_of_lists_they_may_open(
    operator_with: Callable[..., Client],
) -> None:
    order = paid(timezone.now(), 12_800)
    context = operator_with("catalog.view_sku", "inventory.view_stock").get("/admin/")
    shown = shop.shown(context)
    assert "库存紧张" in shown
    assert "待发货" not in shown
    assert "¥128.00" not in shown
    assert order.order_no not in shown


def test_the_sidebar_has_only_what_the_operator_may_open(operator_with: Callable[..., Client]) -> None:
    context = operator_with("orders.view_order", "catalog.view_product").get("/admin/").context
    groups = {
        group.get("title", ""): [item["title"] for item in group["items"]]
        for group in context["sidebar_navigation"]
    }
    assert groups == {"": ["今日"], "订单": ["全部订单", "待发货", "待配送"], "商品": ["商品"]}


def test_the_sidebar_counts_what_waits_to_be_shipped(page: Client) -> None:
    paid(shop.NOW)
    paid(shop.NOW)
    orders = page.get("/admin/").context["sidebar_navigation"][1]["items"]
    assert [(item["title"], item.get("badge")) for item in orders] == [
        ("全部订单", None),
        ("待发货", "2"),
        ("自提单", None),
        ("待备货自提", None),
        ("待配送", None),
        ("时段订单", None),
        ("售后退款", None),
    ]


def test_places_bear_numbers_of_their_own_and_all_are_counted_in_one_statement(
    manager: User, django_assert_num_queries: Any
) -> None:
    request = RequestFactory().get("/admin/")
    request.user = manager
    groups = [
        ("甲", [Place("待一", "star", "orders.Order", "status__exact=PAID", cockpit.waiting_to_ship)]),
        ("乙", [Place("待二", "star", "payments.Payment", "status__exact=PAID", Payment.objects.none)]),
        ("丙", [Place("待三", "star", "payments.Refund", "status__exact=PAID", Payment.objects.all)]),
    ]
    paid(shop.NOW)
    paid(shop.NOW)
    with django_assert_num_queries(1):
        items = [item for group in sidebar.shown(request, groups) for item in group["items"]]
    assert [(item["title"], item.get("badge")) for item in items] == [
        ("待一", "2"),
        ("待二", None),
        ("待三", "2"),
    ]


def test_more_than_can_be_read_at_a_glance_are_not_counted_to_the_end(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    paid(shop.NOW - timedelta(days=3))
    paid(shop.NOW - timedelta(days=3))

    def shown() -> tuple[Any, Any]:
        sidebar._counting.cache_clear()
        found = page.get("/admin/").context
        items = [item for group in found["sidebar_navigation"] for item in group["items"]]
        badge = next(item.get("badge") for item in items if item["title"] == "待发货")
        return badge, next((card.value, card.note) for card in found["tasks"] if card.title == "待发货")

    assert shown() == ("2", ("2", "其中 2 单付款已超过 48 小时"))
    for _ in range(2):
        paid(shop.NOW - timedelta(days=3))
    assert shown() == ("2+", ("2+", "其中 2+ 单付款已超过 48 小时"))
    sidebar._counting.cache_clear()


def test_what_waits_where_nobody_may_look_is_not_counted(operator_with: Callable[..., Client]) -> None:
    looker = operator_with("catalog.view_product")
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=looker.session["_auth_user_id"])
    counted: list[int] = []
    places = [
        Place("待发货", "star", "orders.Order", waiting=lambda: counted.append(1) or Order.objects.all())
    ]
    assert sidebar.shown(request, [("订单", places)]) == []
    assert counted == []


@pytest.mark.parametrize(
    ("query", "opened"),
    [
        ("", "全部订单"),
        ("?status__exact=PAID&delivery_by=EXPRESS", "待发货"),
        ("?status__exact=CLOSED", "全部订单"),
    ],
)
def test_one_item_of_the_sidebar_is_marked_as_open(page: Client, query: str, opened: str) -> None:
    groups = page.get(f"/admin/orders/order/{query}").context["sidebar_navigation"]
    assert [item["title"] for group in groups for item in group["items"] if item["active"]] == [opened]


def test_the_address_without_its_slash_leads_to_the_admin_too(page: Client) -> None:
    assert page.get("/admin").headers["Location"] == "/admin/"


def test_whoever_logs_in_without_having_asked_for_a_page_gets_the_first(manager: User) -> None:
    manager.set_password("一席茶香")
    manager.save()
    answer = Client().post("/admin/login/", {"username": manager.username, "password": "一席茶香"})
    assert answer.headers["Location"] == "/admin/"
