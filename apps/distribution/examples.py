"""Examples of distribution's API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_NOTHING: Final = {
    "status": "NONE",
    "level": None,
    "rates_bp": {"first": 1000, "second": 500},
    "promo_code": None,
    "pending_fen": 0,
    "frozen_fen": 0,
    "available_fen": 0,
    "withdrawing_fen": 0,
    "withdrawn_fen": 0,
    "debt_fen": 0,
    "agreement": {"version": "1.0", "body": "推客协议……"},
}
_PLACE: Final = {"place": 1, "nickname": "林**", "orders": 12, "amount_fen": 238600}


def _answer(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


NONE: Final = _answer("none", _NOTHING)
PENDING: Final = _answer("pending", {**_NOTHING, "status": "PENDING"})
ACTIVE: Final = _answer(
    "active",
    {
        **_NOTHING,
        "status": "ACTIVE",
        "level": "金牌推客",
        "promo_code": "K7M2P9QR",
        "pending_fen": 16900,
        "frozen_fen": 25300,
        "available_fen": 12600,
        "withdrawn_fen": 50000,
    },
)
APPLIED: Final = _asked("apply", {"agreement_version": "1.0"})
INVITER: Final = _answer(
    "inviter",
    {"nickname": "林**", "since": "2026-11-01T10:00:00+08:00", "until": "2027-11-01T10:00:00+08:00"},
)
TOLD_CODE: Final = _asked("code", {"promo_code": "K7M2P9QR"})
TEAM: Final = _answer(
    "team",
    {
        "results": [
            {
                "nickname": "周**",
                "since": "2026-11-20T10:00:00+08:00",
                "until": None,
                "is_promoter": True,
                "orders": 3,
            }
        ],
        "next": None,
    },
)
ORDERS: Final = _answer(
    "orders",
    {
        "results": [
            {
                "order_no": "SO261128****TW4X",
                "buyer": "周**",
                "level": 1,
                "base_fen": 5075,
                "amount_fen": 506,
                "paid_at": "2026-11-28T10:00:00+08:00",
            }
        ],
        "next": None,
    },
)
_ROW: Final = {
    "order_no": "SO261128****TW4X",
    "sku_title": "手工陶瓷茶杯",
    "base_fen": 1269,
    "rate_bp": 1000,
    "rate_source": "推客规则",
    "amount_fen": 126,
    "level": 1,
    "status": "FROZEN",
    "reason": "",
    "at": "2026-11-28T10:00:00+08:00",
    "available_at": "2026-12-15T10:00:00+08:00",
}
COMMISSIONS: Final = _answer(
    "commissions",
    {"results": [{**_ROW, "base_fen": -423, "amount_fen": -42, "reason": "退款扣回"}, _ROW], "next": None},
)
GOODS: Final = _answer(
    "goods",
    {
        "results": [
            {
                "product_id": 12,
                "title": "手工陶瓷茶杯",
                "cover_url": "https://shop.example.com/media/products/5d41…/list.jpg",
                "price_fen": 5000,
                "rate_bp": 1500,
                "rate_source": "商品比例",
                "commission_fen": 750,
            }
        ],
        "next": None,
    },
)
MATERIALS: Final = _answer(
    "materials",
    {
        "results": [
            {
                "id": 3,
                "title": "陶杯上新",
                "text": "景德镇手工陶杯，握在手里是暖的。",
                "image_url": "https://shop.example.com/media/materials/9c4e…/page.jpg",
                "product_id": 12,
            }
        ],
        "next": None,
    },
)
BOARD: Final = _answer(
    "board",
    {
        "results": [_PLACE],
        "next": None,
        "mine": {"place": 7, "nickname": "周**", "orders": 2, "amount_fen": 10150},
        "starts_at": "2026-11-23T00:00:00+08:00",
        "ends_at": "2026-11-30T00:00:00+08:00",
        "server_time": "2026-11-28T20:00:00+08:00",
    },
)
_WITHDRAWAL: Final = {
    "withdrawal_no": "WD261128K7M2P9QRSTVW",
    "amount_fen": 5000,
    "status": "CONFIRM",
    "package_info": "ABBQO+oYAAABAAAAAAAk+yPZGrO8...",
    "mch_id": "1900000001",
    "app_id": "wx0123456789abcdef",
    "reason": "",
    "requested_at": "2026-11-28T20:00:00+08:00",
    "confirm_until": "2026-11-29T20:00:01+08:00",
    "ended_at": None,
}
WITHDRAW: Final = _asked("withdraw", {"amount_fen": 5000})
WITHDRAWAL: Final = OpenApiExample("withdrawal", value=_WITHDRAWAL, response_only=True, status_codes=["201"])
WITHDRAWALS: Final = _answer(
    "withdrawals",
    {
        "results": [
            _WITHDRAWAL,
            {
                "withdrawal_no": "WD261120M3N4P5Q6R7S8",
                "amount_fen": 8000,
                "status": "FAILED",
                "reason": "超过 24 小时未确认收款，金额已退回",
                "requested_at": "2026-11-20T20:00:00+08:00",
                "confirm_until": None,
                "ended_at": "2026-11-21T20:00:02+08:00",
            },
        ],
        "next": None,
    },
)
