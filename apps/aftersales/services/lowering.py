"""Applications whose units were refunded otherwise: closed, or lowered to what is left, in the refund's transaction.

Goods that are back, or on their way, are looked at all the same: such an application stays open for that alone.
"""

from __future__ import annotations

from datetime import datetime

from apps.aftersales import planning
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.planning import Wish
from apps.aftersales.services import moving, sending
from apps.aftersales.states import COMING, OF_MONEY, AfterSaleStatus, By
from apps.base import transactions
from apps.orders.models import Order
from apps.orders.states import Status


def fit_all(order: Order, *, but: int | None, why: str, at: datetime) -> None:
    """Fit the open applications of a locked order to what is left of its lines; ``but`` is the one that is being paid."""
    transactions.require()
    rows = AfterSale.objects.filter(order=order, deadline_at__isnull=False, refund__isnull=True)
    for row in rows.exclude(pk=but or 0).select_for_update(no_key=True).order_by("id"):
        row.order = order
        fit(row, why=why, at=at)


def fit(row: AfterSale, *, why: str, at: datetime) -> None:
    """Close a locked application that nothing is left for, or lower it to what is left; ``why`` is how units went.

    With the order refunded whole no money is left to decide about, whatever units of gifts are.
    """
    transactions.require()
    lines = list(row.lines.select_related("order_line").order_by("id"))
    if all(line.gone == line.quantity for line in lines):
        return  # what is left of it is the look at goods
    before, told = sending.held_by(row), []
    for line in lines:
        left = line.order_line.quantity - line.order_line.refunded
        if line.units > left:
            told.append(f"{line.order_line.title} {line.units - left} 件")
            line.gone = line.quantity - left
    is_over = row.kind in OF_MONEY and Order.objects.filter(pk=row.order_id, status=Status.REFUNDED).exists()
    if is_over or not any(line.units for line in lines):
        if row.status in COMING:
            _await_goods(row, lines, before=before, why=why, at=at)
        else:
            _close(row, why=why, at=at)
    elif told:
        AfterSaleLine.objects.bulk_update(lines, ["gone"])
        _lower(row, lines)
        if row.status != AfterSaleStatus.APPLIED and row.kind not in OF_MONEY:
            sending.hold_less(row, before=before, at=at)
        note = f"{'，'.join(told)}已另行退款（{why}），此申请按余下件数处理"
        moving.note_step(row, move="lower", by=By.SYSTEM, note=note, at=at)


def _close(row: AfterSale, *, why: str, at: datetime) -> None:
    sending.let_go(row, at=at)
    note = f"申请的商品已另行退款（{why}），售后已关闭"
    moving.move(row, move="lapse", by=By.SYSTEM, note=note, at=at)


def _await_goods(row: AfterSale, lines: list[AfterSaleLine], *, before: str, why: str, at: datetime) -> None:
    """Nothing is given for the goods any more; whoever looks at them puts them on the shelf (``returning.inspect``)."""
    sending.let_go(row, held=before, at=at)
    for line in lines:
        line.gone = line.quantity
    AfterSaleLine.objects.bulk_update(lines, ["gone"])
    row.amount_fen = row.goods_fen = row.freight_fen = row.unsent = 0
    row.save(update_fields=["amount_fen", "goods_fen", "freight_fen", "unsent"])
    note = f"申请的商品已另行退款（{why}），寄回的商品验收入库，不再另外退款或换货"
    moving.note_step(row, move="lower", by=By.SYSTEM, note=note, at=at)


def _lower(row: AfterSale, lines: list[AfterSaleLine]) -> None:
    """What goes back for the units that are left: never more than was asked for."""
    if row.kind not in OF_MONEY:
        return
    units = {line.order_line_id: line.units for line in lines}
    plan = planning.plan(planning.standing_of(row.order), Wish(units=units))
    whole = row.amount_fen == row.proposed_fen
    row.amount_fen = plan.amount_fen if whole else min(row.amount_fen, plan.amount_fen)
    row.goods_fen, row.freight_fen = plan.goods_fen, plan.shipping_fen
    row.unsent = sum(part.unsent for part in plan.lines)
    row.save(update_fields=["amount_fen", "goods_fen", "freight_fen", "unsent"])
