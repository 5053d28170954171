"""The basket: all that a price may depend on of the goods, the buyer and the way to the buyer, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mall import regions
from mall.errors import Invalid


class FreightInvalid(Invalid):
    """A freight template that could not be charged by; the sentence says what is wrong with it."""

    code = "freight_invalid"
    message = "运费模板有误"


class ChargedBy(StrEnum):
    """What a freight template counts."""

    PIECE = "PIECE"
    WEIGHT = "WEIGHT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One SKU and how many of it, at its list price.

    ``category_ids`` holds the product's own categories and all their ancestors, so that an offer on a
    category reaches everything below it. ``unit_price_fen`` is the list price of one unit. ``freight_ref``
    names a template of the basket; without one the line ships free.
    """

    sku_id: int
    product_id: int
    category_ids: frozenset[int] = frozenset()
    brand_id: int | None = None
    title: str
    quantity: int
    unit_price_fen: int
    weight_g: int = 0
    freight_ref: str | None = None

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError(f"SKU {self.sku_id} is wanted {self.quantity} times")
        if self.unit_price_fen < 0 or self.weight_g < 0:
            raise ValueError(f"SKU {self.sku_id} has a negative price or weight")

    @property
    def list_fen(self) -> int:
        """What the line costs before any reduction, in fen."""
        return self.unit_price_fen * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, as far as prices care: the id of the member's level, None for someone without one."""

    level_id: int | None = None


ANYONE: Final = Buyer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the parcel goes, in the names that WeChat's region picker and address card give."""

    province: str
    city: str
    district: str

    def region_names(self) -> tuple[str, ...]:
        """All that the place may be called in a tariff or an offer, the most specific name first.

        District names repeat across the country (鼓楼区 is in Nanjing and in Fuzhou), so an inner name may be
        qualified by the outer ones, as ``南京市/鼓楼区``. A level that the address leaves empty has no name.
        """
        return regions.names_of(self.province, self.city, self.district)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One tariff: ``first_units`` cost ``first_fee_fen``, each begun ``next_units`` more ``next_fee_fen``.

    Units are pieces, or grams where the template charges by weight. ``regions`` are the names it is for; the
    default zone of a template has none.
    """

    regions: frozenset[str] = frozenset()
    first_units: int
    first_fee_fen: int
    next_units: int
    next_fee_fen: int

    def __post_init__(self) -> None:
        if self.first_units < 1 or self.next_units < 1:
            raise FreightInvalid("首件（首重）和续件（续重）必须大于 0")
        if self.first_fee_fen < 0 or self.next_fee_fen < 0:
            raise FreightInvalid("运费不能为负数")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freight:
    """A freight template: tariffs by region, and one for everywhere else.

    Without ``default`` nothing is delivered outside the zones.
    """

    ref: str
    label: str
    charged_by: ChargedBy
    zones: tuple[Zone, ...] = ()
    default: Zone | None = None

    def __post_init__(self) -> None:
        named: set[str] = set()
        for zone in self.zones:
            if not zone.regions:
                raise FreightInvalid("每个运费区域至少包含一个地区")
            if twice := named & zone.regions:
                raise FreightInvalid(f"地区重复：{'、'.join(sorted(twice))}")
            named |= zone.regions
        if not self.zones and self.default is None:
            raise FreightInvalid("运费模板没有任何可配送地区")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What is to be priced. The same SKU twice is refused (ValueError): whoever fills a basket adds it up.

    ``destination`` is None while the buyer has not said where to; shipping is then not known. ``freights``
    are the templates that the lines name, in any order.
    """

    lines: tuple[Line, ...]
    buyer: Buyer = ANYONE
    destination: Destination | None = None
    freights: tuple[Freight, ...] = ()

    def __post_init__(self) -> None:
        if len({line.sku_id for line in self.lines}) != len(self.lines):
            raise ValueError("a SKU stands in a basket once, with its whole quantity")
        refs = {freight.ref for freight in self.freights}
        if len(refs) != len(self.freights):
            raise ValueError("two freight templates share a ref")
        if unknown := {line.freight_ref for line in self.lines} - refs - {None}:
            raise ValueError(f"lines name freight templates that the basket does not hold: {unknown}")
