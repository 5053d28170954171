"""Examples of the packets' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_NOW: Final = "2026-11-28T10:00:00+08:00"
_PART: Final = {
    "amount_fen": 163,
    "status": "GIVEN",
    "coupon_id": "6f1c2a9e-0d3b-4b5e-9a40-2f6f0c1d7e11",
    "valid_until": "2026-12-05T09:58:00+08:00",
    "at": "2026-11-28T09:58:00+08:00",
}
_PACKET: Final = {
    "packet_no": "LJ261128K7M2P9QRTW4X",
    "title": "下单立减金",
    "owner": "林**",
    "is_mine": False,
    "status": "OPEN",
    "sum_fen": 812,
    "threshold_fen": 5000,
    "friends": 4,
    "opened": 2,
    "openings": [
        {"nickname": "周**", "amount_fen": 207, "at": "2026-11-28T09:41:00+08:00"},
        {"nickname": "陈**", "amount_fen": 163, "at": "2026-11-28T09:58:00+08:00"},
    ],
    "mine": _PART,
    "made_at": "2026-11-28T09:30:00+08:00",
    "ends_at": "2026-11-29T09:30:00+08:00",
}


def _answer(name: str, value: Any, status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


ONE: Final = _answer("packet", {**_PACKET, "server_time": _NOW})
PAGE: Final = _answer(
    "page",
    {
        "results": [{**_PACKET, "is_mine": True, "order_no": "SO261128B4C5D6E7F8G9"}],
        "next": None,
        "server_time": _NOW,
    },
)
ASKED: Final = OpenApiExample(
    "asked", value={"share_token": "3fK9aZq1Lm0Pxy7RtVwB2c4DeFgH"}, request_only=True
)
OPENED: Final = _answer("opened", {**_PART, "server_time": _NOW}, 201)
OPENED_BEFORE: Final = _answer("opened before", {**_PART, "server_time": _NOW})
HELD: Final = _answer(
    "held", {**_PART, "status": "HELD", "coupon_id": None, "valid_until": None, "server_time": _NOW}, 201
)
