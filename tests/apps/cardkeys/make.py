"""Virtual goods for tests: a SKU whose stock is card keys that an operator brought in."""

from __future__ import annotations

from itertools import count
from typing import Any

from apps.cardkeys import services as cardkeys
from apps.cardkeys.card_files import Row
from apps.cardkeys.models import CardKey
from apps.catalog import services as catalog
from apps.catalog.models import Returns, Sku
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.inventory import make as inventory

NOW = counter.NOW
_numbers = count(1)


def rows(sku: Sku, units: int) -> list[Row]:
    """Rows of a file with so many cards that nobody has seen."""
    numbers = [next(_numbers) for _ in range(units)]
    return [
        Row(number=place, sku_code=sku.code, card_no=f"C{number:06}", secret=f"secret {number}")
        for place, number in enumerate(numbers, start=2)
    ]


def bring_in(sku: Sku, units: int) -> list[CardKey]:
    """So many cards of a SKU, the first first."""
    done = cardkeys.bring_in(rows=rows(sku, units), operator=fulfillment.operator(), at=NOW)
    return list(CardKey.objects.filter(batch=done.batch).order_by("id"))


def goods(price_fen: int = 5000, *, cards: int = 10, code: str = "", **columns: Any) -> Sku:
    """A virtual SKU on sale with so many cards."""
    inventory.place()
    sku = counter.goods(price_fen, units=0, **columns)
    if code:
        Sku.objects.filter(pk=sku.pk).update(code=code)
    sku.product.returns = Returns.DIGITAL
    sku.product.save(update_fields=["returns"])
    catalog.set_virtual(sku_id=sku.pk, virtual=True)
    sku.refresh_from_db()
    if cards:
        bring_in(sku, cards)
    return sku
