"""The demo shop's applications after the sale: one in each state, about goods that were reviewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleReason
from apps.aftersales.proposing import Ask
from apps.aftersales.services import applying, deciding, insuring, moving, returning, ruling, sending
from apps.aftersales.states import InsurancePayee
from apps.content.models import Review

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_CARRIER: Final = "SF"


class _Wanted(NamedTuple):
    """What a shopper asks for, how long ago, and how far it has come; ``of`` is the place of the review, oldest first."""

    of: int
    kind: str
    reason: str
    text: str
    ago: timedelta
    ends: str


_WANTED: Final = (
    _Wanted(0, "RETURN", "QUALITY", "用了一周，杯底有划痕。", 20 * _DAY, "REFUSED"),
    _Wanted(1, "RETURN", "NO_REASON", "和家里的茶盘不搭。", 16 * _DAY, "CANCELLED"),
    _Wanted(3, "RESHIP", "DAMAGED", "盒角压坏了，杯盖有磕碰。", 11 * _DAY, "DONE"),
    _Wanted(4, "RETURN", "QUALITY", "釉面有一个小气泡，介意。", 4 * _DAY, "RETURNED"),
    _Wanted(5, "RETURN", "NOT_AS_DESCRIBED", "颜色偏冷，和图片不一样。", 3 * _DAY, "RETURNING"),
    _Wanted(6, "RETURN", "DAMAGED", "翻沿有一处磕口。", 2 * _DAY, "APPROVED"),
    _Wanted(7, "EXCHANGE", "QUALITY", "收到有一处小缺釉，想换一只。", 5 * _HOUR, "APPLIED"),
)


_LABELS: Final = {
    "QUALITY": "质量问题",
    "NO_REASON": "七天无理由退货",
    "DAMAGED": "商品破损",
    "NOT_AS_DESCRIBED": "与描述不符",
}


def fill(*, at: datetime) -> None:
    """Make the applications where there are none at all."""
    if AfterSale.objects.exists():
        return
    _reasons()
    said = list(Review.objects.select_related("line__order", "member").order_by("written_at", "id"))
    for wanted in _WANTED:
        if wanted.of < len(said):
            _make(said[wanted.of], wanted, now=at)


def _reasons() -> None:
    """Add those of the reasons used here that the shop has not: a new shop has them all."""
    for wanted in _WANTED:
        if application_facts.reason(kind=wanted.kind, code=wanted.reason) is None:
            reason = AfterSaleReason(
                kind=wanted.kind,
                code=wanted.reason,
                label=_LABELS[wanted.reason],
                is_no_reason=wanted.reason == "NO_REASON",
            )
            ruling.save_reason(reason)


def _make(review: Review, wanted: _Wanted, *, now: datetime) -> None:
    at = now - wanted.ago
    row = applying.apply(
        member=review.member,
        order_no=review.line.order.order_no,
        ask=Ask(kind=wanted.kind, units={review.line_id: 1}, reason=wanted.reason, text=wanted.text),
        idempotency_key=f"demo-{wanted.of}",
        at=at,
    )
    _ENDS[wanted.ends](row, at=at + 8 * _HOUR, now=now)


def _approve(row: AfterSale, *, at: datetime, now: datetime) -> None:
    with transaction.atomic():
        deciding.approve_by_rule(moving.lock(after_sale_no=row.after_sale_no), note="同意，请放心", at=at)


def _send_back(row: AfterSale, *, at: datetime, now: datetime) -> None:
    _approve(row, at=at, now=now)
    applying.send_back(
        member=row.member,
        after_sale_no=row.after_sale_no,
        carrier="顺丰速运",
        tracking_no=f"SF10{row.pk:010d}",
        at=at + 12 * _HOUR,
    )
    applying.say(
        member=row.member,
        after_sale_no=row.after_sale_no,
        text="已经寄出，请留意查收。",
        picture_ids=(),
        at=at + 13 * _HOUR,
    )


def _arrive(row: AfterSale, *, at: datetime, now: datetime) -> None:
    _send_back(row, at=at, now=now)
    place = application_facts.return_place()
    if place is not None:
        returning.arrive(
            after_sale_no=row.after_sale_no, place_id=place.pk, operator=None, at=now - 6 * _HOUR
        )
        insuring.record_one(
            after_sale_no=row.after_sale_no,
            claim_no=f"DEMO{row.pk:08d}",
            amount_fen=12_00,
            payee=InsurancePayee.BUYER,
            operator=None,
            at=now - 5 * _HOUR,
        )


def _reship(row: AfterSale, *, at: datetime, now: datetime) -> None:
    _approve(row, at=at, now=now)
    sending.dispatch(
        after_sale_no=row.after_sale_no,
        carrier_code=_CARRIER,
        tracking_no=f"SF20{row.pk:010d}",
        operator=None,
        at=at + 20 * _HOUR,
    )


def _refuse(row: AfterSale, *, at: datetime, now: datetime) -> None:
    reason = "已使用超过一周，划痕属于正常使用痕迹，抱歉不能退货。"
    deciding.refuse(after_sale_no=row.after_sale_no, reason=reason, operator=None, at=at)


def _cancel(row: AfterSale, *, at: datetime, now: datetime) -> None:
    applying.cancel(member=row.member, after_sale_no=row.after_sale_no, at=at)


def _leave(row: AfterSale, *, at: datetime, now: datetime) -> None:
    """It waits for the shop."""


_ENDS: Final[Mapping[str, Callable[..., None]]] = {
    "APPLIED": _leave,
    "APPROVED": _approve,
    "RETURNING": _send_back,
    "RETURNED": _arrive,
    "DONE": _reship,
    "REFUSED": _refuse,
    "CANCELLED": _cancel,
}
