"""What is true of a pre-sale when its buyer is reminded of the balance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.messaging.board import Facts
from apps.messaging.services.writing import Draft
from apps.orders import telling
from apps.orders.models import Order
from apps.orders.states import StageKind, Status
from apps.presale import selectors as presale_facts
from apps.presale import terms as presale_terms

# A reminder that nobody rang for in so long is not sent late.
_AT_MOST_LATE: Final = timedelta(minutes=30)


def balance(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, as long as its balance is awaited; worth telling until its window ends."""
    order = (
        Order.objects.prefetch_related("lines")
        .filter(order_no=subject, member_id=member_id, status=Status.RESERVED)
        .first()
    )
    agreed = presale_terms.of_order(order) if order is not None else None
    if order is None or agreed is None or agreed.balance_until is None or agreed.balance_until <= at:
        return None
    due_fen = next(
        stage["amount_fen"]
        for stage in presale_terms.stages_of(order, at=at)
        if stage["kind"] == StageKind.BALANCE
    )
    return Facts(
        values={
            "order_no": subject,
            "product": telling.goods_of(order),
            "amount": due_fen,
            "until": agreed.balance_until,
        },
        until=agreed.balance_until,
    )


def balances(*, at: datetime) -> list[Draft]:
    """A message for each balance whose reminder (24 hours, 2 hours before) fell due within the last half hour."""
    return [
        Draft(
            scene="balance_due",
            member_id=due.member_id,
            subject=due.order_no,
            occasion=f"{due.order_no}:{due.lead // timedelta(hours=1)}",
            due_at=due.due_at,
        )
        for due in presale_facts.reminders_due(since=at - _AT_MOST_LATE, at=at)
    ]
