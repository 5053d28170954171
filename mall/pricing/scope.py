"""Scopes: which goods an offer is for. A closed union; a scope is never "empty, therefore everything"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mall.errors import Invalid
from mall.pricing.basket import Line


class ScopeInvalid(Invalid):
    """A scope that names nothing: its offer would never apply, or be taken for one on everything."""

    code = "scope_invalid"
    message = "请至少选择一项适用商品"


@dataclass(frozen=True, slots=True)
class AllGoods:
    """Everything in the basket."""

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return True


ALL_GOODS: Final = AllGoods()


@dataclass(frozen=True, slots=True)
class _Named:
    ids: frozenset[int]

    def __post_init__(self) -> None:
        if not self.ids:
            raise ScopeInvalid


@dataclass(frozen=True, slots=True)
class Products(_Named):
    """The SKUs of these products."""

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return line.product_id in self.ids


@dataclass(frozen=True, slots=True)
class Categories(_Named):
    """Everything in these categories and below them."""

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return not self.ids.isdisjoint(line.category_ids)


@dataclass(frozen=True, slots=True)
class Brands(_Named):
    """Everything of these brands."""

    def covers(self, line: Line) -> bool:
        """Whether the line is meant."""
        return line.brand_id in self.ids


Scope = AllGoods | Products | Categories | Brands
