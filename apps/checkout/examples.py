"""True examples for the API's documentation: two cups at ¥50.00 with 满100减15, sent for ¥8.00."""

from __future__ import annotations

from typing import Any, Final

_JSON = dict[str, Any]

PICTURE = "https://shop.example.com/media/products/cup.png"

_OFF: Final[_JSON] = {"ref": "promotion:3", "label": "春茶节满减", "kind": "goods", "amount_fen": 1500}
_FREE: Final[_JSON] = {
    "ref": "promotion:5",
    "label": "满199包邮",
    "reason": "再买 ¥114.00 可包邮",
    "short_by_fen": 11_400,
}
_RETURNS: Final[_JSON] = {
    "code": "SEVEN_DAYS",
    "days": 7,
    "text": "支持七天无理由退货",
    "needs_confirmation": False,
}
_ITEM: Final[_JSON] = {
    "sku_id": 7,
    "product_id": 4,
    "title": "手工陶瓷茶杯",
    "option_text": "白 / 大",
    "image_url": PICTURE,
    "quantity": 2,
    "unit_price_fen": 5000,
    "list_fen": 10_000,
    "reductions": [_OFF],
    "payable_fen": 8500,
    "is_packing": False,
    "returns": _RETURNS,
    "freight_insurance": {"paid_by": "MERCHANT", "text": "商家赠送退货运费险"},
}
_KEPT: Final[_JSON] = {
    **_ITEM,
    "returns": {"code": "SEVEN_DAYS", "text": "支持七天无理由退货", "confirmed": False},
    "freight_insurance": "MERCHANT",
}
_SHOWN: Final[_JSON] = {name: _ITEM[name] for name in ("sku_id", "product_id", "option_text", "image_url")}
_FIGURES: Final[_JSON] = {
    "goods_fen": 10_000,
    "reduction_fen": 1500,
    "freight_fen": 800,
    "shipping_fen": 800,
    "payable_fen": 9300,
    "applied": [_OFF],
    "declined": [_FREE],
    "gifts": [],
    "points_used": 0,
}
CHOICE: Final[_JSON] = {"items": [{"sku_id": 7, "quantity": 2}], "address_id": 12}
PLACE: Final[_JSON] = {**CHOICE, "expected_payable_fen": 9300, "remark": "请轻拿轻放 🍵"}
_HINT: Final[_JSON] = {
    "ref": "promotion:5",
    "label": "满199包邮",
    "reason": "再买 ¥114.00 可包邮",
    "short_by_fen": 11_400,
    "short_by_pieces": None,
    "gain_fen": 800,
    "scope": {"kind": "ALL", "ids": []},
    "products_url": "/api/v1/products?price_from_fen=11400&ordering=price",
}
_EXPRESS: Final[_JSON] = {
    "kind": "EXPRESS",
    "place_id": None,
    "place": None,
    "distance_m": None,
    "slot": None,
    "packing": None,
}
PRICED: Final[_JSON] = {
    "items": [{**_ITEM, "virtual": False}],
    **_FIGURES,
    "hints": [_HINT],
    "shipping_known": True,
}
QUOTE: Final[_JSON] = {
    **PRICED,
    "activity": None,
    "delivery": _EXPRESS,
    "coupon_id": None,
    "coupons": {
        "usable": [],
        "unusable": [
            {
                "coupon_id": "0b0f4c3e-6a53-4a6e-9d0e-6f4f3a1d2c5b",
                "label": "满200减20",
                "reason": "再买 ¥115.00 可减 ¥20.00",
                "short_by_fen": 11_500,
            }
        ],
    },
    "balance_fen": 0,
    "due_fen": 9300,
    "stages": [],
}
_ROW: Final[_JSON] = {
    "order_no": "SO260302K7M2P9QRTW4X",
    "status": "UNPAID",
    "status_text": "待付款",
    "items": [{"line_id": 81, **_KEPT, "is_gift": False, "refunded": 0}],
    **_FIGURES,
    "balance_fen": 0,
    "due_fen": 9300,
    "refunded_fen": 0,
    "money_back_fen": 0,
    "refunds": [],
    "activity": None,
    "stages": [],
    "delivery": _EXPRESS,
    "remark": "请轻拿轻放 🍵",
    "created_at": "2026-03-02T12:00:00+08:00",
    "expires_at": "2026-03-02T12:30:00+08:00",
    "server_time": "2026-03-02T12:00:00+08:00",
    "reserved_at": None,
    "paid_at": None,
    "shipped_at": None,
    "received_at": None,
    "closed_at": None,
}


def _move(move: str, came_from: str, to: str, actor: str, at: str, note: str = "") -> _JSON:
    return {"from": came_from, "to": to, "move": move, "actor": actor, "at": at, "note": note}


_PLACED: Final[_JSON] = _move("place", "", "UNPAID", "member", "2026-03-02T12:00:00+08:00")
ORDER: Final[_JSON] = {
    **_ROW,
    "items": [{**_ROW["items"][0], "cards": []}],
    "virtual": False,
    "cards": [],
    "address": {
        "name": "林小茶",
        "phone": "13800000000",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "龙井路 1 号",
        "postal_code": "310000",
    },
    "pickup_code": None,
    "fetch_by": None,
    "parcels": [],
    "ship_by": None,
    "delay": None,
    "history": [_PLACED],
}
# The same two cups, by the shop's rider tomorrow morning, wrapped as a present.
WRAPPED_CHOICE: Final[_JSON] = {
    **CHOICE,
    "delivery": {
        "kind": "CITY",
        "place_id": 2,
        "slot": "3-20260303-0900-1100",
        "packing": {"id": 2, "message": "生日快乐"},
    },
}
# The same two cups, fetched by the lake: nothing is sent, so nothing is paid for it.
FETCHED_CHOICE: Final[_JSON] = {
    "items": [{"sku_id": 7, "quantity": 2}],
    "delivery": {"kind": "PICKUP", "place_id": 2},
}
TO_FETCH: Final[_JSON] = {
    **ORDER,
    "status": "SHIPPED",
    "status_text": "待自提",
    "freight_fen": 0,
    "shipping_fen": 0,
    "payable_fen": 8500,
    "due_fen": 8500,
    "delivery": {
        "kind": "PICKUP",
        "place_id": 2,
        "place": {
            "name": "西湖门店",
            "address": "浙江省杭州市西湖区龙井路 66 号",
            "phone": "0571-87970066",
        },
        "distance_m": None,
        "slot": None,
        "packing": None,
    },
    "address": None,
    "pickup_code": "40718823",
    "fetch_by": "2026-03-10T00:00:00+08:00",
    "paid_at": "2026-03-02T12:01:00+08:00",
    "shipped_at": "2026-03-02T15:00:00+08:00",
    "history": [
        _PLACED,
        _move("pay", "UNPAID", "PAID", "wechat", "2026-03-02T12:01:00+08:00"),
        _move("ship", "PAID", "SHIPPED", "operator", "2026-03-02T15:00:00+08:00"),
    ],
}
CLOSED: Final[_JSON] = {
    **ORDER,
    "status": "CLOSED",
    "status_text": "已关闭",
    "closed_at": "2026-03-02T12:05:00+08:00",
    "history": [
        _PLACED,
        _move("close", "UNPAID", "CLOSED", "member", "2026-03-02T12:05:00+08:00", "买家取消"),
    ],
}
RECEIVED: Final[_JSON] = {
    **ORDER,
    "status": "RECEIVED",
    "status_text": "已完成",
    "paid_at": "2026-03-02T12:01:00+08:00",
    "shipped_at": "2026-03-02T17:00:00+08:00",
    "received_at": "2026-03-04T19:00:00+08:00",
    "ship_by": "2026-03-04T12:01:00+08:00",
    "parcels": [
        {
            "parcel_no": "PC260302Q8N4R7XYZ2KM",
            "carrier_code": "SF",
            "carrier_name": "顺丰速运",
            "tracking_no": "SF1234567890123",
            "shipped_at": "2026-03-02T17:00:00+08:00",
            "items": [{**_SHOWN, "quantity": 2}],
        }
    ],
    "history": [
        _PLACED,
        _move("pay", "UNPAID", "PAID", "wechat", "2026-03-02T12:01:00+08:00"),
        _move("ship", "PAID", "SHIPPED", "operator", "2026-03-02T17:00:00+08:00"),
        _move("receive", "SHIPPED", "RECEIVED", "member", "2026-03-04T19:00:00+08:00"),
    ],
}
TRACE: Final[_JSON] = {
    "parcel_no": "PC260302Q8N4R7XYZ2KM",
    "carrier": "顺丰速运",
    "carrier_code": "SF",
    "tracking_no": "SF1234567890123",
    "state": "DELIVERING",
    "events": [
        {
            "at": "2026-03-04T09:12:00+08:00",
            "text": "快件正在派送，请保持电话畅通",
            "place": "浙江,杭州市,西湖区",
        },
        {"at": "2026-03-03T02:40:00+08:00", "text": "快件已到达【杭州转运中心】", "place": "浙江,杭州市"},
    ],
    "waybill_token": "eXJ5b3VyLXdheWJpbGw",
    "checked_at": "2026-03-04T10:00:00+08:00",
    "delivered_at": None,
}
# One of the two cups went back: half of what was paid for them, the postage stays.
PART_REFUNDED: Final[_JSON] = {
    **RECEIVED,
    "items": [{**_ROW["items"][0], "refunded": 1, "cards": []}],
    "refunded_fen": 4250,
    "money_back_fen": 4250,
    "refunds": [
        {
            "refund_no": "RO260305H4J8Q2MTVW6Z",
            "status": "DONE",
            "status_text": "已退款",
            "amount_fen": 4250,
            "shipping_fen": 0,
            "wechat_fen": 4250,
            "balance_fen": 0,
            "points": 0,
            "points_taken": 42,
            "reason": "杯口有裂纹",
            "at": "2026-03-05T10:00:00+08:00",
            "done_at": "2026-03-05T10:03:00+08:00",
            "items": [{**_SHOWN, "quantity": 1, "amount_fen": 4250, "is_gift": False}],
        }
    ],
}
COUNTS: Final[_JSON] = {
    "UNPAID": 1,
    "RESERVED": 0,
    "GATHERING": 0,
    "PAID": 2,
    "SHIPPED": 1,
    "RECEIVED": 17,
    "CLOSED": 3,
    "REFUNDED": 0,
}
ORDER_PAGE: Final[_JSON] = {"results": [_ROW], "next": None}
