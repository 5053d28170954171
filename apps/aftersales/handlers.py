"""What after-sales does about news."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from apps import outbox
from apps.aftersales import application_selectors as application_facts
from apps.aftersales import services as aftersales
from apps.aftersales import telling
from apps.aftersales.planning import OrderNotRefundable
from apps.aftersales.services import paying_back
from apps.groupbuy import selectors as group_facts
from apps.messaging import selectors as message_facts
from apps.messaging import services as messaging
from apps.payments import selectors as payment_facts
from mall.events import AfterSaleMoved, ConsoleRefunded, GroupFailed, GroupSettled, RefundSettled, SeatRefused

# A reply that was told of and not read of tells of the next ones, too, so long.
_TOLD_FOR: Final = timedelta(days=1)


def refund_on_console_refunded(event: ConsoleRefunded, *, at: datetime) -> None:
    """An order whose money went back by WeChat's merchant console is refunded, so that nobody ships it."""
    if order_no := payment_facts.order_paid_by(payment_no=event.payment_no):
        aftersales.refund_as_console_did(order_no=order_no, at=at)


@outbox.outside_transaction
def refund_on_group_failed(event: GroupFailed, *, at: datetime) -> None:
    """Give everybody back who paid in a group that failed, each order in a transaction of its own."""
    for order_no in group_facts.paid_orders_of(event.group_no):
        with suppress(OrderNotRefundable):  # somebody refunded it otherwise meanwhile
            aftersales.refund_unshipped(
                order_no=order_no, reason="拼团未成团，自动退款", operator=None, at=at
            )


def finish_on_refund_settled(event: RefundSettled, *, at: datetime) -> None:
    """An application whose money is back at the buyer is done."""
    paying_back.follow_refund(refund_no=event.refund_no, at=at)


def refund_on_seat_refused(event: SeatRefused, *, at: datetime) -> None:
    """Give the money back whole of who paid when the group was full or over."""
    aftersales.refund_unshipped(
        order_no=event.order_no, reason="拼团已满员或已结束，自动退款", operator=None, at=at
    )


@outbox.outside_transaction
def return_on_group_settled(event: GroupSettled, *, at: datetime) -> None:
    """Give back to everybody in the group what they paid more than the price that it reached, once an order."""
    reached = group_facts.reached_by(event.group_no)
    for order_no in group_facts.paid_orders_of(event.group_no):
        aftersales.return_price(
            order_no=order_no,
            now_fen=reached.prices_fen,
            token=f"group:{order_no}",
            reason=f"拼团达到 {reached.size} 人价，退还差价",
            at=at,
        )


def tell_on_after_sale_moved(event: AfterSaleMoved, *, at: datetime) -> None:
    """Tell the member what the shop, or time, made of an application, each move once, and that the shop has replied."""
    if event.move == "message":
        _tell_of_reply(event, at=at)
    if event.move in telling.TOLD_MOVES:
        messaging.write(
            scene="after_sale",
            member_id=event.member_id,
            subject=f"{event.after_sale_no}@{event.status}",
            occasion=f"{event.after_sale_no}:{event.move}",
            order_no=event.order_no,
            at=at,
        )


def _tell_of_reply(event: AfterSaleMoved, *, at: datetime) -> None:
    """Tell of the shop's words; not again within a day while the member has neither read of the last nor answered it."""
    said = application_facts.last_words(after_sale_no=event.after_sale_no)
    if said.shop_id is None:
        return
    told: dict[str, Any] = {"scene": "after_sale", "member_id": event.member_id}
    subject = f"{event.after_sale_no}@{telling.REPLY}"
    since = max(filter(None, (said.member_at, at - _TOLD_FOR)))
    if not message_facts.is_unread(**told, subject=subject, since=since):
        messaging.write(
            **told,
            subject=subject,
            occasion=f"{event.after_sale_no}:reply:{said.shop_id}",
            order_no=event.order_no,
            at=at,
        )
