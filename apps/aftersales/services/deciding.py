"""What the shop decides about an application: approve, alone or by two; refuse; bring it to the shop's head; answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleMessage
from apps.aftersales.services import bounds, moving, paying_back, pictures, sending
from apps.aftersales.states import LIFECYCLE, OF_MONEY, WITH_GOODS, AfterSaleKind, By
from apps.pictures.child import Drawing
from mall.errors import Invalid, Kind, ShopError
from mall.lifecycle import MoveRefused
from mall.money import yuan

ESCALATED_FOR = timedelta(hours=24)


class AboveLimit(ShopError):
    """More than the operator may approve alone. ``details``: ``most_fen``."""

    code = "after_sale_above_limit"
    message = "金额超过您的审批上限，请由店长或财务处理"
    kind = Kind.FORBIDDEN


class SecondPersonNeeded(ShopError):
    """Two people have to approve it, and this is one of them already."""

    code = "second_person_needed"
    message = "大额售后须由另一位同事复核"
    kind = Kind.CONFLICT


class BroughtToTheHead(ShopError):
    """It was escalated: whoever decides now is the shop's head."""

    code = "after_sale_escalated"
    message = "该售后已升级，请由店长处理"
    kind = Kind.FORBIDDEN


class GoodsLeft(ShopError):
    """What had not left when it was asked for has left since: a person looks whether the money still goes back."""

    code = "after_sale_goods_left"
    message = "申请后商品已发出，请与买家确认后再处理"
    kind = Kind.CONFLICT


class RestHasLeft(GoodsLeft):
    """What had not left was refunded otherwise, and what is left of the line had left before."""

    message = "申请后未发出的商品已另行退款，余下的早已发出，请与买家确认后再处理"


class AnswerEmpty(Invalid):
    """An answer has words or pictures."""

    code = "message_empty"
    message = "请填写留言或上传图片"


class ReasonMissing(Invalid):
    """Who refuses says why: the shopper reads it."""

    code = "reason_missing"
    message = "请填写拒绝原因"


def approve(*, after_sale_no: str, operator: Any, at: datetime) -> AfterSale:
    """Approve an application: money goes back at once, goods are awaited, new goods are held.

    Above the rules' amount, with what one person refunded of the order before, the first person only hands it to the
    second. Raises NotFound, MoveRefused, AboveLimit, BroughtToTheHead, SecondPersonNeeded, OutOfStock, UnitsGone, and
    what the refund refuses; then nothing is changed.
    """
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        LIFECYCLE.target(move="approve", current=row.status)
        _require_power(row, operator=operator)
        if needs_two(row):
            if row.first_approved_by_id is None:
                return _hand_on(row, operator=operator, at=at)
            if row.first_approved_by_id == operator.pk:
                raise SecondPersonNeeded
        _approve(row, by=By.OPERATOR, operator=operator, note="", at=at)
    return row


def approve_by_rule(row: AfterSale, *, note: str, instant: bool = False, at: datetime) -> None:
    """Approve a locked application because a rule says so: nobody answered in time, or its member is trusted.

    Raises AboveLimit for what two people have to look at, GoodsLeft, and what ``approve`` refuses.
    """
    if needs_two(row):
        raise AboveLimit(details={"most_fen": application_facts.rules().second_person_above_fen})
    _require_still_here(row)
    row.is_instant = instant
    _approve(row, by=By.SYSTEM, operator=None, note=note, at=at)


def needs_two(row: AfterSale) -> bool:
    """Whether two people have to approve it: by its amount with what one person refunded of the order, or as one began."""
    if row.kind not in OF_MONEY:
        return False
    most_fen = application_facts.rules().second_person_above_fen
    return (
        row.first_approved_by_id is not None
        or row.amount_fen + application_facts.by_one_fen(row.order, but=row.pk) > most_fen
    )


def _approve(row: AfterSale, *, by: By, operator: Any, note: str, at: datetime) -> None:
    bounds.require_left(row)
    rules = application_facts.rules()
    if row.kind in WITH_GOODS:
        deadline_at = at + timedelta(days=rules.send_back_days)
        row.place = application_facts.return_place(row)
    elif row.kind == AfterSaleKind.RESHIP:
        deadline_at = at + timedelta(hours=rules.dispatch_hours)
    else:
        deadline_at = at + timedelta(hours=rules.money_hours)
    sending.hold(row, at=at)
    row.approved_at, row.approved_by, row.escalated_at = at, operator, None
    columns = ["approved_at", "approved_by", "is_instant", "place", "escalated_at"]
    moving.move(
        row, move="approve", by=by, operator=operator, note=note, deadline_at=deadline_at, with_columns=columns, at=at
    )  # fmt: skip
    if row.kind == AfterSaleKind.REFUND:
        paying_back.pay_back(row, operator=operator, at=at)


def _hand_on(row: AfterSale, *, operator: Any, at: datetime) -> AfterSale:
    row.first_approved_by = operator
    row.save(update_fields=["first_approved_by"])
    told = f"金额 {yuan(row.amount_fen)} 元，等待另一位同事复核"
    moving.note_step(row, move="first", by=By.OPERATOR, operator=operator, note=told, at=at)
    return row


def refuse(
    *, after_sale_no: str, reason: str, drawings: Sequence[Drawing] = (), operator: Any, at: datetime
) -> AfterSale:
    """Refuse an application, or goods that were looked at, with the reason and pictures that the shopper sees.

    Held units are free again; goods that came are not put on the shelf. Raises NotFound, ReasonMissing, BroughtToTheHead,
    MoveRefused, OnlyLooked.
    """
    said = reason.strip()
    if not said:
        raise ReasonMissing
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        LIFECYCLE.target(move="refuse", current=row.status)
        if row.is_settled:
            raise bounds.OnlyLooked
        _require_head(row, operator=operator)
        sending.let_go(row, at=at)
        step = moving.move(row, move="refuse", by=By.OPERATOR, operator=operator, note=said, at=at)
        pictures.show(drawings, row=row, step=step, at=at)
    return row


def escalate(*, after_sale_no: str, note: str, operator: Any, at: datetime) -> AfterSale:
    """Bring an open application to the shop's head; brought before: as it is. Raises NotFound, MoveRefused."""
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if row.deadline_at is None:
            raise MoveRefused(details={"move": "escalate", "status": row.status})
        bring_to_the_head(row, note=note, operator=operator, at=at)
    return row


def bring_to_the_head(row: AfterSale, *, note: str, operator: Any = None, at: datetime) -> None:
    """Flag a locked application, and look at it again a day later; the first flag is told."""
    is_new = row.escalated_at is None
    if is_new:
        row.escalated_at = at
    if row.deadline_at is None or row.deadline_at <= at:
        row.deadline_at = at + ESCALATED_FOR
    row.save(update_fields=["escalated_at", "deadline_at"])
    if is_new:
        by = By.OPERATOR if operator is not None else By.SYSTEM
        moving.note_step(row, move="escalate", by=by, operator=operator, note=note, at=at)
        moving.announce(row, move="escalate", at=at)


def answer(
    *,
    after_sale_no: str,
    text: str,
    drawings: Sequence[Drawing] = (),
    token: str,
    operator: Any,
    at: datetime,
) -> AfterSaleMessage:
    """Say something to the shopper about an open application; ``token`` makes it once.

    Raises NotFound, AnswerEmpty, AfterSaleEnded.
    """
    if not text.strip() and not drawings:
        raise AnswerEmpty
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        before = AfterSaleMessage.objects.filter(after_sale=row, token=token).first()
        if before is not None:
            return before
        moving.require_open(row)
        message = AfterSaleMessage.objects.create(
            after_sale=row, by=By.OPERATOR, operator=operator, text=text.strip(), token=token, at=at
        )
        pictures.show(drawings, row=row, message=message, at=at)
        moving.announce(row, move="message", at=at)
    return message


def may_alone_up_to(*, operator: Any) -> int | None:
    """How many fen an operator may approve; None for any amount."""
    if operator.has_perm("aftersales.approve_any_aftersale"):
        return None
    return application_facts.rules().service_up_to_fen


def _require_power(row: AfterSale, *, operator: Any) -> None:
    """Raise BroughtToTheHead, AboveLimit for who may not approve it."""
    _require_head(row, operator=operator)
    most_fen = may_alone_up_to(operator=operator)
    if most_fen is not None and row.amount_fen > most_fen:
        raise AboveLimit(details={"most_fen": most_fen})


def _require_head(row: AfterSale, *, operator: Any) -> None:
    if row.escalated_at is not None and not operator.has_perm("aftersales.handle_escalated_aftersale"):
        raise BroughtToTheHead


def _require_still_here(row: AfterSale) -> None:
    """Raise GoodsLeft where units have left since it was asked for money for those that had not, RestHasLeft where others
    were refunded in their place.
    """
    if row.kind != AfterSaleKind.REFUND or not row.unsent:
        return
    here = paying_back.unsent_now(row)
    if here < row.unsent:
        raise RestHasLeft if application_facts.went_otherwise(row) else GoodsLeft
