"""Examples of the bargains' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_BARGAIN: Final = {
    "id": 4,
    "title": "陶壶砍到99",
    "product_id": 12,
    "sku_id": 31,
    "cover_url": "https://shop.example.com/media/products/5d41…/list.jpg",
    "list_price_fen": 19900,
    "floor_fen": 9900,
    "helpers": 10,
    "left": 86,
    "buy_at_any_price": True,
    "helps_per_day": 3,
    "limit_per_member": 1,
    "minutes_per_run": 1440,
    "starts_at": "2026-11-28T10:00:00+08:00",
    "ends_at": "2026-12-05T10:00:00+08:00",
    "state": "LIVE",
}
_NOW: Final = "2026-11-28T20:00:00+08:00"
_RUN: Final = {
    "bargain_no": "BG261128K7M2P9QRTW4X",
    "bargain_id": 4,
    "title": "陶壶砍到99",
    "product_id": 12,
    "sku_id": 31,
    "cover_url": "https://shop.example.com/media/products/5d41…/list.jpg",
    "list_price_fen": 19900,
    "price_fen": 15210,
    "floor_fen": 9900,
    "cut_fen": 4690,
    "helps": 5,
    "helpers": 10,
    "ends_at": "2026-11-29T18:00:00+08:00",
    "status": "OPEN",
    "owner": "林**",
    "is_mine": True,
    "helped": False,
    "server_time": _NOW,
}


def _answer(name: str, value: dict[str, Any], status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


PAGE: Final = _answer("page", {"results": [_BARGAIN], "next": None, "server_time": _NOW})
ONE: Final = _answer("bargain", {**_BARGAIN, "server_time": _NOW})
RUN: Final = _answer("run", _RUN)
OPENED: Final = _answer("opened", {**_RUN, "price_fen": 19900, "cut_fen": 0, "helps": 0}, 201)
HELPED: Final = _answer(
    "helped", {"cut_fen": 730, "price_fen": 14480, "held": False, "server_time": _NOW}, 201
)
HELD: Final = _answer("held", {"cut_fen": 0, "price_fen": 15210, "held": True, "server_time": _NOW}, 201)
