"""Examples of the referrals' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

from apps.referrals.states import PRIZE

_PRIZE: Final = {"code": None, "points": None, "sku_id": None, "quantity": None}
_COUPON: Final = {**_PRIZE, "kind": "coupon", "code": "FRIEND10", "title": "满50减10"}
_POINTS: Final = {**_PRIZE, "kind": "points", "points": 500, "title": "500 积分"}
_GOODS: Final = {**_PRIZE, "kind": "goods", "sku_id": 7, "quantity": 1, "title": "白瓷盖碗 × 1"}
_NOW: Final = "2026-11-28T10:00:00+08:00"
_ROW: Final = {
    "id": 3,
    "title": "请好友喝春茶",
    "act": "FIRST_ORDER",
    "watch": None,
    "needs_phone": False,
    "tiers": [
        {"friends": 1, "prize": _COUPON},
        {"friends": 3, "prize": _POINTS},
        {"friends": 5, "prize": _GOODS},
    ],
    "friend_prize": _COUPON,
    "starts_at": "2026-11-20T00:00:00+08:00",
    "ends_at": "2026-12-20T00:00:00+08:00",
    "state": "LIVE",
    "mine": {
        "friends": 7,
        "counted": 5,
        "held": 1,
        "won": [
            {
                "tier": 1,
                "prize": _COUPON,
                "at": "2026-11-27T18:30:00+08:00",
                "status": "GIVEN",
                "order": None,
            },
            {
                "tier": 5,
                "prize": _GOODS,
                "at": "2026-11-28T09:00:00+08:00",
                "status": "GIVEN",
                "order": {
                    "activity": {"kind": PRIZE, "id": 12},
                    "items": [{"sku_id": 7, "quantity": 1}],
                    "until": "2026-12-28T09:00:00+08:00",
                    "order_no": None,
                },
            },
        ],
    },
}
_PLACE: Final = {"place": 1, "nickname": "林**", "friends": 12}


def _answer(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


_OPENED: Final = "WzEyLDE3OTU5MTc2MDAuMF0:1vP0aU:2p5cB1w0bXo5i8mHn0l7v0u9n4mT1m0R4q9V0xk3f2E"
OPENED: Final = OpenApiExample(
    "opened",
    value={
        "token": _OPENED,
        "path": "/pages/product/index?id=7",
        "seconds": 15,
        "good_from": "2026-11-28T10:00:15+08:00",
        "good_until": "2026-11-28T10:30:15+08:00",
    },
    response_only=True,
    status_codes=["201"],
)
DONE_ASKED: Final = OpenApiExample("stayed", value={"token": _OPENED}, request_only=True)
DONE: Final = _answer("counted", {"watched_at": "2026-11-28T10:00:17+08:00", "needs_phone": False})
PAGE: Final = _answer("page", {"results": [_ROW], "next": None, "server_time": _NOW})
ONE: Final = _answer("one", {**_ROW, "server_time": _NOW})
BOARD: Final = _answer(
    "board",
    {
        "results": [_PLACE],
        "next": None,
        "mine": {"place": 7, "nickname": "周**", "friends": 2},
        "starts_at": "2026-11-23T00:00:00+08:00",
        "ends_at": "2026-11-30T00:00:00+08:00",
    },
)
