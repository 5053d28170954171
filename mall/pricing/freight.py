"""Freight: what sending a basket costs before any free postage, by the templates that its lines name.

Lines with the same template add up their pieces or grams and are charged once; the fees of different
templates are added. A line without a template ships free.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from mall.pricing.basket import Basket, ChargedBy, Destination, Freight, Zone


class Shipping(NamedTuple):
    """The fee in fen, and the SKUs that no tariff reaches, for which nothing is charged."""

    fee_fen: int
    undeliverable: tuple[int, ...] = ()


def charge(basket: Basket) -> Shipping:
    """What sending the basket to its destination costs; nothing while there is no destination."""
    destination = basket.destination
    if destination is None:
        return Shipping(fee_fen=0)
    units = _units_by_template(basket)
    zones = {
        freight.ref: _zone_for(freight, destination) for freight in basket.freights if freight.ref in units
    }
    fee_fen = sum(_fee_fen(zone, units[ref]) for ref, zone in zones.items() if zone is not None)
    unreached = {ref for ref, zone in zones.items() if zone is None}
    return Shipping(fee_fen, tuple(line.sku_id for line in basket.lines if line.freight_ref in unreached))


def _units_by_template(basket: Basket) -> Counter[str]:
    charged_by = {freight.ref: freight.charged_by for freight in basket.freights}
    units: Counter[str] = Counter()
    for line in basket.lines:
        if line.freight_ref is not None:
            by_weight = charged_by[line.freight_ref] is ChargedBy.WEIGHT
            units[line.freight_ref] += line.quantity * (line.weight_g if by_weight else 1)
    return units


def _zone_for(freight: Freight, destination: Destination) -> Zone | None:
    """The tariff that names the destination most specifically: a district before its city, a city before its
    province; otherwise the default. A template names no region twice, so at most one tariff fits a name.
    """
    for name in destination.region_names():
        for zone in freight.zones:
            if name in zone.regions:
                return zone
    return freight.default


def _fee_fen(zone: Zone, units: int) -> int:
    beyond = max(0, units - zone.first_units)
    begun = -(-beyond // zone.next_units)  # rounded up: a begun unit is charged whole
    return zone.first_fee_fen + begun * zone.next_fee_fen
