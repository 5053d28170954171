"""The counter's page in the admin: look up, check, hand over; putting ready; who may do which."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from apps.base import roles
from apps.orders.models import Order
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
