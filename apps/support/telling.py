"""What is true of a survey when a member is asked what they think of an order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.messaging.board import Facts
from apps.orders import telling
from apps.orders.models import Order
from apps.orders.states import Status
from apps.points.models import InteractionRule
from apps.points.states import Interaction
from apps.support import selectors as survey_facts

# So long after the receipt a member is asked.
ASK_AFTER: Final = timedelta(days=3)


def survey(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The received order by its number, and the newest open survey that its member has not answered."""
    order = (
        Order.objects.select_related("member")
        .prefetch_related("lines")
        .filter(order_no=subject, member_id=member_id, status=Status.RECEIVED)
        .first()
    )
    if order is None:
        return None
    asked = survey_facts.open_to(member=order.member, at=at).exclude(responses__member_id=member_id).first()
    if asked is None:
        return None
    rule = InteractionRule.objects.filter(kind=Interaction.SURVEY, enabled=True, points__gte=1).first()
    return Facts(
        values={
            "order_no": subject,
            "product": telling.goods_of(order),
            "survey_id": str(asked.pk),
            "received_at": order.received_at or at,
            "thanks": f"可得 {rule.points} 积分" if rule is not None else "感谢您的意见",
        },
        until=asked.ends_at,
    )
