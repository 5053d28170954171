"""Slots and packing in the admin: what operators keep, who comes when, and who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.base import roles
from apps.base.models import AuditEntry
from apps.catalog.models import Product
from apps.checkout.packing import Wanted
from apps.fulfillment.models import PackingOption
from apps.pickup.models import SlotClosing, SlotSeat, SlotTemplate
from tests.admin.browser import Browser
from tests.apps.content.make import photo
from tests.apps.fulfillment import packings
from tests.apps.pickup import make, slotted

pytestmark = pytest.mark.django_db
TEMPLATES = "/admin/pickup/slottemplate/"
SEATS = "/admin/pickup/slotseat/"
PACKINGS = "/admin/fulfillment/packingoption/"


def said(answer: Any) -> str:
    return str(answer.content.decode())


def as_role(role: str) -> Client:
    roles.make()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Browser()
    client.force_login(user)
    return client


def times(place: Any, **columns: Any) -> dict[str, Any]:
    return {
        "place": place.pk, "kind": "CITY", "weekdays": [1, 3], "starts_at": "09:00", "ends_at": "11:00",
        "capacity": 4, "order_before_min": 30, "active": "on", **columns,
    }  # fmt: skip


def test_an_operator_keeps_times_of_the_week_and_days_off() -> None:
    page = as_role("运营")
    lake = make.shop(**make.RIDES)
    assert page.post(f"{TEMPLATES}add/", times(lake)).status_code == 302
    row = SlotTemplate.objects.get()
    assert (row.weekdays, row.capacity, str(row)) == ([1, 3], 4, "西湖门店 09:00-11:00")
    assert "周一、周三" in said(page.get(TEMPLATES))
    for wrong, told in (
        ({"ends_at": "09:00"}, "结束须晚于开始"),
        ({"weekdays": []}, "请填写此项"),
        ({"weekdays": [8]}, "8"),
        ({"capacity": 0}, "1"),
        ({"capacity": 1001}, "1000"),
        ({"place": make.shop("滨江门店").pk}, "该门店不提供同城配送"),
    ):
        answer = page.post(f"{TEMPLATES}add/", {**times(lake), **wrong})
        assert answer.status_code == 200 and told in said(answer), wrong
    assert SlotTemplate.objects.count() == 1
    day = {"day": "2026-03-08", "place": "", "note": "妇女节"}
    assert page.post("/admin/pickup/slotclosing/add/", day).status_code == 302
    again = page.post("/admin/pickup/slotclosing/add/", day)
    assert again.status_code == 200 and "该门店这一天已登记" in said(again)
    assert str(SlotClosing.objects.get()) == "2026-03-08 全部门店"
    assert AuditEntry.objects.filter(operator__username="运营").count() == 2


def test_the_riders_list_is_in_the_order_of_time_with_goods_and_card() -> None:
    now = timezone.now()
    lake = make.shop(**make.RIDES)
    cup = make.goods(lake, 10, title="手工陶瓷茶杯")
    card = packings.card()
    row = slotted.template(lake)
    later = slotted.paid(row, cup, at=now, ahead=3)
    sooner = slotted.paid(row, cup, at=now, ahead=1, packing=Wanted(card.pk, "<b>生日快乐</b>"))
    clerk = as_role("店员")
    page = said(clerk.get(f"{SEATS}?coming=yes"))
    assert page.index(sooner.order_no) < page.index(later.order_no)
    for told in ("手工陶瓷茶杯 × 1；【包装】礼品包装 × 1", "&lt;b&gt;生日快乐&lt;/b&gt;", "已占用"):
        assert told in page, told
    assert later.order_no not in said(clerk.get(f"{SEATS}?coming=tomorrow"))
    assert sooner.order_no in said(clerk.get(f"{SEATS}?coming=tomorrow"))
    seat = SlotSeat.objects.get(order=sooner)
    assert clerk.get(f"{SEATS}{seat.pk}/change/").status_code == 200
    # The clerk reads: no order, no time of the week, no packing is the clerk's to change.
    assert clerk.get(f"/admin/orders/order/{sooner.pk}/change/").status_code == 403
    assert clerk.post(f"{TEMPLATES}{row.pk}/change/", times(lake)).status_code == 403
    assert clerk.get(PACKINGS).status_code == 403
    seen = said(as_role("店长").get(f"/admin/orders/order/{sooner.pk}/change/"))
    for told in (f"定时达 {sooner.slot_text}", "礼品包装，贺卡：&lt;b&gt;生日快乐", "【包装】礼品包装"):
        assert told in seen, told


def test_a_packing_gets_its_hidden_product_and_is_never_deleted() -> None:
    page = as_role("运营")
    form = {
        "name": "尊享包装", "text": "硬盒", "price_fen": "15.00", "cost_fen": "6.50", "message_most": "0",
        "uses_stock": "on", "active": "on", "position": "0",
    }  # fmt: skip
    picture = SimpleUploadedFile("box.jpg", photo())
    answer = page.post(f"{PACKINGS}add/", {**form, "image": picture})
    assert answer.status_code == 302, said(answer)
    option = PackingOption.objects.select_related("sku__product__category").get()
    product: Product = option.sku.product
    assert (option.price_fen, option.sku.price_fen, option.sku.cost_fen) == (1500, 1500, 650)
    assert (product.title, product.packing, product.on_sale) == ("尊享包装", True, False)
    assert product.cover.name == option.image.name and not product.category.visible
    page.post(f"{PACKINGS}{option.pk}/change/", {**form, "name": "尊享礼盒", "price_fen": "18.00"})
    product.refresh_from_db()
    option.sku.refresh_from_db()
    assert (product.title, product.price_fen, option.sku.price_fen) == ("尊享礼盒", 1800, 1800)
    assert page.get(f"{PACKINGS}{option.pk}/delete/").status_code == 403
    # Its product is neither listed among the goods nor edited as one.
    page.get("/admin/")  # where the word of success is read
    assert "尊享礼盒" not in said(page.get("/admin/catalog/product/"))
    assert page.post(f"/admin/catalog/product/{product.pk}/change/", {"title": "茶杯"}).status_code == 403
    assert timezone.now() - product.created_at < timedelta(minutes=5)
