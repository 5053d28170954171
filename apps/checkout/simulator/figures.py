"""Adding up a simulation: plain JSON values, so that a run can stop after any chunk and go on later."""

from __future__ import annotations

from typing import Any, Final

from apps.checkout.simulator.replay import Priced
from mall import money
from mall.pricing.quote import Quote

# So many orders below cost are kept, those with the greatest loss.
SAMPLE: Final = 20

_NOTHING: Final[dict[str, Any]] = {
    "orders": 0,
    "touched": 0,
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
    "gift_cost_fen": 0,
    "worst": None,
    "sample": [],
}


def so_far(kept: dict[str, Any]) -> dict[str, Any]:
    """The figures to go on with: those that were kept, or nothing yet."""
    return {**_NOTHING, "sample": [], **kept}


def add(
    figures: dict[str, Any],
    *,
    order_no: str,
    draft_ref: str,
    before: Priced,
    after: Priced,
    unknown_costs: int,
) -> None:
    """Add one order to the figures: its price without the draft and with it."""
    draft_fen = _taken_fen(after.quote, draft_ref)
    given = any(gift.quantity for gift in after.quote.gifts if gift.ref == draft_ref)
    figures["orders"] += 1
    figures["touched"] += bool(draft_fen or given)
    figures["goods_fen"] += after.quote.goods_fen
    figures["draft_fen"] += draft_fen
    figures["off_before_fen"] += before.quote.reduction_fen
    figures["off_after_fen"] += after.quote.reduction_fen
    figures["paid_before_fen"] += before.quote.payable_fen
    figures["paid_after_fen"] += after.quote.payable_fen
    figures["margin_before_fen"] += before.margin_fen
    figures["margin_after_fen"] += after.margin_fen
    figures["below_before"] += before.margin_fen < 0
    figures["unknown_costs"] += unknown_costs
    figures["gifts"] += after.gifts
    figures["gift_cost_fen"] += after.gift_cost_fen
    if after.margin_fen < 0:
        figures["below_after"] += 1
        _keep_loss(figures["sample"], order_no, after)
    _keep_worst(figures, order_no, after)


def _taken_fen(quote: Quote, ref: str) -> int:
    return sum(reduction.amount_fen for reduction in quote.applied if reduction.ref == ref)


def _keep_loss(sample: list[dict[str, Any]], order_no: str, priced: Priced) -> None:
    sample.append(
        {
            "order_no": order_no,
            "payable_fen": priced.known_fen,
            "cost_fen": priced.cost_fen,
            "loss_fen": -priced.margin_fen,
            "labels": priced.labels,
        }
    )
    sample.sort(key=lambda order: (-order["loss_fen"], order["order_no"]))
    del sample[SAMPLE:]


def _keep_worst(figures: dict[str, Any], order_no: str, priced: Priced) -> None:
    """Keep the order from which the greatest share is taken off; the first of those that tie."""
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
        "labels": priced.labels,
    }
