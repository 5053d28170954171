"""True examples for the documentation of pickups: a cup that lies in a shop by the lake."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_JSON = dict[str, Any]
_PLACE: Final[_JSON] = {
    "id": 2,
    "name": "西湖门店",
    "address": "浙江省杭州市西湖区龙井路 66 号",
    "phone": "0571-87970066",
    "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "until": "21:00"}],
    "open_now": True,
    "distance_m": 1240,
    "available": 6,
    "lat": 30.2301,
    "lng": 120.1264,
    "delivers": True,
}
PLACES: Final = OpenApiExample("nearest first", value={"results": [_PLACE], "next": None}, response_only=True)
SLOT: Final[_JSON] = {
    "id": "3-20260303-0900-1100",
    "day": "2026-03-03",
    "from": "09:00",
    "until": "11:00",
    "starts_at": "2026-03-03T09:00:00+08:00",
    "ends_at": "2026-03-03T11:00:00+08:00",
    "order_by": "2026-03-03T08:00:00+08:00",
    "kind": "CITY",
    "left": 4,
    "state": "OPEN",
    "state_text": "可约",
}
SLOTS: Final = OpenApiExample("tomorrow", value={"results": [SLOT], "next": None}, response_only=True)
CODE: Final = OpenApiExample(
    "at the counter",
    value={
        "pickup_code": "40718823",
        "text": "https://shop.example.com/admin/pickup/pickup/add/?code=PU7-1772424600-0f3c9a52b7d14e68a1c05f7792be3d41",
        "image": "data:image/png;base64,iVBORw0KGgo=",
        "expires_at": "2026-03-02T12:10:00+08:00",
    },
    response_only=True,
)
