"""What is set up so that it costs the shop money or sales in silence, for the operators' home and ``check_regions``."""

from __future__ import annotations

from dataclasses import dataclass

from apps.fulfillment import selectors as parcel_facts
from apps.promotions import selectors as promotion_facts


@dataclass(frozen=True, slots=True)
class Faults:
    """``regions`` as (whose, where, what is wrong), SKUs of 0 g that are charged by weight, products without freight."""

    freight_regions: list[tuple[str, str]]
    promotion_regions: list[tuple[str, str]]
    weightless: list[str]
    without_freight: int


def found() -> Faults:
    """Look at templates, promotions and goods: four statements."""
    return Faults(
        freight_regions=parcel_facts.unclear_regions(),
        promotion_regions=promotion_facts.unclear_regions(),
        weightless=[f"{row['title']}（{row['code']}）" for row in parcel_facts.weightless()],
        without_freight=parcel_facts.without_freight(),
    )
