"""What a query asks of the shelf: which goods, in which order, and which page of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from apps.base import paging
from apps.base.paging import Asked
from apps.catalog import shelves
from apps.catalog.shelves import Shelf
from apps.checkout import hints
from mall.errors import Invalid

# What a bigint holds without thinking.
_ID: Final = re.compile(r"[0-9]{1,18}")


class CategoryInvalid(Invalid):
    """``category`` is not the id of a category."""

    code = "category_invalid"
    message = "类目编号应为整数"


class PriceInvalid(Invalid):
    """``price_from_fen`` is no amount in fen."""

    code = "price_invalid"
    message = "价格应为整数（分）"


class Wanted(NamedTuple):
    """The shelf, the category that it is of, if one was named, and the page."""

    shelf: Shelf
    category_id: int | None
    page: Asked


def wanted(query: Mapping[str, str], *, at: datetime, lead: timedelta) -> Wanted:
    """What is asked for at this moment by whoever comes early by ``lead``. A statement for a search of several words.

    Raises CategoryInvalid, PriceInvalid, hints.ScopeUnreadable, and what ``shelves.shelf`` and ``paging.asked`` do.
    """
    category_id = _number(query.get("category"), CategoryInvalid)
    shelf = shelves.shelf(
        at=at,
        category_id=category_id,
        query=query.get("q", ""),
        ordering=query.get("ordering"),
        scope=hints.read_scope(query.get("scope", "")),
        price_from_fen=_number(query.get("price_from_fen"), PriceInvalid) or 0,
        early=lead,
    )
    return Wanted(shelf, category_id, paging.asked(query, shelf.ordering))


def _number(given: str | None, refusal: type[Invalid]) -> int | None:
    if not given:
        return None
    if not _ID.fullmatch(given):
        raise refusal
    return int(given)
