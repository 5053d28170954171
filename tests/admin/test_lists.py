"""Lists ask the database as often for thirty rows as for three."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.contrib.auth.models import User
from django.core.exceptions import FieldError
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.base.admin_lists import CappedPaginator
from apps.base.models import AuditEntry
from apps.deadlines.models import Promise
from apps.members.models import Consent, Member
from apps.orders.models import Order
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.wallet import make as wallets

_LISTS = [
    "orders/order",
    "orders/orderrefund",
    "orders/orderline",
    "catalog/product",
    "members/member",
    "payments/payment",
    "payments/refund",
    "inventory/stock",
    "inventory/stockentry",
    "inventory/hold",
    "cardkeys/cardkey",
    "promotions/promotion",
    "promotions/levelprice",
    "groupbuy/groupbuy",
    "groupbuy/group",
    "fulfillment/parcel",
    "fulfillment/shippingupload",
    "deadlines/deadline",
    "deadlines/delay",
    "fulfillment/freighttemplate",
    "members/consent",
    "content/review",
    "invoices/invoice",
    "pickup/pickup",
    "support/survey",
    "base/auditentry",
    "outbox/delivery",
]


def queries(page: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert page.get(address).status_code == 200
    return len(asked)


def unpaid(orders: int) -> None:
    for _ in range(orders):
        counter.order(*counter.buyer(), [(counter.goods(1000), 1)], at=shop.NOW)


def test_every_list_asks_equally_often_for_3_and_for_30_rows(page: Client, manager: User) -> None:
    shop.fill(3, operator=manager)
    unpaid(3)
    for name in _LISTS:
        queries(page, f"/admin/{name}/")  # content types and the like are asked for once a process
    few = {name: queries(page, f"/admin/{name}/") for name in _LISTS}
    shop.fill_busiest(27, operator=manager)
    unpaid(27)
    queries(page, f"/admin/{_LISTS[0]}/")  # that the operator is still there is noted once a minute
    many = {name: queries(page, f"/admin/{name}/") for name in _LISTS}
    assert many == few
    # One of them asks whether the operator has a second factor.
    assert max(few.values()) <= 16


def test_the_first_words_of_a_row_open_its_page_and_no_link_lies_in_another(
    page: Client, manager: User
) -> None:
    shop.fill(1, operator=manager)
    looked_at = 0
    for model, registered in admin.site._registry.items():
        # Only what a page makes itself can have a link in it.
        if not hasattr(registered, str(registered.list_display[0])):
            continue
        named = f"{model._meta.app_label}/{model._meta.model_name}"
        listed = page.get(f"/admin/{named}/", follow=True).content.decode()
        for opening in re.findall(r"<th[^>]*>\s*<a [^>]*>(.*?)</a>", listed, re.DOTALL):
            assert opening.strip() and "<a " not in opening, named
            looked_at += 1
    assert looked_at >= 3


def test_an_order_with_thirty_parcels_worth_of_history_is_read_in_the_same_queries(
    page: Client, manager: User
) -> None:
    small = shop.shipped_order(operator=manager)
    large = shop.shipped_order(operator=manager, quantities=(1,) * 12)
    queries(page, f"/admin/orders/order/{small.pk}/change/")
    assert queries(page, f"/admin/orders/order/{small.pk}/change/") == queries(
        page, f"/admin/orders/order/{large.pk}/change/"
    )


@pytest.mark.parametrize(
    "asked", ["茶杯", "SO", "13800000000", "SF00000001", "%", "' OR 1=1 --", "\\", "x" * 10_000, "🍵"]
)
def test_any_search_for_orders_is_answered(page: Client, manager: User, asked: str) -> None:
    shop.shipped_order(operator=manager)
    assert page.get("/admin/orders/order/", {"q": asked}).status_code == 200


def test_an_order_is_found_by_what_a_caller_can_say(page: Client, manager: User) -> None:
    order = shop.shipped_order(operator=manager)
    parcel = order.parcels.get()
    payment = order.payments.get()
    paid_under = str(payment.transaction_id)
    known = [order.order_no, parcel.tracking_no, paid_under, payment.payment_no, "13800000000"]
    for said in known:
        assert order.order_no in page.get("/admin/orders/order/", {"q": said}).content.decode(), said
    assert order.order_no not in page.get("/admin/orders/order/", {"q": "13800000001"}).content.decode()


@pytest.mark.parametrize("kept", ["13900009876", "+8613900009876", "8613900009876"])
@pytest.mark.parametrize("asked", ["13900009876", "+86 139 0000 9876", "\u202d139-0000-9876\u202c", "9876"])
def test_an_order_is_found_by_its_phone_number_or_the_last_four_digits(
    page: Client, manager: User, kept: str, asked: str
) -> None:
    order = shop.shipped_order(operator=manager)
    other = shop.shipped_order(operator=manager)
    Order.objects.filter(pk=order.pk).update(address={**order.address, "phone": kept})

    listed = page.get("/admin/orders/order/", {"q": asked}).content.decode()

    assert (order.order_no in listed, other.order_no in listed) == (True, False)


@pytest.mark.parametrize("asked", ["13900001", "139000012", "390000123", "00001234"])
def test_no_other_part_of_a_phone_number_finds_an_order(page: Client, manager: User, asked: str) -> None:
    order = shop.shipped_order(operator=manager)
    Order.objects.filter(pk=order.pk).update(address={**order.address, "phone": "13900001234"})
    assert order.order_no not in page.get("/admin/orders/order/", {"q": asked}).content.decode()


def test_members_and_their_stored_value_are_found_by_phone(page: Client, settings: Any) -> None:
    settings.WALLET_ENABLED = True
    found, other = members.member("小茶", phone="13900001234"), members.member("大茶", phone="13900005678")
    for member in (found, other):
        wallets.funded(1_000, member=member)
    for address in ("/admin/members/member/", "/admin/wallet/account/"):
        for asked in ("+86 13900001234", "1234"):
            listed = page.get(address, {"q": asked}).content.decode()
            assert (found.public_id in listed, other.public_id in listed) == (True, False), (address, asked)
        part = page.get(address, {"q": "13900001"}).content.decode()
        assert found.public_id not in part, address


def test_consents_are_found_by_their_member_and_promises_by_their_goods(page: Client, manager: User) -> None:
    shop.fill(2, operator=manager)
    consent = Consent.objects.select_related("member").order_by("pk")[0]
    Member.objects.filter(pk=consent.member_id).update(phone="13900001234")
    for asked in (consent.member.public_id, "13900001234", "1234"):
        found = page.get("/admin/members/consent/", {"q": asked}).context["cl"].result_list
        assert {one.member_id for one in found} == {consent.member_id}, asked
    sku = counter.goods(1000)
    ours = Promise.objects.create(sku=sku, hours=24)
    for asked in (sku.code, sku.product.title):
        assert ours in page.get("/admin/deadlines/promise/", {"q": asked}).context["cl"].result_list, asked
    assert not page.get("/admin/deadlines/promise/", {"q": "NOWHERE"}).context["cl"].result_list


def test_the_tab_of_a_status_lists_orders_in_it(page: Client, manager: User) -> None:
    order = shop.shipped_order(operator=manager)
    assert order.order_no in page.get("/admin/orders/order/?status__exact=SHIPPED").content.decode()
    assert order.order_no not in page.get("/admin/orders/order/?status__exact=PAID").content.decode()


def test_a_long_ledger_is_paged_on_and_back_without_counting_it(page: Client, manager: User) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(operator=manager, action="查看手机号", subject=f"{number}", at=shop.NOW)
        for number in range(CappedPaginator.most + 1)
    )
    with CaptureQueriesContext(connection) as asked:
        first = page.get("/admin/base/auditentry/").content.decode()
    counts = [one["sql"] for one in asked if "COUNT(" in one["sql"] and "auditentry" in one["sql"]]
    assert len(counts) == 1
    assert f"LIMIT {CappedPaginator.most + 1}" in counts[0]
    assert "?p=2" in first
    assert "9999999999" not in first
    last = page.get("/admin/base/auditentry/?p=34").content.decode()
    assert "?p=33" in last
    assert "?p=35" not in last


def test_a_short_ledger_and_a_narrow_search_say_how_many_there_are(page: Client, manager: User) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(operator=manager, action="查看手机号", subject=f"第{number % 2}类", at=shop.NOW)
        for number in range(74)
    )
    shown = "".join(shop.shown(page.get("/admin/base/auditentry/")))
    assert "74" in shown
    assert "37 条结果" in "".join(shop.shown(page.get("/admin/base/auditentry/?q=第1类")))


def test_every_list_of_ours_is_paged_so() -> None:
    ours = [one for model, one in admin.site._registry.items() if model.__module__.startswith("apps.")]
    assert len(ours) > 40
    assert [str(one) for one in ours if not issubclass(one.paginator, CappedPaginator)] == []
    assert [str(one) for one in ours if one.show_full_result_count] == []


def unsortable(page: Any, operator: User) -> list[str]:
    """The columns of a list that offer to be sorted by, and by which it cannot be."""
    request: Any = RequestFactory().get("/")
    request.user = operator
    listed = page.get_changelist_instance(request)
    offered = [
        place
        for place, name in enumerate(listed.list_display)
        if name != "action_checkbox" and listed.get_ordering_field(name)
    ]
    broken = []
    for place in offered:
        for asked in (f"{place}", f"-{place}"):
            listed.params = {ORDER_VAR: asked}
            try:
                list(listed.root_queryset.order_by(*listed.get_ordering(request, listed.root_queryset))[:1])
            except FieldError:
                broken.append(f"{page.opts.label_lower}?o={asked}")
    return broken


def test_every_list_can_be_sorted_by_every_column_that_offers_it_both_ways(manager: User) -> None:
    pages = [one for model, one in admin.site._registry.items() if model.__module__.startswith("apps.")]
    assert [found for page in pages for found in unsortable(page, manager)] == []
