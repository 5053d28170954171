"""Adding up a simulation: plain JSON values, so that a run can stop after any chunk and go on later."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from apps.simulator.replay import Priced
from mall import money
from mall.pricing import refs

# So many orders below cost are kept, those with the greatest loss.
SAMPLE: Final = 20

_NOTHING: Final[dict[str, Any]] = {
    "orders": 0,
    "touched": 0,
    "members": 0,
    "stacked": 0,
    "goods_fen": 0,
    "draft_fen": 0,
    "off_before_fen": 0,
    "off_after_fen": 0,
    "paid_before_fen": 0,
    "paid_after_fen": 0,
    "margin_before_fen": 0,
    "margin_after_fen": 0,
    "below_before": 0,
    "below_after": 0,
    "unknown_costs": 0,
    "gifts": 0,
    "gifts_missing": 0,
    "gift_cost_fen": 0,
    "coupons": 0,
    "coupons_lost": 0,
    "points_before_fen": 0,
    "points_after_fen": 0,
    "stopped": {},
    "days": {},
    "worst": None,
    "sample": [],
}
# What stopped an order that earned gifts of which nothing was left; otherwise it is a limit's column.
GIFTS_GONE: Final = "gifts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One order with its price without the draft and with it.

    ``draft_ref`` is the draft's offer, empty on a day without it; ``stopped_by`` the limit that kept the order
    from it (or ``GIFTS_GONE``), and ``newcomer`` says that it is the member's first with it.
    """

    order_no: str
    day: date
    before: Priced
    after: Priced
    draft_ref: str
    stopped_by: str | None
    newcomer: bool
    unknown_costs: int


def so_far(kept: dict[str, Any]) -> dict[str, Any]:
    """The figures to go on with: those that were kept, or nothing yet."""
    return {**deepcopy(_NOTHING), **kept}


def add(figures: dict[str, Any], order: Replayed, *, gift_costs_fen: Mapping[int, int]) -> None:
    """Add one order to the figures."""
    before, after = order.before, order.after
    figures["orders"] += 1
    figures["unknown_costs"] += order.unknown_costs
    figures["goods_fen"] += after.quote.goods_fen
    for name, priced in (("before", before), ("after", after)):
        figures[f"off_{name}_fen"] += priced.quote.reduction_fen
        figures[f"paid_{name}_fen"] += priced.quote.payable_fen
        figures[f"margin_{name}_fen"] += priced.margin_fen
        figures[f"points_{name}_fen"] += priced.taken_fen(str(refs.points()))
        figures[f"below_{name}"] += priced.margin_fen < 0
    if order.stopped_by:
        figures["stopped"][order.stopped_by] = figures["stopped"].get(order.stopped_by, 0) + 1
    _add_coupons(figures, before, after)
    if order.draft_ref and after.gives(order.draft_ref):
        _add_touched(figures, order)
    _add_gifts(figures, order, gift_costs_fen)
    if after.margin_fen < 0:
        _keep_loss(figures["sample"], order.order_no, after)


def _add_touched(figures: dict[str, Any], order: Replayed) -> None:
    """An order that has something of the draft, in all and of its day."""
    draft_fen = order.after.taken_fen(order.draft_ref)
    figures["touched"] += 1
    figures["members"] += order.newcomer
    figures["stacked"] += len(order.after.parts) > 1
    figures["draft_fen"] += draft_fen
    that_day = figures["days"].setdefault(order.day.isoformat(), {"orders": 0, "draft_fen": 0})
    that_day["orders"] += 1
    that_day["draft_fen"] += draft_fen
    _keep_worst(figures, order.order_no, order.after)


def _add_coupons(figures: dict[str, Any], before: Priced, after: Priced) -> None:
    """The coupons that take something off without the draft, and those of them that do not with it."""
    without = {
        part.ref
        for part in before.quote.applied
        if (named := refs.read(part.ref)) and named.kind == refs.COUPON
    }
    figures["coupons"] += len(without)
    figures["coupons_lost"] += len(without - {part.ref for part in after.quote.applied})


def _add_gifts(figures: dict[str, Any], order: Replayed, gift_costs_fen: Mapping[int, int]) -> None:
    """What the draft gives, and what it would have given had there been more."""
    for gift in order.after.quote.gifts:
        if gift.ref == order.draft_ref:
            figures["gifts"] += gift.quantity
            figures["gifts_missing"] += gift.missing
            figures["gift_cost_fen"] += gift_costs_fen.get(gift.sku_id, 0) * gift.quantity


def _keep_loss(sample: list[dict[str, Any]], order_no: str, priced: Priced) -> None:
    sample.append(
        {
            "order_no": order_no,
            "payable_fen": priced.known_fen,
            "cost_fen": priced.cost_fen,
            "loss_fen": -priced.margin_fen,
            "parts": priced.parts,
        }
    )
    sample.sort(key=lambda order: (-order["loss_fen"], order["order_no"]))
    del sample[SAMPLE:]


def _keep_worst(figures: dict[str, Any], order_no: str, priced: Priced) -> None:
    """Of the orders that have the draft, keep the one that loses the greatest share; the first where they tie."""
    quote, worst = priced.quote, figures["worst"]
    if not quote.reduction_fen:
        return
    if worst is not None:
        worst_off_fen = worst["list_fen"] - worst["payable_fen"]
        if quote.reduction_fen * worst["list_fen"] <= worst_off_fen * quote.goods_fen:
            return
    payable_fen = quote.goods_fen - quote.reduction_fen
    figures["worst"] = {
        "order_no": order_no,
        "list_fen": quote.goods_fen,
        "payable_fen": payable_fen,
        "off_bp": money.allocate(money.WHOLE_BP, [quote.reduction_fen, payable_fen])[0],
        "parts": priced.parts,
    }
