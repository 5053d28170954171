"""What the lines of an order cost more than by the prices that hold now, as if these had been paid from the beginning.

A price is followed by percentages and sums: those of promotions, then a coupon's. A percentage is taken off the difference
too, of what it was taken off; a sum stays what it was. A coupon that took the most that it takes is such a sum, as long as
its percentage of the lower price is no less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from apps.coupons import selectors as coupon_facts
from apps.orders.models import OrderLine
from apps.promotions import selectors as promotion_facts
from mall import money
from mall.pricing import refs


def of_lines(lines: Sequence[OrderLine], *, now_fen: Mapping[int, int]) -> dict[int, int]:
    """Return by line id, in fen, how much more the units were that are not refunded; ``now_fen`` is by SKU id.

    Gifts and other SKUs are left out. At most two statements.
    """
    by_percent = _by_percent(lines)
    more_fen: dict[int, int] = {}
    for line in lines:
        if not line.is_gift and line.sku_id in now_fen and line.refunded < line.quantity:
            price_fen = line.list_fen - line.reduced_fen(lambda ref: ref.sets_price)
            each_fen = money.split_units(price_fen, line.quantity)[line.refunded :]
            fen = sum(max(0, each - now_fen[line.sku_id]) for each in each_fen)
            more_fen[line.pk] = _less(fen, off_fen=line.reduced_fen(by_percent), of_fen=price_fen)
    used = {ref.public_id for line in lines for ref in _refs(line) if ref.public_id is not None}
    for public_id, percent in coupon_facts.percents(used).items():
        _follow(lines, more_fen, public_id=public_id, percent=percent)
    return more_fen


def _follow(
    lines: Sequence[OrderLine],
    more_fen: dict[int, int],
    *,
    public_id: UUID,
    percent: coupon_facts.Percent,
) -> None:
    """Take off the differences what the coupon would have taken off the lower prices less than it did."""
    took_fen = {
        line.pk: fen for line in lines if (fen := line.reduced_fen(lambda ref: ref.public_id == public_id))
    }
    before_fen = {line.pk: line.list_fen - line.reduced_fen(_comes_first) for line in lines}
    fallen = [line_id for line_id in took_fen if more_fen.get(line_id)]
    if not fallen:
        return
    all_fen = sum(took_fen.values())
    if percent.cap_fen is None or all_fen < percent.cap_fen:
        for line_id in fallen:
            more_fen[line_id] = _less(
                more_fen[line_id], off_fen=took_fen[line_id], of_fen=before_fen[line_id]
            )
        return
    now_fen = sum(max(0, before_fen[line_id] - more_fen.get(line_id, 0)) for line_id in took_fen)
    less_fen = all_fen - min(all_fen, money.share_bp(now_fen, bp=percent.off_bp))
    weights = [more_fen[line_id] for line_id in fallen]
    for line_id, fen in zip(fallen, money.allocate(less_fen, weights), strict=True):
        more_fen[line_id] -= min(fen, more_fen[line_id])


def _comes_first(ref: refs.Ref) -> bool:
    """Whether it was taken off before any coupon: what sets the price, and promotions."""
    return ref.sets_price or ref.kind == refs.PROMOTION


def _by_percent(lines: Sequence[OrderLine]) -> Callable[[refs.Ref], bool]:
    """Which promotions took a percentage off these lines: at most one statement."""
    used = {ref for line in lines for ref in _refs(line) if ref.kind == refs.PROMOTION and not ref.sets_price}
    found = promotion_facts.by_percent({int(ref.key) for ref in used})
    return lambda ref: ref in used and int(ref.key) in found


def _refs(line: OrderLine) -> list[refs.Ref]:
    return [ref for part in line.reductions if (ref := refs.read(part["ref"]))]


def _less(fen: int, *, off_fen: int, of_fen: int) -> int:
    """An amount less the share that was taken off."""
    return money.allocate(fen, [of_fen - off_fen, off_fen])[0] if fen else 0
