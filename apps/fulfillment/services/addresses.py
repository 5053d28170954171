"""Puts an order's address right as long as nothing of it has left the shop, and keeps what it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.fulfillment.models import Parcel, Waybill
from apps.fulfillment.states import WaybillStatus
from apps.orders import reach
from apps.orders import services as orders
from apps.orders.models import AddressChange, Order
from apps.orders.states import Status
from mall import regions
from mall import text as texts
from mall.errors import Fault, Faulty, ShopError

# Paid, wholly or in part, and not sent: who has not paid can order anew, to wherever they like.
CORRECTABLE: Final = (Status.RESERVED, Status.GATHERING, Status.PAID)
_LONGEST: Final[Mapping[str, int]] = {
    "name": 25,
    "phone": 40,
    "province": 20,
    "city": 20,
    "district": 20,
    "detail": 120,
    "postal_code": 6,
}
# What an order that riders bring keeps.
_NEAR: Final = ("province", "city", "district")
_LABELS: Final[Mapping[str, str]] = {
    "name": "收货人",
    "phone": "手机号",
    "province": "省",
    "city": "市",
    "detail": "详细地址",
}


class AddressTooLate(ShopError):
    """A parcel has left, or the order is not paid, over, or needs no address."""

    code = "address_too_late"
    message = "只有尚未发出任何包裹的已付款订单才能修改收货信息"


class AddressUnchanged(ShopError):
    """What was typed is what the order has."""

    code = "address_unchanged"
    message = "收货信息没有变化"


def is_correctable(order: Order) -> bool:
    """Whether an order's address may be put right now."""
    return (
        order.status in CORRECTABLE
        and bool(order.address.get("detail"))
        and not Parcel.objects.filter(order=order).exists()
        # The label that is being made bears the address.
        and not Waybill.objects.filter(order=order, status=WaybillStatus.ASKED).exists()
    )


def correct(
    *, order_no: str, address: Mapping[str, str], reason: str, operator: Any, at: datetime
) -> AddressChange:
    """Give an order another address before anything leaves; the freight that was paid stays what it is.

    ``address`` has the parts of an order's address; they are brought to their one form. Raises NotFound, Faulty with the
    parts that are wrong, AddressUnchanged, and AddressTooLate once a parcel has left.
    """
    told = _judged(address)
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        reach.require(order, operator=operator)
        if not is_correctable(order):
            raise AddressTooLate
        if all(str(order.address.get(part, "")) == value for part, value in told.items()):
            raise AddressUnchanged
        if order.delivery is not None:
            _require_near(order, told)
        return orders.rewrite_address(order=order, address=told, reason=reason, operator=operator, at=at)


def _require_near(order: Order, told: Mapping[str, str]) -> None:
    """An order that riders bring stays in its district: nobody has measured the way to another. Raises Faulty."""
    moved = [part for part in _NEAR if str(order.address.get(part, "")) != told[part]]
    if moved:
        raise Faulty([Fault(part, "同城配送订单只能在原区内修改；换区请退款后重新下单") for part in moved])


def _judged(address: Mapping[str, str]) -> dict[str, str]:
    """The parts in their one form, as members' addresses are judged. Raises Faulty."""
    told = {part: texts.plain(str(address.get(part, ""))) for part in _LONGEST}
    faults = [Fault(part, f"请填写{label}") for part, label in _LABELS.items() if not told[part]]
    faults += [Fault(part, f"最多 {most} 字") for part, most in _LONGEST.items() if len(told[part]) > most]
    if told["postal_code"] and not re.fullmatch(r"[0-9]{6}", told["postal_code"]):
        faults.append(Fault("postal_code", "邮编应为 6 位数字"))
    try:
        regions.require_province(told["province"])
    except regions.RegionUnknown as refusal:
        faults.append(Fault("province", refusal.text))
    else:
        try:
            regions.require_city(told["province"], told["city"])
        except regions.RegionUnknown as refusal:
            faults.append(Fault("city", refusal.text))
    number = texts.phone(told["phone"], province=told["province"])
    if told["phone"] and number is None:
        faults.append(Fault("phone", "请填写正确的手机号"))
    if faults:
        raise Faulty(faults)
    return {**told, "phone": number or ""}
