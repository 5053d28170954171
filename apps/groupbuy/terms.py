"""What a group-buy says of its prices: a ladder for each SKU. Frozen with each group when it opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.groupbuy.models import GroupBuy

# The step of a ladder that is not a number of people: what whoever opens a group pays.
LEADER = 1


def called(step: int) -> str:
    """What shoppers and operators call who pays a step's price: 开团者, or so many together."""
    return "开团者" if step == LEADER else f"{step} 人团"


class NextTier(NamedTuple):
    """The next number of people at which the price falls."""

    size: int
    price_fen: int
    missing: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Prices in fen by SKU id and number of people, the same numbers for all SKUs; ``LEADER``: of whoever opens."""

    ladders: Mapping[int, Mapping[int, int]]

    @classmethod
    def read(cls, kept: Mapping[str, Mapping[str, int]]) -> Terms:
        """The terms as a row keeps them."""
        return cls(
            {
                int(sku_id): {
                    int(size): price_fen for size, price_fen in sorted(ladder.items(), key=_by_size)
                }
                for sku_id, ladder in kept.items()
            }
        )

    def as_json(self) -> dict[str, dict[str, int]]:
        """As a row keeps them."""
        return {
            str(sku_id): {str(size): price_fen for size, price_fen in ladder.items()}
            for sku_id, ladder in self.ladders.items()
        }

    @property
    def sizes(self) -> list[int]:
        """The numbers of people that count, the smallest first."""
        found = {size for ladder in self.ladders.values() for size in ladder if size != LEADER}
        return sorted(found)

    @property
    def size(self) -> int:
        """How many form a group."""
        return self.sizes[0]

    @property
    def largest(self) -> int:
        """How many a group can have."""
        return self.sizes[-1]

    def reached(self, people: int) -> int:
        """The largest step that so many reach; the smallest while none is."""
        return max((size for size in self.sizes if size <= people), default=self.size)

    def opening_step(self, sku_ids: Iterable[int]) -> int:
        """The step that whoever opens a group with these SKUs pays: ``LEADER`` where any of them has such a price."""
        return LEADER if any(LEADER in self.ladders[sku_id] for sku_id in sku_ids) else self.size

    def opening_fen(self) -> dict[int, int]:
        """What whoever opens pays, by SKU id."""
        return {sku_id: ladder.get(LEADER, ladder[self.size]) for sku_id, ladder in self.ladders.items()}

    def prices_fen(self, *, people: int) -> dict[int, int]:
        """What each pays once so many are together, by SKU id."""
        step = self.reached(people)
        return {sku_id: ladder[step] for sku_id, ladder in self.ladders.items()}

    def lowest_fen(self) -> dict[int, int]:
        """The lowest price that each SKU can be had for, by SKU id: what a badge shows."""
        return {sku_id: min(ladder.values()) for sku_id, ladder in self.ladders.items()}

    def highest_fen(self) -> dict[int, int]:
        """The highest price of each SKU, by SKU id."""
        return {sku_id: max(ladder.values()) for sku_id, ladder in self.ladders.items()}

    def next_tier(self, people: int) -> NextTier | None:
        """The next step that so many have not reached; its price is the lowest over the SKUs. None at the top."""
        above = [size for size in self.sizes if size > people]
        if not above:
            return None
        price_fen = min(ladder[above[0]] for ladder in self.ladders.values())
        return NextTier(above[0], price_fen, above[0] - people)

    def tiers_of(self, sku_id: int) -> list[dict[str, Any]]:
        """A SKU's ladder as the API shows it."""
        ladder = self.ladders[sku_id]
        return [{"size": size, "price_fen": ladder[size]} for size in self.sizes]


def of_campaign(row: GroupBuy) -> Terms:
    """The prices of a group-buy as they are now: one query."""
    ladders: dict[int, dict[int, int]] = {}
    for price in row.prices.all():
        ladders.setdefault(price.sku_id, {})[price.size] = price.price_fen
    return Terms(ladders)


def _by_size(step: tuple[Any, int]) -> int:
    return int(step[0])
