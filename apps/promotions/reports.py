"""A simulation's figures in the words of its report: tables with a title each. Pure.

The figures are what ``apps.simulator.figures`` adds up; while a run advances they say what has been
replayed so far. A run of before some figure was counted leaves its line out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from mall import money

_LIMITS: Final = {
    "limit_total": "总次数",
    "limit_per_day": "每天总次数",
    "limit_per_member": "每人次数",
    "limit_per_member_day": "每人每天次数",
}


class Table(NamedTuple):
    """A part of the report: what it is about, its columns, its rows."""

    title: str
    headers: list[str]
    rows: list[list[str]]


def tables(figures: Mapping[str, Any]) -> list[Table]:
    """The report, from the campaign's cost to the orders that lose most; nothing before the first chunk."""
    if not figures:
        return []
    found = [
        Table("活动效果", ["项目", "结果"], _cost(figures)),
        Table("前后对比", ["项目", "不做活动", "做活动"], _before_and_after(figures)),
        Table("被拦下的优惠", ["原因", "影响"], _held_back(figures)),
        Table("叠加最多的订单", ["项目", "金额"], _worst(figures)),
        Table("每天", ["日期", "享受订单", "优惠"], _by_day(figures)),
        Table("低于成本的订单（亏得最多的在前）", ["订单", "实付", "成本", "亏损", "优惠"], _losses(figures)),
    ]
    return [table for table in found if table.rows]


def percent(bp: int) -> str:
    """Basis points as people say them: 1250 is 「12.5%」."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def _cost(figures: Mapping[str, Any]) -> list[list[str]]:
    touched, draft_fen = figures["touched"], figures["draft_fen"]
    lines = [
        ["回放订单", f"{figures['orders']:,} 单"],
        ["享受此活动", f"{touched:,} 单" + _of_members(figures)],
        ["此活动优惠", money.priced(draft_fen)],
    ]
    if touched:
        lines.append(["平均每单优惠", money.priced(money.average(draft_fen, over=touched))])
    if "stacked" in figures:
        lines.append(["与其他优惠叠加", f"{figures['stacked']:,} 单"])
    if figures["gifts"]:
        lines.append(["送出赠品", f"{figures['gifts']:,} 件，成本 {money.priced(figures['gift_cost_fen'])}"])
    return lines


def _of_members(figures: Mapping[str, Any]) -> str:
    return f"，{figures['members']:,} 位会员" if "members" in figures else ""


def _before_and_after(figures: Mapping[str, Any]) -> list[list[str]]:
    amounts = {
        "商品原价": ("goods_fen", "goods_fen"),
        "商品优惠": ("off_before_fen", "off_after_fen"),
        "其中积分抵扣": ("points_before_fen", "points_after_fen"),
        "实收（含运费）": ("paid_before_fen", "paid_after_fen"),
        "毛利（扣除赠品成本与佣金）": ("margin_before_fen", "margin_after_fen"),
    }
    lines = [
        [what, money.priced(figures[before]), money.priced(figures[after])]
        for what, (before, after) in amounts.items()
        if figures.get(before) or figures.get(after)
    ]
    lines.append(["低于成本的订单", f"{figures['below_before']:,} 单", f"{figures['below_after']:,} 单"])
    if unknown := figures["unknown_costs"]:
        lines.append(["没有成本的商品", *2 * [f"{unknown:,} 行，未计入毛利"]])
    return lines


def _held_back(figures: Mapping[str, Any]) -> list[list[str]]:
    """What limits, stock and thresholds kept from orders."""
    stopped = figures.get("stopped", {})
    lines = [
        [f"已达「{name}」上限", f"{stopped[limit]:,} 单没有享受"]
        for limit, name in _LIMITS.items()
        if stopped.get(limit)
    ]
    if stopped.get("gifts"):
        lines.append(["赠品已送完", f"{stopped['gifts']:,} 单没有赠品"])
    if figures.get("gifts_missing"):
        lines.append(["赠品不够送一份", f"少送 {figures['gifts_missing']:,} 件"])
    if figures.get("coupons_lost"):
        lost, coupons = figures["coupons_lost"], figures["coupons"]
        lines.append(["优惠券不再可用（达不到门槛或不同享）", f"{coupons:,} 张中的 {lost:,} 张"])
    return lines


def _worst(figures: Mapping[str, Any]) -> list[list[str]]:
    worst = figures["worst"]
    if not worst:
        return []
    taken = [
        [label, money.priced(-amount_fen) if amount_fen else "赠品"] for label, amount_fen in _parts(worst)
    ]
    return [
        [f"{worst['order_no']} 原价", money.priced(worst["list_fen"])],
        *taken,
        [f"商品实付（共减 {percent(worst['off_bp'])}）", money.priced(worst["payable_fen"])],
    ]


def _by_day(figures: Mapping[str, Any]) -> list[list[str]]:
    days = figures.get("days", {})
    return [
        [day, f"{days[day]['orders']:,} 单", money.priced(days[day]["draft_fen"])] for day in sorted(days)
    ]


def _losses(figures: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            order["order_no"],
            money.priced(order["payable_fen"]),
            money.priced(order["cost_fen"]),
            money.priced(order["loss_fen"]),
            "、".join(label for label, _ in _parts(order)),
        ]
        for order in figures.get("sample", [])
    ]


def _parts(order: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What made the price: labels with amounts, or (in runs of before they were kept) labels alone."""
    yield from (tuple(part) for part in order.get("parts", []))
    yield from ((label, 0) for label in order.get("labels", []))
