"""Examples of the messages' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_TEMPLATE: Final = "Qf2k9vXw7mN4pL1sR8tY3zB6cD5hJ0aGeUiOnKdWqTs"
_MESSAGE: Final = {
    "id": 4711,
    "scene": "order_shipped",
    "title": "订单已发货",
    "text": "您的订单 SO261128K7M2P9QRTW4X 已由顺丰速运发出，单号 SF1234567890123。",
    "page": "pages/order/detail?order_no=SO261128K7M2P9QRTW4X",
    "at": "2026-11-28T20:00:00+08:00",
    "read_at": None,
}


def _said(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def _answer(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


SCENES: Final = _answer(
    "scenes",
    {"results": [{"scene": "order_shipped", "moment": "pay", "template_ids": [_TEMPLATE]}], "next": None},
)
GRANTED: Final = _said("one accept", {"scene": "order_shipped", "results": {_TEMPLATE: "accept"}})
INBOX: Final = _answer("a message", {"results": [_MESSAGE], "next": None})
READ: Final = _answer("read", {**_MESSAGE, "read_at": "2026-11-28T20:05:00+08:00"})
OPENED: Final = _said("landed", {"msg": "3mv-5f1c09e2ab77d40"})
WANTED: Final = _said("no offers", {"marketing": False})
SETTINGS: Final = _answer("no offers", {"marketing": False})
