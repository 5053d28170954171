"""Whose parcels bear a tracking number: asked before another parcel leaves under it. The table is ``config/parcels.py``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """A table whose rows have an ``order``, and the columns that say carrier and number of a parcel to its receiver."""

    model: str
    carrier: str
    number: str


class Borne(NamedTuple):
    """A parcel that bears a number: the order that it is of, and where that goes."""

    order_no: str
    address: Mapping[str, Any]


def board() -> Sequence[Labels]:
    """Return the table of all that labels parcels (settings.PARCEL_LABELS)."""
    found: Sequence[Labels] = import_string(settings.PARCEL_LABELS)
    return found


def borne(numbers: Collection[str], *, but: Collection[int]) -> dict[tuple[str, str], list[Borne]]:
    """Return who bears these numbers, by carrier's code and number, the latest first, without the orders of these ids.

    One statement for each table of the board.
    """
    found: dict[tuple[str, str], list[Borne]] = {}
    for one in board():
        model: type[Model] = apps.get_model(one.model)
        # The index of a table in which most rows have none leaves those out, as the question does.
        rows = model._default_manager.filter(**{f"{one.number}__in": numbers}).exclude(**{one.number: ""})
        told = rows.exclude(order__in=but).order_by("-id")
        for code, number, *order in told.values_list(
            f"{one.carrier}__code", one.number, "order__order_no", "order__address"
        ):
            found.setdefault((code, number), []).append(Borne(*order))
    return found
