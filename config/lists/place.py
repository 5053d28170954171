"""What a line of the sidebar says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Place(NamedTuple):
    """A list that operators go to: its title, Material symbol, model, and the filter it opens with.

    ``waiting`` gives the rows that wait there for a person: the place bears their number. ``of_shop`` is where each row says
    whose shop's it is: who works at one shop counts its own.
    """

    title: str
    icon: str
    model: str
    query: str = ""
    waiting: Callable[[], QuerySet[Any]] | None = None
    of_shop: str = ""


Groups = Sequence[tuple[str, Sequence[Place]]]

# Where rows of orders, and rows about orders, say whose shop's they are.
SHOP_OF_ORDER = "delivery__place_id"
SHOP_OF_ITS_ORDER = f"order__{SHOP_OF_ORDER}"
