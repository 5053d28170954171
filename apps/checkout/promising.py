"""By when what is paid leaves: the counter knows what activities agreed on, and of which payments WeChat is to be told."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.base import transactions
from apps.checkout import activities
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.services import fixing
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment
from apps.wechat.errors import WechatUnavailable

log = structlog.get_logger(__name__)


def fix(*, order_no: str, at: datetime) -> bool:
    """Fix by when a paid order leaves; say whether it has a deadline. Safe to repeat. Raises NotFound."""
    order = order_facts.with_activity_alone(order_no=order_no)
    return fixing.fix(order_no=order_no, agreed=activities.agreed_of(order), at=at) is not None


def fix_missed(*, at: datetime, limit: int = 500) -> int:
    """Fix it for paid orders of which news was missed; one that fails stops no other."""
    done = 0
    for order_no in deadline_facts.unfixed(limit=limit):
        try:
            done += fix(order_no=order_no, at=at)
        except Exception:
            log.exception("deadline_failed", order_no=order_no)
    return done


def tell_wechat(*, order_no: str, later: bool = False, at: datetime) -> None:
    """Tell WeChat of each payment of an order whose goods leave later than it expects (特殊发货报备).

    What the order's activity has to say; ``later``: what its promise or an agreed delay says, where that is late. One
    that WeChat cannot take now stops no other. Raises the last WechatUnavailable when all were tried.
    """
    transactions.forbid("reporting to WeChat")
    order = order_facts.with_activity_alone(order_no=order_no)
    until = deadline_facts.late_parcel(order) if later else None
    if until is None and not activities.tells(order):
        return
    trouble: WechatUnavailable | None = None
    agreed_by_wechat = True
    for paid in payment_facts.used(payment_facts.of_order(order_no=order_no)):
        try:
            agreed_by_wechat &= _tell(order, paid, until=until, at=at)
        except WechatUnavailable as away:
            trouble = trouble or away
    if trouble is not None:
        raise trouble
    if until is not None and agreed_by_wechat:
        fixing.note_reported(order_no=order_no, until=until)


def _tell(order: Order, paid: Payment, *, until: datetime | None, at: datetime) -> bool:
    """Tell of one payment; say whether WeChat took what it was told."""
    if paid.transaction_id is None or paid.captured_at is None:
        return True
    if until is not None:
        return activities.report_until(order=order, transaction_id=paid.transaction_id, until=until, at=at)
    activities.tell(order, transaction_id=paid.transaction_id, paid_at=paid.captured_at, at=at)
    return True
