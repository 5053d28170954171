"""A true example of a cart for the API's documentation: the two cups of the counter's examples."""

from __future__ import annotations

from typing import Any, Final

from apps.checkout.examples import PICTURE, PRICED

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
