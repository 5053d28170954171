"""A simulation's figures in the words of its report. Pure.

The figures are what ``apps.checkout.simulator.figures`` adds up; while a run advances they say what has been
replayed so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mall import money


class Line(NamedTuple):
    """One line of the report."""

    what: str
    figure: str


def summary(figures: Mapping[str, Any]) -> list[Line]:
    """The report, from the campaign's cost to the worst stacked case; nothing before the first chunk."""
    if not figures:
        return []
    lines = [
        Line("回放订单", f"{figures['orders']:,} 单，其中 {figures['touched']:,} 单享受此活动"),
        Line("商品原价合计", _yuan(figures["goods_fen"])),
        Line("此活动优惠", _yuan(figures["draft_fen"])),
        Line("商品优惠合计", f"{_yuan(figures['off_before_fen'])} → {_yuan(figures['off_after_fen'])}"),
        Line("实收（含运费）", f"{_yuan(figures['paid_before_fen'])} → {_yuan(figures['paid_after_fen'])}"),
        Line(
            "毛利（已知成本的商品，扣除赠品成本）",
            f"{_yuan(figures['margin_before_fen'])} → {_yuan(figures['margin_after_fen'])}",
        ),
        Line("低于成本的订单", f"{figures['below_before']:,} → {figures['below_after']:,} 单"),
    ]
    if figures["unknown_costs"]:
        lines.append(Line("没有成本的商品行", f"{figures['unknown_costs']:,} 行，未计入毛利"))
    if figures["gifts"]:
        lines.append(Line("送出赠品", f"{figures['gifts']:,} 件，成本 {_yuan(figures['gift_cost_fen'])}"))
    if worst := figures["worst"]:
        lines.append(
            Line(
                "叠加最多的订单",
                f"{worst['order_no']}：原价 {_yuan(worst['list_fen'])}，实付 {_yuan(worst['payable_fen'])}，"
                f"减 {percent(worst['off_bp'])}（{'、'.join(worst['labels'])}）",
            )
        )
    return lines


def losses(figures: Mapping[str, Any]) -> list[str]:
    """The sample of orders below cost, a sentence each."""
    return [
        f"{order['order_no']}：实付 {_yuan(order['payable_fen'])}，成本 {_yuan(order['cost_fen'])}，"
        f"亏 {_yuan(order['loss_fen'])}（{'、'.join(order['labels'])}）"
        for order in figures.get("sample", [])
    ]


def percent(bp: int) -> str:
    """Basis points as people say them: 1250 is 「12.5%」."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def _yuan(amount_fen: int) -> str:
    return f"¥{money.yuan(amount_fen)}"
