"""Whatever an operator does is in the audit log with before and after, and the row's history shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.base import audit
from apps.base.models import AuditEntry
from apps.catalog.models import Product
from apps.orders.models import Order
from apps.wechat.sandbox.control import Sandbox
from tests.admin.asking import PAGES, Page
from tests.admin.test_two_operators import open_page, priced
from tests.apps.catalog import make as catalog
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_doors_open(settings: Any, wechat: Sandbox) -> None:
    settings.WALLET_ENABLED = True
    settings.WECHAT_WAYBILLS = True


@pytest.fixture(params=sorted(PAGES))
def asks(request: Any) -> Page:
    made: Page = PAGES[request.param]()
    return made


def test_every_button_writes_down_who_pressed_it_once(page: Client, manager: User, asks: Page) -> None:
    before = AuditEntry.objects.count()
    answer = page.get(asks.address)
    looked = AuditEntry.objects.count()
    seen = {"seen": answer.context["seen"]} if answer.context and answer.context.get("seen") else {}
    assert page.post(asks.address, {**seen, **asks.typed}).status_code == 302
    made = list(AuditEntry.objects.order_by("id")[looked:])
    assert looked - before <= 1
    assert [(entry.operator, bool(entry.action), bool(entry.subject)) for entry in made] == [
        (manager, True, True)
    ]


def test_a_refund_says_what_became_of_the_order_and_its_history_shows_it(page: Client) -> None:
    asks = PAGES["orders_order_refund_whole"]()
    page.post(asks.address, asks.typed)
    order = Order.objects.get()
    entry = AuditEntry.objects.get(kind="orders.order", key=str(order.pk))
    changes = {label: (before, after) for label, before, after in entry.changes}
    assert entry.action == "全额退款"
    assert ("待发货", "已退款") in changes.values()
    assert "杯口有裂纹" in entry.note
    shown = page.get(f"/admin/orders/order/{order.pk}/history/").content.decode()
    assert "全额退款" in shown
    assert "杯口有裂纹" in shown


def test_what_was_refused_is_not_written_down_as_done(page: Client) -> None:
    asks = PAGES["orders_order_refund_whole"]()
    assert asks.spoil is not None
    asks.spoil()
    assert page.post(asks.address, asks.typed).status_code == 409
    assert AuditEntry.objects.count() == 0


def test_a_price_that_was_typed_is_written_down_with_the_old_one(page: Client) -> None:
    product = catalog.product()
    opened = open_page(page, product)
    answer = page.post(opened.address, opened.typed(grid=priced(opened, "188"), title="明前龙井"))
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(kind="catalog.product")
    told = [(before, after) for _, before, after in entry.changes]
    assert ("¥100.00", "¥188.00") in told
    assert any(after == "明前龙井" for _, after in told)


def test_taking_goods_off_sale_is_written_down_for_each(page: Client, manager: User) -> None:
    rows = [catalog.product(), catalog.product()]
    chosen = {"action": "take_off_sale", "_selected_action": [row.pk for row in rows]}
    page.post("/admin/catalog/product/", chosen)
    found = AuditEntry.objects.filter(kind="catalog.product", action="下架")
    assert sorted(found.values_list("key", flat=True)) == sorted(str(row.pk) for row in rows)
    assert {entry.operator for entry in found} == {manager}


def test_what_is_deleted_leaves_what_it_was(page: Client) -> None:
    brand = catalog.brand("狮峰")
    page.post(f"/admin/catalog/brand/{brand.pk}/delete/", {"post": "yes"})
    entry = AuditEntry.objects.get(kind="catalog.brand")
    assert entry.action == "删除"
    assert "狮峰" in json.dumps(entry.changes, ensure_ascii=False)


def test_the_log_quotes_nobodys_phone(page: Client) -> None:
    member = members.member(phone="13800138000")
    chosen = {"action": "disable", "_selected_action": [member.pk]}
    page.post("/admin/members/member/", chosen)
    page.post(f"/admin/members/member/{member.pk}/phone/")
    told = json.dumps(list(AuditEntry.objects.values("note", "subject", "changes")), ensure_ascii=False)
    assert member.public_id in told
    assert "13800138000" not in told


def test_who_may_not_set_prices_reads_them(operator_with: Callable[..., Client]) -> None:
    product = catalog.product()
    editor = operator_with(
        *(
            f"catalog.{act}_{name}"
            for act in ("view", "change", "add")
            for name in ("product", "sku", "productimage")
        )
    )
    opened = open_page(editor, product)
    assert [name for name in opened.inputs if name.endswith("price_fen")] == []
    skus = product.skus.get()
    answer = editor.post(opened.address, opened.typed(subtitle="新", **{"skus-0-price_fen": "1"}))
    assert answer.status_code == 302
    assert (Product.objects.get().subtitle, product.skus.get().price_fen) == ("新", skus.price_fen)


def test_entries_old_and_new_tell_what_a_column_of_pairs_held_in_words(page: Client) -> None:
    row = catalog.product()
    Product.objects.filter(pk=row.pk).update(attributes=[{"name": "产地", "value": "杭州"}])
    row.refresh_from_db()
    new = audit.between(row, {**audit.values_of([row])[row.pk], "attributes": []})
    old = ["商品参数", "", "{'name': '材质', 'value': '陶瓷'}"]
    AuditEntry.objects.create(
        action="修改", kind="catalog.product", key=str(row.pk), changes=[*new, old], at=timezone.now()
    )
    for address in (f"/admin/catalog/product/{row.pk}/history/", "/admin/base/auditentry/"):
        shown = page.get(address).text
        assert "产地：杭州" in shown
        assert "材质：陶瓷" in shown
        assert "&#x27;name&#x27;" not in shown
