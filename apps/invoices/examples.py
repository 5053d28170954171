"""True examples for the documentation of invoices: a company keeps its title and has an order's invoice."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_JSON = dict[str, Any]
_NEW: Final[_JSON] = {
    "kind": "COMPANY",
    "name": "杭州清茶文化有限公司",
    "tax_no": "91350100M000100Y43",
    "email": "books@example.com",
}
_KEPT: Final[_JSON] = {"id": 5, **_NEW}
_APPLIED: Final[_JSON] = {
    "invoice_no": "IV260302K7M2P9QRTW4X",
    "order_no": "SO260228K7M2P9QRTW4X",
    "status": "APPLIED",
    "status_text": "待开票",
    "amount_fen": 6298,
    "title": _NEW,
    "number": "",
    "code": "",
    "issued_on": None,
    "reason": "",
    "applied_at": "2026-03-02T20:00:00+08:00",
    "issued_at": None,
    "ended_at": None,
    "file_url": None,
}
_ISSUED: Final[_JSON] = {
    **_APPLIED,
    "status": "ISSUED",
    "status_text": "已开票",
    "number": "26332000000012345678",
    "issued_on": "2026-03-03",
    "issued_at": "2026-03-03T10:00:00+08:00",
    "file_url": "https://shop.example.com/invoice-files/WyJJViIsMV0:1vx",
}


def _answer(name: str, value: _JSON, status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


TITLES: Final = _answer("titles", {"results": [_KEPT], "next": None})
NEW_TITLE: Final = OpenApiExample("company", value=_NEW, request_only=True)
ADDED: Final = _answer("added", _KEPT, 201)
CHANGES: Final = OpenApiExample("another address", value={"email": "books@example.com"}, request_only=True)
CHANGED: Final = _answer("changed", _KEPT)
APPLY: Final = OpenApiExample("apply", value={"title_id": 5}, request_only=True)
APPLIED: Final = _answer("applied", _APPLIED, 201)
ISSUED: Final = _answer("issued", _ISSUED)
