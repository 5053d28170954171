"""Examples of the shares' API for whoever reads its documentation."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_TOKEN: Final = "4fKq81MzXw2cUj7RbT0nVh9LyPe3"  # noqa: S105 - an example
_PLACE: Final = f"https://shop.example.com/share-pictures/{_TOKEN}"
_NOW: Final = "2026-11-28T20:00:00+08:00"
_THING: Final = {
    "kind": "group",
    "id": "GB261128K7M2P9QRTW4X",
    "path": f"/pages/group/index?group_no=GB261128K7M2P9QRTW4X&share_token={_TOKEN}",
    "title": "春茶三人团",
    "image_url": "https://shop.example.com/media/products/5d41…/page.jpg",
    "server_time": _NOW,
}
_SHARE: Final = {
    **_THING,
    "token": _TOKEN,
    "code_url": f"{_PLACE}/code",
    "poster_url": f"{_PLACE}/poster?v=9a0364b9e99bb480",
    "live_card": {
        "activity_id": "1031_Zc1yYXRoZXItbG9uZw",
        "member_count": "1",
        "room_limit": "3",
        "expires_at": "2026-11-29T20:00:00+08:00",
    },
}


def _said(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def _answer(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


ASKED: Final = _said("a group", {"kind": "group", "id": "GB261128K7M2P9QRTW4X"})
SHARED: Final = _answer("a group", _SHARE)
THING: Final = _answer("a group", _THING)
LANDED: Final = _said("a scanned code", {"share_token": _TOKEN, "visitor_id": "v-8c1f2d"})
