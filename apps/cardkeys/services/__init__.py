"""Everything that writes card keys: bringing them in, selling them with an order, taking them back and out.

Call it as ``cardkeys.sell(...)`` (``from apps.cardkeys import services as cardkeys``). What belongs to an order runs in the
caller's transaction, under the order's lock and after its stock was settled.
"""

from apps.cardkeys.services.importing import Imported, bring_in
from apps.cardkeys.services.keeping import (
    NothingToVoid,
    erase_secrets,
    seal_anew,
    void,
)
from apps.cardkeys.services.selling import NoCardLeft, sell, take_back

__all__ = [
    "Imported",
    "NoCardLeft",
    "NothingToVoid",
    "bring_in",
    "erase_secrets",
    "seal_anew",
    "sell",
    "take_back",
    "void",
]
