"""Electronic waybills (物流助手 电子面单): accounts with couriers, a waybill by an order's own id, its print, cancelling it.

An ``order_id`` is the shop's and unique at WeChat: however often it is added there is one waybill, found by that id.
Source: 小程序 物流助手, /cgi-bin/express/business: account/getall, order/{add,get,cancel}. Pushes of its way: ``paths``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

ACCOUNTS_PATH: Final = "/cgi-bin/express/business/account/getall"
ADD_PATH: Final = "/cgi-bin/express/business/order/add"
GET_PATH: Final = "/cgi-bin/express/business/order/get"
CANCEL_PATH: Final = "/cgi-bin/express/business/order/cancel"
_MINI_PROGRAM: Final = 0  # add_source
_SINGLE: Final = 1  # print_type 一联单
_CANCELLED: Final = 1  # order_status
# 9300502: the courier's own system is down; the same order_id is to be sent again.
_COURIER_DOWN: Final = 9300502
_LONGEST: Final = 64
_LONGEST_ADDRESS: Final = 512
_LONGEST_NAME: Final = 128
_MOST_PRINT: Final = 2 * 1024 * 1024


class CourierDown(wechat_errors.WechatNotYet):
    """The courier behind WeChat does not answer; nothing was made."""

    code = "courier_down"
    what = "the courier is down"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the shop with a courier, and one service that it may order."""

    carrier_id: str
    biz_id: str
    service_type: int
    service_name: str
    quota: int


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends, or who gets it."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    province: str
    city: str
    district: str
    detail: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A waybill to be made; ``goods`` are (name, units), ``page`` is the order's page in the mini program."""

    order_id: str
    openid: str = field(repr=False)
    account: Account
    sender: Party
    receiver: Party
    goods: Sequence[tuple[str, int]]
    weight_g: int
    page: str
    picture_url: str


@dataclass(frozen=True, slots=True)
class Known:
    """What WeChat knows of a waybill; ``html`` is its print, empty where WeChat gave none."""

    number: str
    cancelled: bool
    html: str = field(repr=False)


def accounts() -> list[Account]:
    """Return the bound accounts, one for each of their services. Raises WechatUnavailable, WechatRefused."""
    told = miniprogram.read(ACCOUNTS_PATH, {}, changes=False).get("list")
    if not isinstance(told, list):
        raise wechat_errors.WechatBadAnswer(f"{ACCOUNTS_PATH} answered no list")
    rows = (row for row in told if isinstance(row, dict) and row.get("status_code", 0) == 0)
    return [
        Account(
            str(row.get("delivery_id", "")),
            str(row.get("biz_id", "")),
            int(service.get("service_type", 0)),
            str(service.get("service_name", "")),
            int(row.get("quota_num") or 0),
        )
        for row in rows
        for service in row.get("service_type") or []
        if isinstance(service, dict)
    ]


def add(wanted: Wanted) -> str:
    """Have a waybill made and return its number. Never repeated by itself: after an unknown outcome ask ``find``.

    Raises CourierDown, other WechatUnavailable, WechatRefused.
    """
    try:
        told = miniprogram.call(ADD_PATH, _body(wanted), changes=True)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, {_COURIER_DOWN: CourierDown}) from None
    return _number(told, ADD_PATH, changes=True)


def find(*, order_id: str, openid: str, carrier_id: str, number: str = "") -> Known:
    """Return the waybill that was made for an order_id. Raises WechatRefused where there is none, WechatUnavailable."""
    told = miniprogram.call(
        GET_PATH, {**_named(order_id, openid, carrier_id, number), "print_type": _SINGLE}, changes=False
    )
    return Known(
        number=_number(told, GET_PATH, changes=False),
        cancelled=told.get("order_status") == _CANCELLED,
        html=_html(told.get("print_html")),
    )


def cancel(*, order_id: str, openid: str, carrier_id: str, number: str) -> None:
    """Take a waybill back before the courier came. Raises WechatRefused, WechatUnavailable."""
    miniprogram.call(CANCEL_PATH, _named(order_id, openid, carrier_id, number), changes=True)


def _named(order_id: str, openid: str, carrier_id: str, number: str) -> dict[str, Any]:
    named = {"order_id": order_id, "openid": openid, "delivery_id": carrier_id}
    return {**named, "waybill_id": number} if number else named


def _body(wanted: Wanted) -> dict[str, Any]:
    account, units = wanted.account, sum(units for _, units in wanted.goods)
    return {
        "order_id": wanted.order_id,
        "openid": wanted.openid,
        "delivery_id": account.carrier_id,
        "biz_id": account.biz_id,
        "add_source": _MINI_PROGRAM,
        "sender": _party(wanted.sender),
        "receiver": _party(wanted.receiver),
        "cargo": {
            "count": 1,
            # Whole kilograms, begun ones as one: couriers weigh for themselves. They want some size; nobody measured it.
            "weight": max(1, -(-wanted.weight_g // 1000)),
            **dict.fromkeys(("space_x", "space_y", "space_z"), 1),
            "detail_list": [
                {"name": _cut(name, _LONGEST_NAME), "count": some} for name, some in wanted.goods
            ],
        },
        "shop": {
            "wxa_path": wanted.page,
            "img_url": wanted.picture_url,
            "goods_name": _cut(wanted.goods[0][0], _LONGEST_NAME),
            "goods_count": units,
        },
        "insured": {"use_insured": 0, "insured_value": 0},
        "service": {"service_type": account.service_type, "service_name": account.service_name},
        # SF must be told; 0: when courier and shop agreed.
        "expect_time": 0,
    }


def _party(party: Party) -> dict[str, str]:
    mobile = party.phone.isdecimal() and len(party.phone) == 11 and party.phone.startswith("1")
    return {
        "name": _cut(party.name, _LONGEST),
        "mobile" if mobile else "tel": party.phone,
        "country": "中国",
        "province": _cut(party.province, _LONGEST),
        "city": _cut(party.city, _LONGEST),
        "area": _cut(party.district or party.city, _LONGEST),
        "address": _cut(party.detail, _LONGEST_ADDRESS),
    }


def _number(told: Mapping[str, Any], path: str, *, changes: bool) -> str:
    number = told.get("waybill_id")
    if not isinstance(number, str) or not 1 <= len(number) <= _LONGEST:
        raise wechat_errors.WechatBadAnswer(f"{path} answered no waybill", effect_unknown=changes)
    return number


def _html(told: Any) -> str:
    if not isinstance(told, str) or len(told) > _MOST_PRINT:
        return ""
    try:
        return base64.b64decode(told, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _cut(text: str, most: int) -> str:
    """A text of so many bytes that WeChat takes it, without half a character."""
    return text.encode("utf-8")[:most].decode("utf-8", errors="ignore")
