"""True examples for the documentation of after-sales: a cup with a crack goes back, and its money comes."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_JSON = dict[str, Any]
_NO: Final = "AS260302K7M2P9QRTW4X"
_PICTURE: Final = "https://shop.example.com/media/after-sales/3f9c2b7a5d1e4f60/page.jpg"
_APPLY: Final[_JSON] = {
    "kind": "RETURN",
    "lines": [{"line_id": 31, "quantity": 1}],
    "reason": "QUALITY",
    "text": "杯口有裂纹",
    "picture_ids": ["7K2M9QRTW4XPBCDE5FGH6JNV"],
}
_TOLD: Final[_JSON] = {
    "at": "2026-03-02T20:00:00+08:00",
    "by": "member",
    "move": "apply",
    "text": "杯口有裂纹",
    "picture_urls": [_PICTURE],
}
_AGREED: Final[_JSON] = {
    "at": "2026-03-03T09:30:00+08:00",
    "by": "operator",
    "move": "approve",
    "text": "同意申请",
    "picture_urls": [],
}
_SENT: Final[_JSON] = {
    "at": "2026-03-03T18:00:00+08:00",
    "by": "member",
    "move": "send_back",
    "text": "顺丰速运 SF1234567890",
    "picture_urls": [],
}
_SAID: Final[_JSON] = {
    "at": "2026-03-04T10:00:00+08:00",
    "by": "member",
    "move": "message",
    "text": "已经寄出，请留意查收",
    "picture_urls": [],
}
_ROW: Final[_JSON] = {
    "after_sale_no": _NO,
    "order_no": "SO260228K7M2P9QRTW4X",
    "kind": "RETURN",
    "kind_text": "退货退款",
    "status": "APPLIED",
    "status_text": "待商家处理",
    "amount_fen": 1691,
    "goods_fen": 1691,
    "freight_fen": 0,
    "deadline_at": "2026-03-04T20:00:00+08:00",
    "money": None,
    "reason": "QUALITY",
    "reason_text": "质量问题",
    "text": "杯口有裂纹",
    "lines": [
        {
            "line_id": 31,
            "sku_id": 7,
            "title": "手工陶瓷茶杯",
            "option_text": "白 / 大",
            "image_url": "https://shop.example.com/media/products/cup.png",
            "quantity": 1,
            "amount_fen": 1691,
            "new_sku_id": None,
            "accepted": None,
        }
    ],
    "picture_urls": [_PICTURE],
    "return_to": None,
    "return_parcel": None,
    "new_parcel": None,
    "carriage_fen": 0,
    "applied_at": "2026-03-02T20:00:00+08:00",
    "ended_at": None,
    "history": [_TOLD],
    "server_time": "2026-03-02T20:00:00+08:00",
}
_ON_ITS_WAY: Final[_JSON] = {
    **_ROW,
    "status": "RETURNING",
    "status_text": "买家已寄回",
    "deadline_at": "2026-03-13T18:00:00+08:00",
    "return_to": {
        "name": "杭州仓",
        "phone": "0571-88886666",
        "address": "浙江省杭州市余杭区良渚街道仓前路 8 号",
    },
    "return_parcel": {
        "carrier": "顺丰速运",
        "tracking_no": "SF1234567890",
        "at": "2026-03-03T18:00:00+08:00",
    },
    "history": [_TOLD, _AGREED, _SENT],
}


def _answer(name: str, value: Any, status: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[status])


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


REASONS: Final = OpenApiExample(
    "reasons", value={"code": "QUALITY", "label": "质量问题"}, response_only=True, status_codes=["200"]
)
APPLY: Final = _asked("a return", _APPLY)
PREVIEW: Final = _answer(
    "preview",
    {
        "amount_fen": 1691,
        "goods_fen": 1691,
        "freight_fen": 0,
        "lines": [{"line_id": 31, "quantity": 1, "amount_fen": 1691}],
        "points_back": 0,
        "coupons_back": 0,
    },
)
APPLIED: Final = _answer("applied", _ROW, "201")
MINE: Final = _answer("page", {"results": [_ROW], "next": None})
SHOWN: Final = _answer("on its way back", _ON_ITS_WAY)
CANCELLED: Final = _answer(
    "taken back",
    {
        **_ROW,
        "status": "CANCELLED",
        "status_text": "已撤销",
        "deadline_at": None,
        "ended_at": "2026-03-02T21:00:00+08:00",
        "history": [
            _TOLD,
            {
                "at": "2026-03-02T21:00:00+08:00",
                "by": "member",
                "move": "cancel",
                "text": "买家撤销",
                "picture_urls": [],
            },
        ],
    },
)
SEND_BACK: Final = _asked("a parcel", {"carrier": "顺丰速运", "tracking_no": "SF1234567890"})
SENT_BACK: Final = _answer("sent back", _ON_ITS_WAY)
SAY: Final = _asked("a message", {"text": "已经寄出，请留意查收", "picture_ids": []})
SAID: Final = _answer("said", {**_ON_ITS_WAY, "history": [_TOLD, _AGREED, _SENT, _SAID]})
