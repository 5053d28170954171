"""What after-sales holds of people: why they wanted something back, what they wrote and showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.aftersales.models import (
    AfterSale,
    AfterSaleLine,
    AfterSaleMessage,
    AfterSalePicture,
    AfterSaleStep,
    InsurancePayment,
)
from apps.aftersales.services import erasing
from apps.aftersales.states import OPEN
from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.pictures.stored import address

_TRADE = "电子商务法第三十一条：交易信息自交易完成之日起保存不少于三年；处理消费纠纷的依据"
_KEPT = f"售后结束后 {erasing.KEPT.days} 天"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Applications with their lines, what happened, what was said, and pictures by their addresses."""
    mine = {"after_sale__member_id": person.member_id}
    rows = AfterSale.objects.filter(member_id=person.member_id).order_by("id")
    lines = AfterSaleLine.objects.filter(**mine).order_by("id")
    steps = AfterSaleStep.objects.filter(**mine).exclude(move__in=["first", "escalate"]).order_by("id")
    messages = AfterSaleMessage.objects.filter(**mine).order_by("id")
    pictures = AfterSalePicture.objects.filter(**mine).order_by("id")
    paid = InsurancePayment.objects.filter(**mine).order_by("id")
    number = "after_sale__after_sale_no"
    shown = personal.table(pictures, "public_id", "by", "file", "uploaded_at", 售后单号=number)
    return {
        "售后申请": personal.table(
            rows, "after_sale_no", "kind", "status", "reason_label", "text", "amount_fen", "return_carrier",
            "return_tracking_no", "carriage_fen", "applied_at", "ended_at", 订单号="order__order_no",
        ),
        "售后商品": personal.table(
            lines, "quantity", "amount_fen", "accepted", 售后单号=number, 商品="order_line__title"
        ),
        "售后经过": personal.table(steps, "move", "by", "to_status", "note", "at", 售后单号=number),
        "售后留言": personal.table(messages, "by", "text", "at", 售后单号=number),
        "运费险理赔": personal.table(paid, "claim_no", "amount_fen", "payee", "at", 售后单号=number),
        "售后图片": [{**picture, "文件": address(picture["文件"])} for picture in shown],
    }  # fmt: skip


def still_open(person: Person) -> Sequence[Open]:
    """Applications that are not over."""
    rows = AfterSale.objects.filter(member_id=person.member_id, status__in=sorted(OPEN)).order_by("id")
    numbers = tuple(rows.values_list("after_sale_no", flat=True))
    return [Open(code="after_sales", text="还有未结束的售后", numbers=numbers)] if numbers else []


def forget_old(*, at: datetime, limit: int) -> int:
    """Empty applications whose time is over, oldest first; return how many."""
    return erasing.empty(erasing.of_old(at=at), limit=limit)


def overdue(*, at: datetime) -> int:
    """How many should be empty."""
    return erasing.with_content(erasing.of_old(at=at)).count()


ROOM = Room(
    name="aftersales",
    holdings=(
        Holding(
            model="aftersales.AfterSale",
            personal=("text", "return_carrier", "return_tracking_no"),
            plain=("reason_label", "new_tracking_no"),
            exported="售后申请",
            fate=Fate.STORED,
            kept=f"说明与寄回单号：{_KEPT}；金额等为会计凭证的依据，长期",
            why=_TRADE,
        ),
        Holding(
            model="aftersales.AfterSaleLine",
            exported="售后商品",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="aftersales.AfterSaleStep",
            plain=("from_status", "note"),
            exported="售后经过",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="aftersales.AfterSaleMessage",
            personal=("text",),
            plain=("token",),
            exported="售后留言",
            fate=Fate.STORED,
            kept=_KEPT,
            why=_TRADE,
        ),
        Holding(
            model="aftersales.InsurancePayment",
            plain=("claim_no",),
            exported="运费险理赔",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="aftersales.AfterSalePicture",
            personal=("file",),
            exported="售后图片",
            fate=Fate.STORED,
            kept=_KEPT,
            why=_TRADE,
        ),
    ),
    export=export,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
