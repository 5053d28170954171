"""The logistics plugin (物流查询组件): a token by which the client shows a parcel's way, and how WeChat says it stands.

Source: 小程序 物流消息 open_msg: trace_waybill, query_trace. Neither sends messages, as follow_waybill would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

TRACE_PATH: Final = "/cgi-bin/express/delivery/open_msg/trace_waybill"
QUERY_PATH: Final = "/cgi-bin/express/delivery/open_msg/query_trace"
# goods_name is at most 60 bytes of UTF-8.
_NAME_BYTES: Final = 60
_MOST_GOODS: Final = 10
_TOKEN_UNKNOWN: Final = 9300507
_LONGEST_TOKEN: Final = 256


class WaybillTokenUnknown(wechat_errors.WechatRefused):
    """WeChat does not know this token (any more): a new one is to be asked for."""

    code = "waybill_token_unknown"


class Standing(IntEnum):
    """How WeChat says that a waybill stands (query_trace, status)."""

    NOT_PICKED_UP = 0
    PICKED_UP = 1
    MOVING = 2
    DELIVERING = 3
    SIGNED = 4
    PROBLEM = 5
    SIGNED_BY_ANOTHER = 6


@dataclass(frozen=True, slots=True)
class Goods:
    """What is in a parcel: a name, and the absolute address of a picture."""

    name: str
    picture_url: str


@dataclass(frozen=True, slots=True)
class Waybill:
    """A parcel of a payment: ``carrier_id`` is a delivery_id, ``page`` the order's page in the mini program."""

    openid: str = field(repr=False)
    receiver_phone: str = field(repr=False)
    carrier_id: str
    tracking_no: str
    transaction_id: str
    page: str
    goods: Sequence[Goods]


def token_of(waybill: Waybill) -> str:
    """Return the waybill_token for the client's plugin; asking again is safe. Raises WechatUnavailable, WechatRefused."""
    body: dict[str, Any] = {
        "openid": waybill.openid,
        "receiver_phone": waybill.receiver_phone,
        "delivery_id": waybill.carrier_id,
        "waybill_id": waybill.tracking_no,
        "trans_id": waybill.transaction_id,
        "order_detail_path": waybill.page,
        "goods_info": {
            "detail_list": [
                {"goods_name": _cut(one.name), "goods_img_url": one.picture_url}
                for one in waybill.goods[:_MOST_GOODS]
            ]
        },
    }
    token = miniprogram.call(TRACE_PATH, body, changes=False).get("waybill_token")
    if not isinstance(token, str) or not 1 <= len(token) <= _LONGEST_TOKEN:
        raise wechat_errors.WechatBadAnswer(f"{TRACE_PATH} answered no token")
    return token


def standing(*, token: str, openid: str) -> Standing | None:
    """Return how the waybill of a token stands; None for a status that no document names.

    Raises WaybillTokenUnknown, other WechatRefused, WechatUnavailable.
    """
    try:
        told = miniprogram.call(QUERY_PATH, {"waybill_token": token, "openid": openid}, changes=False)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, {_TOKEN_UNKNOWN: WaybillTokenUnknown}) from None
    known = told.get("waybill_info")
    if not isinstance(known, dict):
        raise wechat_errors.WechatBadAnswer(f"{QUERY_PATH} answered no waybill")
    status = known.get("status")
    return Standing(status) if status in list(Standing) else None


def _cut(name: str) -> str:
    """A name of so many bytes that WeChat takes it, without half a character."""
    return name.encode("utf-8")[:_NAME_BYTES].decode("utf-8", errors="ignore") or "商品"
