"""The whole story of a refund, from the shopper's wish to the money's arrival, out of every book that has a part of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models.fields.json import KeyTextTransform

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.states import MOVE_LABELS
from apps.base import fault_words
from apps.orders import selectors as order_facts
from apps.orders.models import OrderRefund
from apps.payments import selectors as payment_facts
from apps.payments.models import Notification, Refund, RefundEnding, RefundStep
from mall.money import yuan


class Told(NamedTuple):
    """One thing that happened: when, by whom or what, and in words."""

    at: datetime
    who: str
    what: str
    words: str


def of(refund: OrderRefund) -> list[Told]:
    """Everything about a refund, oldest first: application, decision, each number at WeChat, its news, how it ended."""
    numbers = _numbers(refund)
    told = [*_asked(refund), _decided(refund), *_at_wechat(numbers), *_heard(numbers), *_ended(numbers)]
    return sorted(told, key=lambda one: one.at)


def _numbers(refund: OrderRefund) -> list[Refund]:
    """What WeChat was asked for, each with the numbers that took its place."""
    cause = order_facts.refund_cause(refund.refund_no)
    return payment_facts.line_of(business_key=cause)


def _asked(refund: OrderRefund) -> list[Told]:
    row = application_facts.whole().filter(refund=refund).first()
    if row is None:
        return []
    return [
        Told(one.at, one.who, f"售后 {row.after_sale_no} · {MOVE_LABELS[one.move]}", one.text)
        for one in application_facts.history(row, inside=True)
    ]


def _decided(refund: OrderRefund) -> Told:
    who = str(refund.operator) if refund.operator is not None else "系统"
    parts = [f"微信 {yuan(refund.wechat_fen)} 元"]
    if refund.balance_fen:
        parts.append(f"储值 {yuan(refund.balance_fen)} 元")
    return Told(refund.at, who, "办理退款", f"{refund.reason}（{'，'.join(parts)}）")


def _at_wechat(numbers: list[Refund]) -> list[Told]:
    steps = RefundStep.objects.filter(refund__in=numbers).select_related("refund", "operator").order_by("id")
    return [
        Told(
            step.at,
            str(step.operator) if step.operator is not None else "系统",
            f"退款单 {step.refund.refund_no} · {step.get_step_display()}",
            fault_words.told(step.note),
        )
        for step in steps
    ]


def _heard(numbers: list[Refund]) -> list[Told]:
    named = [refund.refund_no for refund in numbers]
    # As text: so it stands in the index, and as JSON all notifications would be read.
    number = KeyTextTransform("out_refund_no", "resource")
    news = Notification.objects.alias(number=number).filter(
        event_type__startswith="REFUND.", number__in=named
    )
    return [
        Told(
            one.received_at,
            "微信",
            f"通知 {one.event_type}",
            f"{one.resource.get('out_refund_no', '')} {fault_words.told(one.last_error)}".strip(),
        )
        for one in news.order_by("id")
    ]


def _ended(numbers: list[Refund]) -> list[Told]:
    told = []
    for ending in RefundEnding.objects.filter(refund__in=numbers).select_related("asked_by", "answered_by"):
        way = ending.get_way_display()
        told.append(Told(ending.asked_at, str(ending.asked_by), f"申请结案：{way}", ending.proof))
        if ending.answered_at is not None:
            answer = "同意结案" if ending.granted else "驳回结案"
            told.append(Told(ending.answered_at, str(ending.answered_by), f"{answer}：{way}", ""))
    return told
