"""The clock of applications: what nobody did in time happens by rule, or comes to the shop's head."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale
from apps.aftersales.services import deciding, lowering, moving, paying_back, refunding, sending
from apps.aftersales.states import AfterSaleStatus, By
from apps.pickup import selectors as pickup_facts
from mall.errors import ShopError

log = structlog.get_logger(__name__)

_BATCH = 200


def run_deadlines(*, at: datetime, limit: int = _BATCH) -> int:
    """Do what is due about applications whose deadline is over; return how many there were.

    Each in a transaction of its own; one that fails is logged and stops no other. Safe to run twice and side by side.
    """
    due = application_facts.due(at=at, limit=limit)
    for number in due:
        try:
            with transaction.atomic():
                row = moving.lock(after_sale_no=number)
                # Somebody may have been faster since it was found due.
                if row.deadline_at is not None and row.deadline_at <= at:
                    _act(row, at=at)
        except Exception:
            log.exception("after_sale_deadline_failed", after_sale_no=number)
    return len(due)


def refund_unfetched(*, at: datetime, limit: int = _BATCH) -> int:
    """Refund orders that lay ready for too long and nobody fetched; return how many.

    Each stands for itself: one that fails is logged and comes again with the next sweep.
    """
    done = 0
    for order_no in pickup_facts.overdue(at=at, limit=limit):
        try:
            done += refunding.refund_unfetched(order_no=order_no, at=at)
        except Exception:
            log.exception("unfetched_refund_failed", order_no=order_no)
    return done


def _act(row: AfterSale, *, at: datetime) -> None:
    if row.refund_id is None:
        # What was refunded before refunds closed applications themselves.
        lowering.fit(row, why="订单退款", at=at)
    if row.deadline_at is None:
        return
    if row.status == AfterSaleStatus.APPLIED:
        _answer(row, at=at)
    elif row.awaits_goods:
        sending.let_go(row, at=at)
        moving.move(row, move="lapse", by=By.SYSTEM, note="未在期限内寄回商品，售后已关闭", at=at)
    elif row.status == AfterSaleStatus.RETURNING and row.is_settled:
        moving.move(row, move="lapse", by=By.SYSTEM, note="未收到寄回的商品，售后已关闭", at=at)
    elif row.status == AfterSaleStatus.RETURNING:
        deciding.bring_to_the_head(row, note="买家已寄回，超过在途时限仍未收货", at=at)
    elif row.status == AfterSaleStatus.RETURNED:
        deciding.bring_to_the_head(row, note="收到退货后未在时限内验收", at=at)
    elif row.awaits_parcel:
        deciding.bring_to_the_head(row, note="未在时限内寄出新包裹", at=at)
    elif not paying_back.follow(row, at=at):
        deciding.bring_to_the_head(row, note="退款超过时限仍未到账", at=at)


def _answer(row: AfterSale, *, at: datetime) -> None:
    """Nobody answered: approved, where the rules say so and nothing speaks against it; else it comes to the shop's head.

    A card key that its buyer has seen comes back only if a person says so.
    """
    if not application_facts.rules().silence_approves or row.escalated_at is not None or row.order.virtual:
        deciding.bring_to_the_head(row, note="商家未在时限内处理", at=at)
        return
    try:
        with transaction.atomic():
            deciding.approve_by_rule(row, note="商家未在时限内处理，自动同意", at=at)
    except ShopError as refusal:
        # What the attempt had changed of the row in hand is not so.
        again = moving.lock(after_sale_no=row.after_sale_no)
        deciding.bring_to_the_head(again, note=f"无法自动同意：{refusal.text}", at=at)
