"""What writes carts: ``put``, ``change``, ``remove`` and what an order takes; favourites and wishes are beside it.

carts.put(member=member, sku_id=7, quantity=1, selected=True, at=at)
"""

from apps.carts.services.lines import (
    MAX_LINES,
    MAX_QUANTITY,
    CartChanged,
    CartFull,
    CartQuantityInvalid,
    CartQuantityTooLarge,
    change,
    put,
    put_all,
    remove,
    take_ordered,
)

__all__ = [
    "MAX_LINES",
    "MAX_QUANTITY",
    "CartChanged",
    "CartFull",
    "CartQuantityInvalid",
    "CartQuantityTooLarge",
    "change",
    "put",
    "put_all",
    "remove",
    "take_ordered",
]
