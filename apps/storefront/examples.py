"""A true example of a cart for the API's documentation: the two cups of the counter's examples."""

from __future__ import annotations

from typing import Any, Final

from apps.checkout.examples import PICTURE, PRICED

AGAIN: Final[dict[str, Any]] = {"added": [7], "left_out": [{"sku_id": 9, "reason": "商品已下架"}]}
SHOP: Final[dict[str, Any]] = {
    "name": "茶里茶外",
    "logo_url": "https://shop.example.com/media/shop/logo.png",
    "service_phone": "400-800-1234",
    "notice": "春节期间 2 月 14 日至 20 日停止发货",
    "server_time": "2026-03-02T12:00:00+08:00",
}
CART: Final[dict[str, Any]] = {
    "items": [
        {
            "id": 31,
            "sku_id": 7,
            "product_id": 4,
            "quantity": 2,
            "selected": True,
            "title": "手工陶瓷茶杯",
            "image_url": PICTURE,
            "option_text": "白 / 大",
            "unit_price_fen": 5000,
            "available": 100,
            "valid": True,
            "notice": "",
        }
    ],
    "selected_count": 2,
    "quote": {
        **PRICED,
        "hints": [],
        "freight_fen": 0,
        "shipping_fen": 0,
        "payable_fen": 8500,
        "shipping_known": False,
    },
}
