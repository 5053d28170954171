"""Which goods an offer is for, as an operator chooses it: one idea of it for promotions and coupons."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.catalog.models import Brand, Category, Product, ScopedToGoods, Sku
from mall.errors import Fault, Invalid
from mall.pricing import scope

Kind = ScopedToGoods.Scope

# The columns that name goods, each with the kind that uses it.
NAMING: Final[dict[str, Kind]] = {
    "products": Kind.PRODUCTS,
    "skus": Kind.SKUS,
    "categories": Kind.CATEGORIES,
    "brands": Kind.BRANDS,
}
# For ``conditional_fields`` of an admin: each list of names is shown where its kind is chosen.
SHOWN_WHEN: Final[dict[str, str]] = {name: f"scope == '{kind}'" for name, kind in NAMING.items()}
_MODELS: Final[dict[str, Any]] = {"products": Product, "skus": Sku, "categories": Category, "brands": Brand}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The goods that are meant: all of them, or those of some products, SKUs, categories or brands, by their ids."""

    kind: str = Kind.ALL
    ids: frozenset[int] = frozenset()

    def ids_of(self, name: str) -> frozenset[int]:
        """The ids in one of the columns of ``NAMING``: none in those that another kind uses."""
        return self.ids if NAMING[name] == self.kind else frozenset()

    def named(self) -> dict[str, Any]:
        """The ids as the terms of an offer take them."""
        return {
            "product_ids": self.ids_of("products"),
            "sku_ids": self.ids_of("skus"),
            "category_ids": self.ids_of("categories"),
            "brand_ids": self.ids_of("brands"),
        }

    def faults(self) -> Iterator[Fault]:
        """Why these are no goods: an unknown kind, or ids that do not exist. One statement."""
        if self.kind not in Kind.values:
            yield Fault("scope", "适用范围有误")
        for name, kind in NAMING.items():
            if kind != self.kind or not self.ids:
                continue
            there = set(_MODELS[name].objects.filter(pk__in=self.ids).values_list("pk", flat=True))
            if missing := sorted(self.ids - there):
                label = str(_MODELS[name]._meta.verbose_name)
                yield Fault(name, f"{label}不存在：{'、'.join(map(str, missing))}")


def meant(
    *,
    product_ids: Collection[int] = (),
    sku_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
) -> Goods:
    """The goods that follow from the ids given, of one sort; none means all. Raises Invalid for several sorts."""
    given = [
        (kind, ids)
        for kind, ids in zip(NAMING.values(), (product_ids, sku_ids, category_ids, brand_ids), strict=True)
        if ids
    ]
    if len(given) > 1:
        raise Invalid("商品、规格、类目和品牌只能选择一种适用范围", details={"field": "scope"})
    return Goods(kind=given[0][0], ids=frozenset(given[0][1])) if given else Goods()


def chosen(kind: str, **named: Collection[Any]) -> Goods:
    """The goods of a filled-in form: only the rows in the column that its kind uses count."""
    rows = next((named.get(name, ()) for name, uses in NAMING.items() if uses == kind), ())
    return Goods(kind=kind, ids=frozenset(row.pk for row in rows))


def of_row(row: ScopedToGoods) -> Goods:
    """The goods that a saved row means: one statement, none for all goods."""
    for name, kind in NAMING.items():
        if kind == row.scope:
            return Goods(kind=kind, ids=frozenset(getattr(row, name).values_list("pk", flat=True)))
    return Goods(kind=row.scope)


def keep(row: ScopedToGoods, goods: Goods) -> None:
    """Write which goods a row names; its ``scope`` column is the caller's to save."""
    for name in NAMING:
        getattr(row, name).set(goods.ids_of(name))


def priced(
    kind: str,
    *,
    product_ids: Collection[int] = (),
    sku_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
) -> scope.Scope:
    """The goods as pricing understands them. Raises ScopeInvalid for a list that is empty: it does not mean everything."""
    if kind == Kind.PRODUCTS:
        return scope.Products(frozenset(product_ids))
    if kind == Kind.SKUS:
        return scope.Skus(frozenset(sku_ids))
    if kind == Kind.CATEGORIES:
        return scope.Categories(frozenset(category_ids))
    if kind == Kind.BRANDS:
        return scope.Brands(frozenset(brand_ids))
    return scope.ALL_GOODS


def told(row: ScopedToGoods, *, most: int) -> str:
    """The goods by name, for operators, at most so many of them: 「指定商品：龙井、碧螺春」. Uses what is prefetched."""
    label = str(row.get_scope_display())
    for name, kind in NAMING.items():
        if kind == row.scope:
            names = [str(one) for one in getattr(row, name).all()]
            more = f"等 {len(names)} 项" if len(names) > most else ""
            return f"{label}：{'、'.join(names[:most])}{more}"
    return label
