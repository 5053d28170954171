"""Everything that writes stock: the four verbs of an order, and what operators receive and count.

Call it as ``inventory.hold(...)`` (``from apps.inventory import services as inventory``). The four verbs
belong to the caller's transaction, are keyed by the order number and are safe to repeat; receiving and
adjusting open a transaction of their own.
"""

from apps.inventory.services.booking import InventoryConflict
from apps.inventory.services.counting import (
    BelowHeld,
    QuantityInvalid,
    StockOfCards,
    adjust,
    open_stock,
    receive,
    take_back,
)
from apps.inventory.services.holds import (
    Limit,
    OutOfStock,
    StockGone,
    TooManyUnpaidUnits,
    commit,
    committing,
    hold,
    holding,
    release,
    release_many,
    restore,
)
from apps.inventory.services.swapping import swap

__all__ = [
    "BelowHeld",
    "InventoryConflict",
    "Limit",
    "OutOfStock",
    "QuantityInvalid",
    "StockGone",
    "StockOfCards",
    "TooManyUnpaidUnits",
    "adjust",
    "commit",
    "committing",
    "hold",
    "holding",
    "open_stock",
    "receive",
    "release",
    "release_many",
    "restore",
    "swap",
    "take_back",
]
