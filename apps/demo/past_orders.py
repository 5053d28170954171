"""Orders of the demo shop's past: placed at the counter like all others, but nobody paid and no parcel left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.checkout import placing, quoting, scarce
from apps.checkout.activities import Ticket
from apps.checkout.delivering import Asked
from apps.checkout.quoting import Choice
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import REHEARSED, Actor

_PAID_AFTER = timedelta(minutes=3)
_SHIPPED_AFTER = timedelta(hours=20)


def received(*, member: Member, sku_ids: Sequence[int], received_at: datetime) -> Order:
    """Return an order of one unit each that was received at ``received_at``, three days after it was placed.

    It is moved without news: nothing is asked of WeChat, and nothing is earned with it.
    """
    placed_at = received_at - timedelta(days=3)
    order = _placed(member, sku_ids, key=f"demo-{received_at:%Y%m%d%H%M}", at=placed_at)
    moves = {
        "pay": placed_at + _PAID_AFTER,
        "ship": placed_at + _SHIPPED_AFTER,
        "receive": received_at,
    }
    with transaction.atomic():
        for move, at in moves.items():
            order = orders.move(order_no=order.order_no, move=move, actor=Actor.SYSTEM, note=REHEARSED, at=at)
        scarce.commit(order=order, at=moves["pay"])
    return order


def bought(*, member: Member, sku_id: int, ticket: Ticket, at: datetime) -> Order:
    """Return an order of one unit at an activity's price that was paid, sent and received as soon as it was placed;
    moved without news likewise, so that nothing is asked of WeChat for it.
    """
    order = _placed(member, [sku_id], key=f"demo-{ticket.ref}", at=at, activity=ticket)
    with transaction.atomic():
        for move in ("pay", "ship", "receive"):
            order = orders.move(order_no=order.order_no, move=move, actor=Actor.SYSTEM, note=REHEARSED, at=at)
        scarce.commit(order=order, at=at)
    return order


def paid(
    *, member: Member, sku_ids: Sequence[int], delivery: Asked | None = None, at: datetime, **more: Any
) -> Order:
    """Return an order of one unit each that was paid and has not left; moved without news likewise.

    ``more`` is of the choice: a slot, a packing.
    """
    order = _placed(member, sku_ids, key=f"demo-paid-{at:%Y%m%d%H%M}", delivery=delivery, at=at, **more)
    with transaction.atomic():
        paid_at = at + _PAID_AFTER
        order = orders.move(
            order_no=order.order_no, move="pay", actor=Actor.SYSTEM, note=REHEARSED, at=paid_at
        )
        scarce.commit(order=order, at=paid_at)
    return order


def gathering(*, member: Member, sku_id: int, ticket: Ticket, at: datetime) -> Order:
    """Return an order of one unit that waits for others, as if it had just been paid; moved without news likewise."""
    order = _placed(member, [sku_id], key=f"demo-{ticket.ref}", at=at, activity=ticket)
    with transaction.atomic():
        order = orders.move(order_no=order.order_no, move="gather", actor=Actor.SYSTEM, note=REHEARSED, at=at)
        scarce.commit(order=order, at=at)
    return order


def _placed(
    member: Member,
    sku_ids: Sequence[int],
    *,
    key: str,
    at: datetime,
    activity: Ticket | None = None,
    delivery: Asked | None = None,
    **more: Any,
) -> Order:
    """One unit of each, ordered at the counter by a member with an address, without a coupon."""
    address = member_facts.addresses_of(member)[0]
    choice = Choice(
        items=tuple((sku_id, 1) for sku_id in sku_ids),
        address_id=address.pk,
        coupon_id="none",
        activity=activity,
        delivery=delivery,
        **more,
    )
    composition = quoting.compose(member=member, choice=choice, at=at)
    return placing.place(
        member=member,
        choice=choice,
        expected_payable_fen=composition.quote.payable_fen,
        idempotency_key=key,
        remark="",
        at=at,
    )
