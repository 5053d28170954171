"""The one writer of an application's status: asks the lifecycle, changes the locked row, appends to what happened."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.aftersales.models import AfterSale, AfterSaleLine, AfterSaleStep
from apps.aftersales.states import LIFECYCLE, OPEN, AfterSaleStatus, By
from apps.base import replica, transactions
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import DeliveryKind
from apps.outbox import services as outbox
from apps.pickup.services import moving
from mall.errors import Kind, NotFound, ShopError
from mall.events import AfterSaleMoved


class AfterSaleEnded(ShopError):
    """Nothing more is said about an application that is over. ``details``: ``status``."""

    code = "after_sale_ended"
    message = "该售后已结束"
    kind = Kind.CONFLICT


def lock(*, after_sale_no: str) -> AfterSale:
    """The application, locked behind its order until the end of the transaction. Raises NotFound.

    The order first, as everybody locks it who ships, refunds or receives: what is decided here is decided by how it stands.
    """
    transactions.require()
    if "\x00" in after_sale_no:
        raise NotFound
    found = AfterSale.objects.filter(after_sale_no=after_sale_no)
    order_no = found.values_list("order__order_no", flat=True).first()
    if order_no is None:
        raise NotFound
    order = orders.lock(order_no=order_no)
    row = AfterSale.objects.select_for_update(no_key=True).get(after_sale_no=after_sale_no)
    row.order = order
    return row


def require_open(row: AfterSale) -> None:
    """Raise AfterSaleEnded for an application that is over."""
    if row.deadline_at is None:
        raise AfterSaleEnded(details={"status": row.status})


def move(
    row: AfterSale,
    *,
    move: str,
    by: By,
    operator: Any = None,
    note: str = "",
    deadline_at: datetime | None = None,
    with_columns: Collection[str] = (),
    at: datetime,
) -> AfterSaleStep:
    """Make a named move of a locked application; ``deadline_at`` is that of the new status, none where it ends.

    ``with_columns`` are written in the same statement, as the caller has set them. An end frees its lines for another
    application. Raises MoveRefused where it does not stand where the move begins. Publishes AfterSaleMoved.
    """
    transactions.require()
    came_from = row.status
    row.status = AfterSaleStatus(LIFECYCLE.target(move=move, current=came_from))
    row.deadline_at = deadline_at
    written = {"status", "deadline_at", *with_columns}
    if row.status not in OPEN:
        row.deadline_at, row.ended_at = None, at
        written.add("ended_at")
        AfterSaleLine.objects.filter(after_sale=row).update(is_open=False)
    row.save(update_fields=sorted(written))
    tell_counter(row.order)
    replica.wrote_for(Member, row.member_id)
    step = note_step(row, move=move, by=by, operator=operator, note=note, came_from=came_from, at=at)
    announce(row, move=move, at=at)
    return step


def tell_counter(order: Order) -> None:
    """Where the order is fetched, let its counter know of the application that is open: no statement for others.

    One that was refunded is decided, however long WeChat takes: its units are gone, and the others are handed over.
    """
    if order.delivery_kind is DeliveryKind.PICKUP:
        still = AfterSale.objects.filter(order=order, status__in=OPEN, refund=None).order_by("id")
        moving.ask_back(
            order=order, after_sale_no=still.values_list("after_sale_no", flat=True).first() or ""
        )


def note_step(
    row: AfterSale,
    *,
    move: str,
    by: By,
    operator: Any = None,
    note: str = "",
    came_from: str | None = None,
    at: datetime,
) -> AfterSaleStep:
    """Append something that happened; without ``came_from`` it left the status as it was."""
    return AfterSaleStep.objects.create(
        after_sale=row,
        move=move,
        by=by,
        operator=operator,
        from_status=row.status if came_from is None else came_from,
        to_status=row.status,
        note=note[:200],
        at=at,
    )


def announce(row: AfterSale, *, move: str, at: datetime) -> None:
    """Tell whoever listens."""
    news = AfterSaleMoved(
        member_id=row.member_id,
        order_no=row.order.order_no,
        after_sale_no=row.after_sale_no,
        move=move,
        status=row.status,
    )
    outbox.publish(news, at=at)
