"""Other goods in the place of a line's, at the price that was paid: what the line then names, and what it named before."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.orders.models import LineSwap, OrderLine, OrderMove
from apps.orders.services import Goods
from apps.orders.states import Actor


def swap_line(
    *, line: OrderLine, status: str, sku_id: int, title: str, goods: Goods, cause: str, at: datetime
) -> LineSwap:
    """Let a line name other goods, and keep what it named; the caller has locked the order and moves the stock.

    Every figure of the price stays, and what was promised of freight insurance; the cost is that of what will leave. Once
    per ``cause`` (``line_swap_once_per_cause``). The order's history tells it, as its buyer's doing.
    """
    transactions.require()
    kept = LineSwap.objects.create(
        line=line,
        cause=cause,
        was_sku_id=line.sku_id,
        was_title=line.title,
        was_option_text=line.option_text,
        was_cost_fen=line.cost_fen,
        now_sku_id=sku_id,
        at=at,
    )
    was = f"{line.title} {line.option_text}".strip()
    now = f"{title} {goods.option_text}".strip()
    OrderMove.objects.create(
        order_id=line.order_id,
        move="swap",
        from_status=status,
        to_status=status,
        actor=Actor.MEMBER,
        note=f"{was[:95]} → {now[:95]} × {line.quantity}",
        at=at,
    )
    line.sku_id, line.title = sku_id, title
    line.option_text, line.image, line.cost_fen = goods.option_text, goods.image, goods.cost_fen
    line.returns, line.returns_text = goods.returns, goods.returns_text
    line.returns_confirmed = goods.returns_confirmed
    line.save(
        update_fields=[
            "sku",
            "title",
            "option_text",
            "image",
            "cost_fen",
            "returns",
            "returns_text",
            "returns_confirmed",
        ]
    )
    return kept
