"""Shipping information (发货信息管理服务): tell WeChat what was sent, without which it keeps the money.

Source: 小程序 微信发货信息管理服务, uploadShippingInfo and getOrder; 物流消息 get_delivery_list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Any

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

UPLOAD_PATH = "/wxa/sec/order/upload_shipping_info"
ORDER_PATH = "/wxa/sec/order/get_order"
SPECIAL_PATH = "/wxa/sec/order/opspecialorder"
CARRIERS_PATH = "/cgi-bin/express/delivery/open_msg/get_delivery_list"

MOST_PARCELS = 15
_DESCRIPTION_CHARACTERS = 120
# delivery_mode: 统一发货 and 分拆发货.
_UNIFIED, _SPLIT = 1, 2
_BEIJING = timezone(timedelta(hours=8))

# 10060001: WeChat's shipping service does not know the payment yet (10 to 60 s after the notify it does).
_LATER = frozenset({10060001, 10060012, 10060019})
# opspecialorder: 268546002 is a payment that is not to be shipped, or one that WeChat does not know yet.
_PRESALE = 1
_NOT_TO_SHIP = 268546002
# 10060002: fully shipped already; 10060023: nothing changed.
_DONE_ALREADY = frozenset({10060002, 10060023})


class Logistics(IntEnum):
    """How the goods travel (logistics_type)."""

    EXPRESS = 1
    CITY = 2
    VIRTUAL = 3
    PICKUP = 4


class Uploaded(StrEnum):
    """What became of an upload. ALREADY: WeChat had it, perhaps with other parcels; ``get_order`` shows."""

    ACCEPTED = "accepted"
    ALREADY = "already"


class OrderState(IntEnum):
    """WeChat's view of the order; it goes 1, 2, 3, 6, 4, or to 5."""

    TO_SHIP = 1
    SHIPPED = 2
    CONFIRMED = 3
    COMPLETED = 4
    REFUNDED = 5
    SETTLING = 6


@dataclass(frozen=True)
class Parcel:
    """One parcel. ``carrier_id`` is a delivery_id of ``carriers()``; both are empty unless sent by express.

    ``receiver_phone`` may be whole or masked already; only its masked form leaves the shop.
    """

    item_desc: str
    tracking_no: str = ""
    carrier_id: str = ""
    receiver_phone: str = field(default="", repr=False)


@dataclass(frozen=True)
class ShippedOrder:
    """What WeChat's shipping service knows about one payment."""

    transaction_id: str
    merchant_trade_no: str
    state: OrderState
    finished: bool
    in_complaint: bool
    raw: dict[str, Any] = field(repr=False)

    @property
    def tracking_nos(self) -> frozenset[str]:
        """The numbers of the parcels that it was told of."""
        sent = self.raw.get("shipping")
        listed = sent.get("shipping_list") if isinstance(sent, dict) else None
        return frozenset(
            str(one["tracking_no"])
            for one in listed or []
            if isinstance(one, dict) and one.get("tracking_no")
        )

    @property
    def split(self) -> bool:
        """Whether it was told as a delivery in several parcels (delivery_mode 2)."""
        sent = self.raw.get("shipping")
        return isinstance(sent, dict) and sent.get("delivery_mode") == _SPLIT


@dataclass(frozen=True)
class Carrier:
    """A carrier by WeChat's id ("SF") and Chinese name."""

    id: str
    name: str


def upload(
    *,
    transaction_id: str,
    openid: str,
    parcels: Sequence[Parcel],
    at: datetime,
    logistics: Logistics = Logistics.EXPRESS,
    all_delivered: bool = True,
    was_split: bool = False,
) -> Uploaded:
    """Tell WeChat what was sent for the payment ``transaction_id``; ``at`` must be later than the last time.

    Several parcels, or a first of several (``all_delivered`` false), go as a split delivery, express only; and so
    does one that was told as such before and turned out to be all (``was_split``): a change of mode would use up
    the payment's one correction.
    Raises ShippingNotYet (come back in 10 to 60 s), other WechatUnavailable (with ``effect_unknown`` look at
    ``get_order`` before repeating: each payment may be re-shipped only once), WechatRefused (final).
    """
    if not 1 <= len(parcels) <= MOST_PARCELS:
        raise ValueError(f"1 to {MOST_PARCELS} parcels, not {len(parcels)}")
    split = was_split or len(parcels) > 1 or not all_delivered
    body: dict[str, Any] = {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "logistics_type": int(logistics),
        "delivery_mode": _SPLIT if split else _UNIFIED,
        "shipping_list": [_as_listed(parcel) for parcel in parcels],
        "upload_time": at.astimezone(_BEIJING).isoformat(timespec="milliseconds"),
        "payer": {"openid": openid},
    }
    if split:
        body["is_all_delivered"] = all_delivered
    try:
        miniprogram.call(UPLOAD_PATH, body, changes=True)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode in _DONE_ALREADY:
            return Uploaded.ALREADY
        if refused.errcode in _LATER:
            raise wechat_errors.ShippingNotYet(int(refused.errcode), refused.errmsg) from None
        raise
    return Uploaded.ACCEPTED


def get_order(*, transaction_id: str) -> ShippedOrder:
    """Return WeChat's view of the payment. Raises ShippingNotYet while WeChat does not know it yet."""
    try:
        told = miniprogram.call(ORDER_PATH, {"transaction_id": transaction_id}, changes=False)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode in _LATER:
            raise wechat_errors.ShippingNotYet(int(refused.errcode), refused.errmsg) from None
        raise
    order = told.get("order")
    if not isinstance(order, dict):
        raise wechat_errors.WechatBadAnswer(f"{ORDER_PATH} answered no order")
    state = order.get("order_state")
    if state not in list(OrderState):
        raise wechat_errors.WechatBadAnswer(f"{ORDER_PATH} answered an unknown state")
    sent = order.get("shipping")
    return ShippedOrder(
        transaction_id=str(order.get("transaction_id", "")),
        merchant_trade_no=str(order.get("merchant_trade_no", "")),
        state=OrderState(state),
        finished=bool(sent.get("finish_shipping")) if isinstance(sent, dict) else False,
        in_complaint=bool(order.get("in_complaint")),
        raw=order,
    )


def report_presale(*, transaction_id: str, delay_to: datetime) -> None:
    """Tell WeChat that a pre-sale's payment leaves as late as ``delay_to``, or it counts it as late after fifteen days.

    Raises ShippingNotYet where WeChat does not know the payment (yet), other WechatUnavailable, WechatRefused (final).
    Source: 小程序 微信发货信息管理服务, opspecialorder.
    """
    body = {"order_id": transaction_id, "type": _PRESALE, "delay_to": int(delay_to.timestamp())}
    try:
        miniprogram.call(SPECIAL_PATH, body, changes=True)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode == _NOT_TO_SHIP:
            raise wechat_errors.ShippingNotYet(int(refused.errcode), refused.errmsg) from None
        raise


def carriers() -> tuple[Carrier, ...]:
    """Return the carriers that WeChat knows, in its order. The list changes rarely: keep it for a day."""
    told = miniprogram.call(CARRIERS_PATH, {}, changes=False)
    listed = told.get("delivery_list")
    if not isinstance(listed, list):
        raise wechat_errors.WechatBadAnswer(f"{CARRIERS_PATH} answered no list")
    return tuple(
        Carrier(id=str(one["delivery_id"]), name=str(one["delivery_name"]))
        for one in listed
        if isinstance(one, dict) and one.get("delivery_id") and one.get("delivery_name")
    )


def masked(phone: str) -> str:
    """Return ``phone`` with its last four digits visible, as WeChat wants contacts: 138****1234."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else f"****{phone[-4:]}"


def _as_listed(parcel: Parcel) -> dict[str, Any]:
    """Return the parcel as WeChat lists it. Only SF needs the receiver, so nobody else is told."""
    listed: dict[str, Any] = {"item_desc": parcel.item_desc[:_DESCRIPTION_CHARACTERS]}
    if parcel.tracking_no:
        listed |= {"tracking_no": parcel.tracking_no, "express_company": parcel.carrier_id}
    if parcel.carrier_id == "SF" and parcel.receiver_phone:
        listed["contact"] = {"receiver_contact": masked(parcel.receiver_phone)}
    return listed
