"""Which rate holds for a line of an order: the most specific rule wins, and says which one it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Candidate(NamedTuple):
    """A rule that fits some goods. ``depth`` says how close: 0 for the product itself, else how deep its category lies.

    ``level_id`` is the promoters' level that it is for, None for all.
    """

    of_product: bool
    depth: int
    level_id: int | None
    first_bp: int
    second_bp: int
    # The category's name; None for a product's own rule.
    category: str | None

    @property
    def label(self) -> str:
        """What operators and promoters read."""
        return "商品比例" if self.category is None else f"类目「{self.category}」比例"


class Standing(NamedTuple):
    """What holds for a promoter whatever the goods: their level's own rates, None where it has none."""

    level_id: int | None = None
    level_name: str = ""
    first_bp: int | None = None
    second_bp: int | None = None


class Rate(NamedTuple):
    """A rate in basis points, and which rule gave it, in words for operators and promoters."""

    bp: int
    source: str


def rate(
    candidates: Sequence[Candidate], standing: Standing, *, shop_bp: tuple[int, int], level: int
) -> Rate:
    """The rate of level 1 or 2 for a promoter: product before category, the nearest category before those above it.

    Of two rules for the same goods, the one for the promoter's level wins. Goods without a rule: the level's own rate,
    else the shop's.
    """
    fitting = [each for each in candidates if each.level_id in (None, standing.level_id)]
    if fitting:
        best = max(fitting, key=lambda each: (each.of_product, each.depth, each.level_id is not None))
        told = f"{best.label}（{standing.level_name}）" if best.level_id is not None else best.label
        return Rate(best.first_bp if level == 1 else best.second_bp, told[:60])
    own_bp = standing.first_bp if level == 1 else standing.second_bp
    if own_bp is not None:
        return Rate(own_bp, f"等级「{standing.level_name}」")
    return Rate(shop_bp[level - 1], "推客规则")


def both(
    candidates: Sequence[Candidate],
    first: Standing,
    second: Standing,
    *,
    shop_bp: tuple[int, int],
    ceiling_bp: int,
) -> tuple[Rate, Rate]:
    """The rates of both levels, together never above the ceiling: what is above it the second level goes without."""
    near = rate(candidates, first, shop_bp=shop_bp, level=1)
    near = near._replace(bp=min(near.bp, ceiling_bp))
    far = rate(candidates, second, shop_bp=shop_bp, level=2)
    return near, far._replace(bp=min(far.bp, ceiling_bp - near.bp))
