"""The counter's page in the admin: look up, check, hand over; putting ready; who may do which."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from apps.base import roles
from apps.base.admin import chip
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.parts import masked_address
from apps.pickup import codes
from apps.pickup.models import Pickup
from mall import text as texts
from tests.apps.pickup import make

pytestmark = pytest.mark.django_db
LIST = "/admin/pickup/pickup/"
COUNTER = f"{LIST}add/"


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_clerk_puts_an_order_ready_scans_its_picture_and_hands_it_over(
    admin_client: Client, admin_user: User
) -> None:
    shop = make.shop()
    now = timezone.now()
    order = make.fetched_from(shop, make.goods(shop, title="手工陶瓷茶杯"), 2, at=now)
    row = Pickup.objects.get(order=order)
    assert "备货完成" in said(admin_client.get(f"{LIST}{row.pk}/change/"))
    assert admin_client.post(f"{LIST}{row.pk}/ready/").status_code == 302
    word, _ = codes.word_of(row.pk, at=now)
    page = said(admin_client.get(f"{COUNTER}?code={word}"))
    assert f'value="{word}"' in page and "查看商品" in page

    shown = admin_client.post(COUNTER, {"code": word, "place": shop.pk})
    for told in ("手工陶瓷茶杯", "× 2", texts.masked_number(order.order_no), "确认核销取货"):
        assert told in said(shown), told
    seen = shown.context["seen"]
    form = {"code": word, "place": shop.pk, "seen": seen, "step": "confirm"}
    assert Order.objects.get().status == "SHIPPED"
    done = admin_client.post(COUNTER, form, follow=True)
    assert f"已交付，订单 {order.order_no} 完成。" in said(done)
    row.refresh_from_db()
    assert (row.status, row.operator) == ("FETCHED", admin_user)
    again = admin_client.post(COUNTER, form)
    assert again.status_code == 409 and "该订单已取货" in said(again)


def test_operators_read_of_an_order_that_is_fetched_what_its_buyer_reads(admin_client: Client) -> None:
    shop = make.shop()
    order = make.fetched_from(shop, make.goods(shop), at=timezone.now())
    row = Pickup.objects.get(order=order)
    pages = ("/admin/orders/order/", f"/admin/orders/order/{order.pk}/change/")

    def reads(told: str, otherwise: str, colour: str) -> bool:
        shown = [said(admin_client.get(page)) for page in pages]
        return all(chip(told, colour) in page and chip(otherwise, colour) not in page for page in shown)

    assert reads("待备货", "待发货", "danger")
    assert admin_client.post(f"{LIST}{row.pk}/ready/").status_code == 302
    assert reads("待自提", "待收货", "info")
    assert re.search(r">\s*备货完成\s*<", said(admin_client.get(pages[1])))


def test_no_page_of_pickups_tells_a_buyers_whole_number(admin_client: Client) -> None:
    shop = make.shop()
    order = make.fetched_from(shop, make.goods(shop), at=timezone.now())
    Member.objects.filter(pk=order.member_id).update(phone="13977776666")
    row = Pickup.objects.get(order=order)
    assert admin_client.post(f"{LIST}{row.pk}/ready/").status_code == 302
    word, _ = codes.word_of(row.pk, at=timezone.now())
    counter = admin_client.post(COUNTER, {"code": word, "place": shop.pk})
    for page in (said(counter), said(admin_client.get(f"{LIST}{row.pk}/change/"))):
        assert "139****6666" in page and "7777" not in page


@pytest.mark.parametrize(
    ("phone", "told"),
    [
        ("13977776666", "139****6666"),
        ("010-6123456", "****3456"),
        ("+1234567890", "****7890"),
        ("+85298765432", "****5432"),
    ],
)
def test_an_address_tells_no_whole_number_of_whatever_form(phone: str, told: str) -> None:
    assert masked_address({"name": "林小茶", "phone": phone, "city": "杭州市"}) == f"林** {told} 杭州市****"


def test_a_clerk_sees_pickups_and_neither_orders_nor_money() -> None:
    shop = make.shop()
    make.fetched_from(shop, make.goods(shop))
    clerk = User.objects.create_user("店员", is_staff=True)
    roles.make()
    clerk.groups.add(Group.objects.get(name="店员"))
    client = Client()
    client.force_login(clerk)
    assert client.get(LIST).status_code == 200
    assert client.get(COUNTER).status_code == 200
    assert client.get("/admin/orders/order/").status_code == 403
