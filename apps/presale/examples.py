"""Examples of the pre-sales' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_PRESALE: Final[dict[str, Any]] = {
    "id": 3,
    "title": "明前龙井预售",
    "product_id": 12,
    "cover_url": "https://shop.example.com/media/products/5d41…/list.jpg",
    "skus": [{"sku_id": 31, "list_price_fen": 29900, "price_fen": 26900, "left": 180}],
    "deposit_fen": 2000,
    "deposit_worth_fen": 5000,
    "deposit_from": "2026-11-28T10:00:00+08:00",
    "deposit_until": "2026-12-05T10:00:00+08:00",
    "balance_from": "2026-12-06T10:00:00+08:00",
    "balance_until": "2026-12-09T10:00:00+08:00",
    "ships_by": "2026-12-12T10:00:00+08:00",
    "deposit_refundable": False,
    "left": 180,
    "state": "LIVE",
}
_NOW: Final = "2026-11-28T20:00:00+08:00"


def _answer(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


PAGE: Final = _answer("page", {"results": [_PRESALE], "next": None, "server_time": _NOW})
ONE: Final = _answer("presale", {**_PRESALE, "server_time": _NOW})
