"""Choosing places: which stock rows an order's demand is taken from. Pure, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Shelf(NamedTuple):
    """One SKU in one place: ``free`` units may still be taken, the lowest (priority, place_id) goes first."""

    stock_id: int
    sku_id: int
    place_id: int
    priority: int
    free: int


class Take(NamedTuple):
    """So many units from one stock row."""

    stock_id: int
    quantity: int


class Shortage(NamedTuple):
    """A SKU of which there are fewer than wanted in all places together."""

    sku_id: int
    wanted: int
    available: int


def choose(demand: Mapping[int, int], shelves: Iterable[Shelf]) -> tuple[list[Take], list[Shortage]]:
    """What to take where, and which SKUs there are not enough of; with a shortage nothing must be taken.

    A SKU comes from the first place, by priority, that has all of it, so that it travels in one parcel. Only
    where no place has enough is it split, each place giving what it has. Both lists are in order of SKU.
    """
    by_sku: dict[int, list[Shelf]] = {sku_id: [] for sku_id in demand}
    for shelf in shelves:
        by_sku[shelf.sku_id].append(shelf)
    takes: list[Take] = []
    shortages: list[Shortage] = []
    for sku_id in sorted(demand):
        wanted = demand[sku_id]
        ranked = sorted(by_sku[sku_id], key=lambda shelf: (shelf.priority, shelf.place_id))
        available = sum(shelf.free for shelf in ranked)
        if available < wanted:
            shortages.append(Shortage(sku_id, wanted, available))
        else:
            takes += _from_places(wanted, ranked)
    return takes, shortages


def _from_places(wanted: int, ranked: list[Shelf]) -> list[Take]:
    for shelf in ranked:
        if shelf.free >= wanted:
            return [Take(shelf.stock_id, wanted)]
    takes = []
    for shelf in ranked:
        quantity = min(shelf.free, wanted)
        if quantity:
            takes.append(Take(shelf.stock_id, quantity))
            wanted -= quantity
    return takes
