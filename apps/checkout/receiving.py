"""The shopper says that the goods are here."""

from __future__ import annotations

from datetime import datetime

from apps.fulfillment.services import receipt
from apps.members.models import Member
from apps.orders import selectors as orders
from apps.orders.states import Actor


def receive(*, member: Member, order_no: str, at: datetime) -> None:
    """Confirm receipt of the member's order. Raises NotFound for another's, MoveRefused unless it is SHIPPED."""
    order = orders.of_member(member=member, order_no=order_no)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=at)
