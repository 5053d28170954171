"""True examples for the documentation of reviews: a cup, five stars, one picture."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_JSON = dict[str, Any]
_URL: Final = "https://shop.example.com/media/reviews/2026/03/7K2M9QRTW4XPBCDE5FGH6JNV.jpg"
_PICTURE: Final[_JSON] = {"id": "7K2M9QRTW4XPBCDE5FGH6JNV", "url": _URL, "width": 1536, "height": 2048}
_LINE: Final[_JSON] = {"sku_id": 7, "title": "手工陶瓷茶杯", "option_text": "白 / 大"}
_TEXT: Final = "釉色很温润，杯口不烫手，泡白茶正好。"

_DRAFT: Final[_JSON] = {
    "sku_id": 7,
    "rating": 5,
    "text": _TEXT,
    "pictures": ["7K2M9QRTW4XPBCDE5FGH6JNV"],
    "anonymous": False,
}
_MINE: Final[_JSON] = {
    "id": 31,
    "order_no": "SO260302K7M2P9QRTW4X",
    "product_id": 4,
    **_LINE,
    "rating": 5,
    "text": _TEXT,
    "anonymous": False,
    "pictures": [_PICTURE],
    "status": "WAITING",
    "status_text": "检测中",
    "written_at": "2026-03-05T20:00:00+08:00",
    "published_at": None,
    "reply": "",
    "replied_at": None,
}
_SEEN: Final[_JSON] = {
    "id": 31,
    "rating": 5,
    "text": _TEXT,
    "nickname": "林***满",
    "option_text": "白 / 大",
    "pictures": [_URL],
    "published_at": "2026-03-05T20:00:04+08:00",
    "reply": "谢谢您的喜欢，常来喝茶。",
    "replied_at": "2026-03-06T09:30:00+08:00",
}
_PENDING: Final[_JSON] = {
    "order_no": "SO260302K7M2P9QRTW4X",
    "product_id": 4,
    **_LINE,
    "image_url": "https://shop.example.com/media/products/cup.png",
    "received_at": "2026-03-04T19:00:00+08:00",
}
_SUMMARY: Final[_JSON] = {
    "count": 25,
    "average_tenths": 48,
    "good_bp": 9600,
    "with_pictures": 9,
    "by_rating": [
        {"rating": 5, "count": 21},
        {"rating": 4, "count": 3},
        {"rating": 3, "count": 1},
        {"rating": 2, "count": 0},
        {"rating": 1, "count": 0},
    ],
}


def _told(name: str, value: _JSON, status: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[status])


WRITE = OpenApiExample("a cup", value={"reviews": [_DRAFT]}, request_only=True)
WRITTEN = _told("written", {"results": [_MINE], "next": None}, "201")
UPLOADED = _told("picture", _PICTURE, "201")
MINE = _told("page", {"results": [{**_MINE, "status": "REJECTED", "status_text": "未通过"}], "next": None})
PENDING = _told("page", {"results": [_PENDING], "next": None})
OF_PRODUCT = _told("page", {"results": [_SEEN], "next": None})
SUMMARY = _told("summary", _SUMMARY)
