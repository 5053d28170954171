"""A search box above a list that grows with members or orders asks each column by its index, whatever is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.aftersales.admin import OrderRefundAdmin
from apps.base import seeking
from apps.catalog.models import Sku
from apps.content.models import Review
from apps.inventory.models import StockEntry
from apps.orders.models import OrderRefund
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.desk.many import read_whole_by

pytestmark = pytest.mark.django_db

# What operators make themselves, and what waits: few rows, which Django's own search may read. The records of what
# operators did have no column that another search could ask; the post is searched among the newest (``outbox``).
_FEW = {
    *("audiences.Segment", "audiences.Tag", "auth.Group", "auth.User", "bargain.Bargain", "base.AuditEntry"),
    *("cardkeys.CardBatch", "catalog.Brand", "catalog.Category", "catalog.GuaranteeLabel", "catalog.Product"),
    *("catalog.Sku", "coupons.CodeBatch", "coupons.Template", "deadlines.Promise", "distribution.Material"),
    *("distribution.RateRule", "flashsale.Plan", "flashsale.Session", "fulfillment.Carrier"),
    *("fulfillment.PackingOption", "fulfillment.WaybillAccount", "groupbuy.GroupBuy", "inventory.Stock"),
    *("journeys.Journey", "members.Group", "messaging.Template", "orders.OrderLine", "outbox.Announcement"),
    *("outbox.Delivery", "points.PointsGood", "presale.Presale", "promotions.Campaign"),
    *("promotions.LevelPrice", "promotions.Promotion", "referrals.Referral", "stores.Place"),
    *("stores.PlaceStaff", "support.Survey", "wallet.Pack"),
}
# What rows of long lists point to.
_NAMED = {
    "cardkeys_cardbatch",
    "catalog_product",
    "catalog_sku",
    "flashsale_session",
    "promotions_promotion",
}
_TYPED = "SO260302PEBMR4A4PVBR"


def long_lists() -> list[tuple[type[Model], ModelAdmin[Any]]]:
    request = RequestFactory().get("/")
    return [
        (model, page)
        for model, page in admin.site._registry.items()
        if page.get_search_fields(request) and model._meta.label not in _FEW
    ]


def tables_read_by(page: ModelAdmin[Any], typed: str) -> set[str]:
    """The tables that a search reads from end to end, because nothing else is left to it."""
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    with CaptureQueriesContext(connection) as asked:
        page.get_search_results(request, page.get_queryset(request), typed)
    return {table for query in asked.captured_queries for table in read_whole_by(query["sql"])}


def test_a_search_box_says_what_is_found() -> None:
    assert [str(model) for model, page in long_lists() if not page.search_help_text] == []


def test_no_search_reads_a_table_that_grows_from_end_to_end() -> None:
    sku = counter.goods(1000, title=_TYPED)
    Sku.objects.filter(pk=sku.pk).update(code=_TYPED)
    found = {model._meta.label: tables_read_by(page, _TYPED) - _NAMED for model, page in long_lists()}
    assert len(found) >= 60
    assert {label: whole for label, whole in found.items() if whole} == {}


def test_a_search_that_no_index_answers_would_be_noticed() -> None:
    class NotIndexed(OrderRefundAdmin):
        found_by = (seeking.Whole("reason"),)

    page = NotIndexed(OrderRefund, admin.site)
    assert tables_read_by(page, _TYPED) == {"orders_orderrefund"}


def found(page: Client, name: str, typed: str) -> list[Any]:
    return list(page.get(f"/admin/{name}/", {"q": typed}).context["cl"].result_list)


@pytest.mark.parametrize("said", [str, str.lower])
def test_ledgers_and_payments_are_found_by_the_order_and_by_wechats_number(
    page: Client, manager: User, said: Callable[[str], str]
) -> None:
    order = shop.shipped_order(operator=manager)
    other = shop.shipped_order(operator=manager)
    payment = order.payments.get()
    booked = StockEntry.objects.filter(business_key__startswith=order.order_no)
    number = said(order.order_no)

    assert {one.pk for one in found(page, "inventory/stockentry", number)} == {one.pk for one in booked}
    assert {one.order_no for one in found(page, "inventory/hold", number)} == {order.order_no}
    assert found(page, "payments/payment", said(str(payment.transaction_id))) == [payment]
    assert found(page, "payments/payment", number) == [payment]
    assert found(page, "fulfillment/parcel", number) == list(order.parcels.all())
    tracking = str(order.parcels.get().tracking_no)
    assert found(page, "fulfillment/parcel", said(tracking)) == list(order.parcels.all())
    assert other.order_no not in {one.order_no for one in found(page, "inventory/hold", number)}


def test_goods_are_found_by_any_part_of_their_name_and_what_no_index_knows_among_the_newest(
    page: Client, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.fill(2, operator=manager)
    review = Review.objects.select_related("product").order_by("pk")[0]
    Review.objects.filter(pk=review.pk).update(text="杯口很圆，手感温润")
    assert review in found(page, "content/review", review.product.title[1:3])
    assert found(page, "content/review", "手感温") == [review]
    monkeypatch.setattr(seeking, "NEWEST", 1)
    assert found(page, "content/review", "手感温") == []
