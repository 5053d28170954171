"""Goods go back: asked for by the shopper, decided on the admin's pages, paid back by WeChat; and exchanged for new ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.inventory.models import Stock
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.stores.models import Place
from apps.wechat.sandbox.control import Sandbox
from tests.admin.browser import Browser
from tests.apps.aftersales import apply
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shopkeeper() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("店长"))
    return browser


def pressed(operator: Browser, number: str, button: str, **typed: str) -> None:
    """The operator opens the page of a button of an application, fills it in and sends it."""
    row = AfterSale.objects.get(after_sale_no=number)
    address = f"{reverse('admin:aftersales_aftersale_changelist')}{row.pk}/{button}/"
    seen = operator.get(address).context["seen"]
    answer = operator.post(address, {**typed, "seen": seen})
    assert answer.status_code == 302, answer.content.decode()[:4000]


def received(shopper: Shopper, cup: Any, units: int) -> str:
    """An order of so many cups that was paid at WeChat, sent, and received."""
    fulfillment.carriers()
    apply.reasons()
    order_no: str = shopper.orders(cup.pk, units)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    fulfillment.parcel(Order.objects.get(order_no=order_no), at=timezone.now())
    shopper.does("POST", f"/orders/{order_no}/receive")
    outbox.deliver_due(at=timezone.now())
    return order_no


def wants(shopper: Shopper, order_no: str, units: int, *, kind: str, reason: str) -> str:
    (line,) = shopper.sees(order_no)["items"]
    ask = {"kind": kind, "lines": [{"line_id": line["line_id"], "quantity": units}], "reason": reason}
    seen = shopper.does("POST", f"/orders/{order_no}/after-sales/preview", ask)
    made = shopper.does("POST", f"/orders/{order_no}/after-sales", ask, Idempotency_Key=f"{kind}-1")
    assert (made["status"], made["amount_fen"]) == ("APPLIED", seen["amount_fen"])
    return str(made["after_sale_no"])


def test_two_of_three_cups_are_accepted_and_their_money_is_back(
    shopper: Shopper, wechat: Sandbox, shopkeeper: Browser
) -> None:
    cup = counter.goods(2000, units=10, title="茶杯")
    order_no = received(shopper, cup, 3)
    number = wants(shopper, order_no, 3, kind="RETURN", reason="QUALITY")
    door = f"/after-sales/{number}"

    pressed(shopkeeper, number, "approve")
    assert shopper.does("GET", door)["return_to"]["name"] == Place.objects.get().name
    shopper.does("POST", f"{door}/return-parcel", {"carrier": "顺丰速运", "tracking_no": "SF1234567890"})
    shopper.does("POST", f"{door}/messages", {"text": "已寄出"})
    pressed(shopkeeper, number, "arrive", place=str(Place.objects.get().pk))
    line = AfterSale.objects.get(after_sale_no=number).lines.get().order_line_id
    pressed(
        shopkeeper,
        number,
        "inspect",
        **{f"accepted_{line}": "2", f"damaged_{line}": "1", "amount_fen": "", "note": "一只杯口有使用痕迹"},
    )
    under_way = shopper.does("GET", door)
    assert (under_way["status"], under_way["amount_fen"], under_way["money"]) == ("APPROVED", 4000, "PENDING")
    # Seven were left, two came back, one of them broken.
    assert Stock.objects.get().on_hand == 8

    refunds.submit_due(at=timezone.now())
    wechat.wait(lambda: shopper.sees(order_no)["refunds"][0]["status"] == "DONE")
    outbox.deliver_due(at=timezone.now())

    done = shopper.does("GET", door)
    assert (done["status"], done["money"], done["deadline_at"]) == ("DONE", "DONE", None)
    assert [row["move"] for row in done["history"]] == [
        "apply",
        "approve",
        "send_back",
        "message",
        "arrive",
        "accept",
        "finish",
    ]
    assert "接受 2/3 件" in done["history"][5]["text"]
    assert [row["refund_fen"] for row in wechat.refunds()] == [4000]
    seen = shopper.sees(order_no)
    assert (seen["status"], seen["money_back_fen"], seen["items"][0]["refunded"]) == ("RECEIVED", 4000, 2)


def test_a_cup_is_exchanged_for_a_new_one_and_no_money_moves(
    shopper: Shopper, wechat: Sandbox, shopkeeper: Browser
) -> None:
    cup = counter.goods(2000, units=10, title="茶杯")
    order_no = received(shopper, cup, 1)
    number = wants(shopper, order_no, 1, kind="EXCHANGE", reason="SIZE")
    door = f"/after-sales/{number}"

    pressed(shopkeeper, number, "approve")
    assert (Stock.objects.get().on_hand, Stock.objects.get().held) == (9, 1)
    shopper.does("POST", f"{door}/return-parcel", {"carrier": "SF", "tracking_no": "SF1234567890"})
    pressed(shopkeeper, number, "arrive", place=str(Place.objects.get().pk))
    line = AfterSale.objects.get(after_sale_no=number).lines.get().order_line_id
    pressed(shopkeeper, number, "inspect", **{f"accepted_{line}": "1", "note": ""})
    pressed(shopkeeper, number, "dispatch", carrier="SF", tracking_no="SF5566778899")

    done = shopper.does("GET", door)
    assert (done["status"], done["new_parcel"]["tracking_no"]) == ("DONE", "SF5566778899")
    assert (Stock.objects.get().on_hand, Stock.objects.get().held) == (9, 0)
    assert wechat.refunds() == []
    assert shopper.sees(order_no)["status"] == "RECEIVED"
