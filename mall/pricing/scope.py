"""Scopes: which goods an offer is for. A closed union; a scope is never "empty, therefore everything"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from mall.errors import Invalid
from mall.pricing.basket import Line


class ScopeInvalid(Invalid):
    """A scope that names nothing: its offer would never apply, or be taken for one on everything."""

    code = "scope_invalid"
    message = "请至少选择一项适用商品"


@dataclass(frozen=True, slots=True)
class AllGoods:
    """Everything in the basket."""

    kind: ClassVar[str] = "ALL"

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": self.kind, "ids": []}


ALL_GOODS: Final = AllGoods()


@dataclass(frozen=True, slots=True)
class _Named:
    kind: ClassVar[str]

    ids: frozenset[int]

    def __post_init__(self) -> None:
        if not self.ids:
            raise ScopeInvalid

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, the ids ascending."""
        return {"kind": self.kind, "ids": sorted(self.ids)}


@dataclass(frozen=True, slots=True)
class Products(_Named):
    """The SKUs of these products."""

    kind: ClassVar[str] = "PRODUCTS"

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return line.product_id in self.ids


@dataclass(frozen=True, slots=True)
class Skus(_Named):
    """Just these SKUs."""

    kind: ClassVar[str] = "SKUS"

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return line.sku_id in self.ids


@dataclass(frozen=True, slots=True)
class Categories(_Named):
    """Everything in these categories and below them."""

    kind: ClassVar[str] = "CATEGORIES"

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return not self.ids.isdisjoint(line.category_ids)


@dataclass(frozen=True, slots=True)
class Brands(_Named):
    """Everything of these brands."""

    kind: ClassVar[str] = "BRANDS"

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return line.brand_id in self.ids


Scope = AllGoods | Products | Skus | Categories | Brands
