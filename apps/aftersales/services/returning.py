"""Goods that come back: taken in, looked at, put on the shelf of the place that received them or written off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.planning import Wish
from apps.aftersales.services import bounds, moving, paying_back, pictures, sending
from apps.aftersales.states import LIFECYCLE, AfterSaleKind, AfterSaleStatus, By
from apps.inventory import services as inventory
from apps.pictures.child import Drawing
from apps.stores.models import Place
from mall.errors import Invalid, Kind, NotFound, ShopError


class FindingInvalid(Invalid):
    """More accepted than were sent back, or more damaged than accepted. ``details``: ``line_id``."""

    code = "after_sale_finding_invalid"
    message = "验收件数有误"


class NothingAcceptedWhy(Invalid):
    """Who accepts nothing of what came says why: the shopper reads it. ``details``: ``field``."""

    code = "reason_missing"
    message = "全部不接受须填写说明，买家会看到"


class NotAwaited(ShopError):
    """No goods are awaited for it (any more). ``details``: ``status``."""

    code = "after_sale_not_awaited"
    message = "当前状态下不需要收货"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of a line's units: so many are accepted, of which so many are damaged."""

    accepted: int
    damaged: int = 0


def arrive(*, after_sale_no: str, place_id: int, operator: Any, at: datetime) -> AfterSale:
    """Say that goods came in at a place; whether they are accepted is looked at next. Raises NotFound, NotAwaited."""
    place = Place.objects.filter(pk=place_id).first()
    if place is None:
        raise NotFound
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if row.status not in LIFECYCLE.moves["arrive"].sources or (
            row.status == AfterSaleStatus.APPROVED and not row.awaits_goods
        ):
            raise NotAwaited(details={"status": row.status})
        row.place, row.arrived_at = place, at
        moving.move(
            row,
            move="arrive",
            by=By.OPERATOR,
            operator=operator,
            note=f"{place.name}已收到退货",
            deadline_at=at + timedelta(hours=application_facts.rules().inspect_hours),
            with_columns=["place", "arrived_at"],
            at=at,
        )
    return row


def inspect(
    *,
    after_sale_no: str,
    found: Mapping[int, Found],
    amount_fen: int | None = None,
    note: str = "",
    drawings: Sequence[Drawing] = (),
    operator: Any,
    at: datetime,
) -> AfterSale:
    """Accept what came, whole or in part: on the shelf with it, and the money goes back or the new parcel is due.

    ``found`` is by order line id; what is left out is not accepted and stays the shopper's. Nothing accepted refuses the
    application, and ``note`` has to say why; ``drawings`` are shown to the shopper with it. Units that were refunded
    otherwise are accepted onto the shelf like all that came, and nothing more is given for them: where that is all, the
    application is over with it. ``amount_fen`` is what goes
    back, where that is less than the accepted units are worth. Raises NotFound, MoveRefused, FindingInvalid,
    NothingAcceptedWhy, AmountTooHigh, UnitsGone, and what the refund refuses; then nothing is changed.
    """
    said = note.strip()
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        LIFECYCLE.target(move="accept", current=row.status)
        lines = list(row.lines.select_related("order_line"))
        is_settled, held = row.is_settled, sending.held_by(row)
        is_part = _write(lines, found)
        if is_settled:
            return _only_shelve(
                row, lines, note=said, drawings=drawings, amount_fen=amount_fen, operator=operator, at=at
            )
        if not any(line.accepted for line in lines):
            sending.let_go(row, held=held, at=at)
            return _refuse(row, why=said, drawings=drawings, amount_fen=amount_fen, operator=operator, at=at)
        bounds.require_left(row)
        if row.kind == AfterSaleKind.RETURN:
            row.amount_fen = _amount_fen(row, lines, granted_fen=amount_fen)
        _shelve(row, lines, operator=operator, at=at)
        rules = application_facts.rules()
        hours = rules.money_hours if row.kind == AfterSaleKind.RETURN else rules.dispatch_hours
        row.inspected_at, row.escalated_at = at, None
        step = moving.move(
            row,
            move="accept",
            by=By.OPERATOR,
            operator=operator,
            note=_told(lines, note=said, is_part=is_part),
            deadline_at=at + timedelta(hours=hours),
            with_columns=["inspected_at", "amount_fen", "escalated_at"],
            at=at,
        )
        pictures.show(drawings, row=row, step=step, at=at)
        if row.kind == AfterSaleKind.RETURN:
            paying_back.pay_back(row, operator=operator, at=at)
        else:
            sending.hold_less(row, before=held, at=at)
    return row


def _refuse(
    row: AfterSale,
    *,
    why: str,
    drawings: Sequence[Drawing],
    amount_fen: int | None,
    operator: Any,
    at: datetime,
) -> AfterSale:
    """Nothing of what came is accepted: nothing goes on a shelf, and no money back."""
    if amount_fen:
        raise planning.AmountTooHigh(details={"field": "amount_fen", "most_fen": 0})
    if not why:
        raise NothingAcceptedWhy(details={"field": "note"})
    row.inspected_at = at
    told = f"验收未通过：{why}"
    step = moving.move(
        row, move="refuse", by=By.OPERATOR, operator=operator, note=told, with_columns=["inspected_at"], at=at
    )
    pictures.show(drawings, row=row, step=step, at=at)
    return row


def _only_shelve(
    row: AfterSale,
    lines: list[AfterSaleLine],
    *,
    note: str,
    drawings: Sequence[Drawing],
    amount_fen: int | None,
    operator: Any,
    at: datetime,
) -> AfterSale:
    """What came of units that were refunded otherwise goes on the shelf, and that is the end of it."""
    if amount_fen:
        raise planning.AmountTooHigh(details={"field": "amount_fen", "most_fen": 0})
    if any(line.accepted for line in lines):
        _shelve(row, lines, operator=operator, at=at)
    row.inspected_at = at
    came = "，".join(f"{line.order_line.title} {line.accepted}/{line.quantity} 件" for line in lines)
    told = f"商品已另行退款；验收入库：{came}{f'。{note}' if note else ''}"
    step = moving.move(
        row, move="lapse", by=By.OPERATOR, operator=operator, note=told, with_columns=["inspected_at"], at=at
    )
    pictures.show(drawings, row=row, step=step, at=at)
    return row


def _write(lines: list[AfterSaleLine], found: Mapping[int, Found]) -> bool:
    """Note what was found of each line; say whether less than all was accepted. Raises FindingInvalid."""
    if unknown := set(found) - {line.order_line_id for line in lines}:
        raise FindingInvalid(details={"line_id": min(unknown)})
    for line in lines:
        told = found.get(line.order_line_id, Found(accepted=0))
        if not 0 <= told.damaged <= told.accepted <= line.quantity:
            raise FindingInvalid(details={"line_id": line.order_line_id})
        line.accepted, line.damaged = told.accepted, told.damaged
    AfterSaleLine.objects.bulk_update(lines, ["accepted", "damaged"])
    return any(line.accepted != line.quantity for line in lines)


def _amount_fen(row: AfterSale, lines: list[AfterSaleLine], *, granted_fen: int | None) -> int:
    """What goes back for the accepted units: at most what they are worth, and what was asked. Raises AmountTooHigh."""
    units = {line.order_line_id: line.units for line in lines}
    worth_fen = planning.plan(planning.standing_of(row.order), Wish(units=units)).amount_fen
    asked_fen = worth_fen if row.amount_fen == row.proposed_fen else min(row.amount_fen, worth_fen)
    if granted_fen is None:
        return min(asked_fen, row.proposed_fen)
    if not 0 <= granted_fen <= asked_fen:
        raise planning.AmountTooHigh(details={"most_fen": asked_fen})
    return granted_fen


def _shelve(row: AfterSale, lines: list[AfterSaleLine], *, operator: Any, at: datetime) -> None:
    """Accepted units come into the place that received them; damaged ones are written off at once.

    They are of the SKU that the buyer had: not what was ordered, where that was exchanged before.
    """
    if row.place_id is None:
        raise NotFound
    units: Counter[int] = Counter()
    damaged: Counter[int] = Counter()
    had = application_facts.had_of([line.order_line for line in lines], before=row.pk)
    for line in lines:
        came = had[line.order_line_id][: line.accepted]
        units.update(came)
        damaged.update(came[: line.damaged])
    inventory.take_back(
        place_id=row.place_id,
        units=+units,
        damaged=+damaged,
        cause=row.after_sale_no,
        operator=operator,
        at=at,
    )


def _told(lines: list[AfterSaleLine], *, note: str, is_part: bool) -> str:
    """What the shopper reads of it."""
    said = "验收通过"
    if is_part:
        parts = [
            f"{line.order_line.title}接受 {line.accepted}/{line.quantity} 件"
            for line in lines
            if line.accepted != line.quantity
        ]
        said = f"部分验收通过：{'，'.join(parts)}"
    return f"{said}。{note}" if note else said
