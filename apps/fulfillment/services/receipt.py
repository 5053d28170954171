"""The shopper has it: confirmed by hand, by WeChat, or by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.base import nudges
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, DeliveryKind, Status
from apps.outbox import services as outbox
from mall.errors import Kind, ShopError
from mall.events import OrderReceived
from mall.lifecycle import MoveRefused

# What is delivered online is settled by WeChat two days after (发货信息管理服务: T+2 for city, pickup and virtual goods).
_VIRTUAL_DAYS: Final = 2
# So many are received in a transaction: what others wait for is held for some hundredths of a second.
_BATCH: Final = 100
RING: Final = "fulfillment.receive_overdue"
_OVERDUE: Final = "超时自动确认收货"

log = structlog.get_logger(__name__)


class NotFetched(ShopError):
    """An order that is fetched is received when the shop hands it over, and by nobody's word."""

    code = "pickup_not_fetched"
    message = "自提订单请到店出示取货码，门店交付后即完成"
    kind = Kind.CONFLICT


def confirm(
    *,
    order_no: str,
    actor: Actor,
    operator: Any = None,
    note: str = "",
    handed_over: bool = False,
    at: datetime,
) -> Order:
    """Move a SHIPPED order to RECEIVED and publish OrderReceived; ``handed_over``: the shop has given it to who fetched it.

    Raises NotFound, MoveRefused, and NotFetched for an order that is fetched and was not handed over.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.delivery_kind is DeliveryKind.PICKUP and not handed_over:
            raise NotFetched
        order = orders.move(
            order_no=order_no,
            move="receive",
            actor=actor,
            operator=operator,
            note=note,
            at=at,
            locked=order,
        )
        outbox.publish(_received(order), at=at)
    return order


def receive_overdue(*, at: datetime, limit: int = 2000) -> int:
    """Receive every order shipped ORDER_AUTO_RECEIVE_DAYS ago or earlier, of virtual goods two days ago; return how many.

    What is fetched waits to be. Safe side by side: sweeps share the work.

    A batch is one transaction; where it fails each of its orders stands for itself: one that fails is logged and comes again
    with the next sweep, and so does what somebody else has at hand. Where there were ``limit``, and most of them could be
    received, another round is asked for.
    """
    nudges.heard(RING)
    shipped_until = at - timedelta(days=settings.ORDER_AUTO_RECEIVE_DAYS)
    online_until = at - timedelta(days=min(_VIRTUAL_DAYS, settings.ORDER_AUTO_RECEIVE_DAYS))
    over = Q(shipped_at__lte=shipped_until) | Q(virtual=True, shipped_at__lte=online_until)
    due = (
        Order.objects.filter(over, status=Status.SHIPPED)
        .exclude(delivery__kind=DeliveryKind.PICKUP)
        .order_by("shipped_at")
        .values_list("order_no", flat=True)[:limit]
    )
    order_nos = list(due)
    received = sum(_receive_some(order_nos[n : n + _BATCH], at=at) for n in range(0, len(order_nos), _BATCH))
    if len(order_nos) == limit and 2 * received >= limit:
        nudges.after_commit(RING)
    return received


def _receive_some(order_nos: Sequence[str], *, at: datetime) -> int:
    try:
        return _receive_together(order_nos, at=at)
    except Exception:
        log.exception("receive_together_failed", count=len(order_nos))
    received = 0
    for order_no in order_nos:
        try:
            confirm(order_no=order_no, actor=Actor.SYSTEM, note=_OVERDUE, at=at)
        except MoveRefused:
            continue  # the shopper was faster
        except Exception:
            log.exception("receive_failed", order_no=order_no)
            continue
        received += 1
    return received


@transaction.atomic
def _receive_together(order_nos: Sequence[str], *, at: datetime) -> int:
    """Receive those of these orders that are still on their way and that nobody else has at hand: three statements."""
    free = orders.lock_free(order_nos=order_nos)
    over = [
        order
        for order in free
        if order.status == Status.SHIPPED and order.delivery_kind is not DeliveryKind.PICKUP
    ]
    orders.move_many(over, move="receive", actor=Actor.SYSTEM, note=_OVERDUE, at=at)
    outbox.publish_many([_received(order) for order in over], at=at)
    return len(over)


def _received(order: Order) -> OrderReceived:
    return OrderReceived(order_no=order.order_no, member_id=order.member_id)
