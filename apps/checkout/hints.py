"""凑单: from a quote's hint to the shelf with the goods that get there, as an address and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from mall.errors import Invalid
from mall.pricing.quote import Hint, Quote
from mall.pricing.scope import ALL_GOODS, Brands, Categories, Products, Scope, Skus

_SHELF: Final = "/api/v1/products"
# An address has its limits; of an offer on more goods than this the first are suggested.
MOST_IDS: Final = 200
_KINDS: Final[dict[str, type[Products | Skus | Categories | Brands]]] = {
    kind.kind: kind for kind in (Products, Skus, Categories, Brands)
}
_SCOPE: Final = re.compile(r"([A-Z]+):([0-9]{1,18}(?:,[0-9]{1,18})*)")


class ScopeUnreadable(Invalid):
    """``scope`` is not a kind and ids; ``details`` has the kinds."""

    code = "scope_unreadable"
    message = "商品范围有误"


def quote_json(quote: Quote, shown: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """A quote in the contract's form, each hint with the address of goods that get there.

    ``shown`` says by SKU id how the goods of its items look (``baskets.shown``).
    """
    told = quote.as_dict()
    return {
        **told,
        "items": [{**item, **shown[item["sku_id"]]} for item in told["items"]],
        "hints": [{**hint.as_dict(), "products_url": products_url(hint)} for hint in quote.hints],
        "shipping_known": quote.shipping_known,
    }


def products_url(hint: Hint) -> str:
    """The shelf of the goods that the offer means, the cheapest that fill the gap alone first."""
    asked: dict[str, str | int] = {}
    scope = hint.scope.as_dict()
    if scope["ids"]:
        asked["scope"] = f"{scope['kind']}:{','.join(map(str, scope['ids'][:MOST_IDS]))}"
    if hint.short_by_fen:
        asked["price_from_fen"] = hint.short_by_fen
    return f"{_SHELF}?{urlencode({**asked, 'ordering': 'price'}, safe=':,')}"


def read_scope(given: str) -> Scope:
    """What ``scope`` in such an address means; nothing said is all goods. Raises ScopeUnreadable."""
    if not given:
        return ALL_GOODS
    said = _SCOPE.fullmatch(given)
    if said is None or said[1] not in _KINDS:
        raise ScopeUnreadable(details={"kinds": list(_KINDS)})
    ids = frozenset(int(row_id) for row_id in said[2].split(","))
    if len(ids) > MOST_IDS:
        raise ScopeUnreadable(f"商品范围最多 {MOST_IDS} 项", details={"kinds": list(_KINDS)})
    return _KINDS[said[1]](ids)
