"""Paid orders to be shipped, and the carriers that take them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model

from apps.catalog.models import Sku
from apps.checkout import paying
from apps.fulfillment.models import Carrier, Parcel
from apps.fulfillment.services import parcels
from apps.orders.models import Order
from apps.wechat.pay import client
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.payments import make as payments

AT = counter.NOW
_numbers = count(1)


def carriers() -> None:
    """The carriers of these tests; tests that empty all tables take those of the migration with them."""
    for code, name in {"SF": "顺丰速运", "ZTO": "中通快递"}.items():
        Carrier.objects.get_or_create(code=code, defaults={"name": name})


def operator() -> Any:
    """The warehouse's login for the admin."""
    made, _ = get_user_model().objects.get_or_create(username="仓管员")
    return made


def paid_order(*quantities: int, at: datetime = AT, price_fen: int = 1000) -> Order:
    """A paid order with one line for each of these quantities (by default one line of one unit)."""
    carriers()
    wanted = [(counter.goods(price_fen), quantity) for quantity in quantities or (1,)]
    order = counter.order(*counter.buyer(), wanted, at=at)
    if order.payable_fen:
        attempt = payments.attempt(order, at=at)
        paying.confirm_payment(transaction=payments.paid(attempt), at=at)
    else:
        paying.pay(member=order.member, order_no=order.order_no, at=at)
    return Order.objects.get(pk=order.pk)


def paid_at_wechat(wechat: Sandbox, wanted: Iterable[tuple[Sku, int]], *, at: datetime) -> Order:
    """An order that the sandbox's shopper 小茶 paid there; ``at`` is about now, by WeChat's clock."""
    carriers()
    login = wechat.login("小茶")
    wechat.fault("notify_lost", times=9)
    member = members.member(openid=login.openid)
    return pay_at_wechat(wechat, counter.order(member, members.address(member), wanted, at=at), at=at)


def pay_at_wechat(wechat: Sandbox, order: Order, *, at: datetime) -> Order:
    """The order once its member, a shopper of the sandbox, has paid it there."""
    asked = paying.pay(member=order.member, order_no=order.order_no, at=at)
    assert asked is not None
    wechat.pay(order.member.openid, asked)
    number = order.payments.get().payment_no
    paying.confirm_payment(transaction=client.query(out_trade_no=number), at=at, from_query=True)
    return Order.objects.get(pk=order.pk)


def parcel(order: Order, *, at: datetime = AT, **said: Any) -> Parcel:
    """A parcel with all that is left of the order, or with these ``quantities``, under a number of its own."""
    whole = {
        "carrier_code": "ZTO",
        "tracking_no": f"ZT{next(_numbers):010d}",
        "quantities": None,
        "operator": None,
    }
    return parcels.ship(order_no=order.order_no, at=at, **{**whole, **said})
