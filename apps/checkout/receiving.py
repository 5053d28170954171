"""The goods are here: the shopper says so to the shop, or to WeChat, which tells it on."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.fulfillment.services import receipt
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.states import Actor, DeliveryKind, Status
from apps.payments import selectors as payment_facts
from apps.wechat import shipping
from mall.lifecycle import MoveRefused

_CONFIRMED = frozenset(
    {shipping.OrderState.CONFIRMED, shipping.OrderState.SETTLING, shipping.OrderState.COMPLETED}
)


def receive(*, member: Member, order_no: str, at: datetime) -> None:
    """Confirm receipt of the member's order. Raises NotFound for another's, MoveRefused unless it is SHIPPED."""
    order = order_facts.of_member(member=member, order_no=order_no)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=at)


def receive_as_wechat_says(*, transaction_id: str, at: datetime) -> bool:
    """Confirm receipt of the order that this payment paid, if WeChat's own record says that it was confirmed.

    Says whether this call received it. What a push says is a hint only, so get_order is asked (小程序
    发货信息管理服务, 确认收货). An order that waits for nothing, or whose payment is not ours, is left alone.
    Raises WechatUnavailable, WechatRefused. Must be called outside a transaction.
    """
    transactions.forbid("asking WeChat for a receipt")
    payment = payment_facts.paid_by(transaction_id=transaction_id)
    order = payment.order if payment else None
    if order is None or order.status != Status.SHIPPED or order.delivery_kind is DeliveryKind.PICKUP:
        return False  # what is fetched is received at the counter, whatever its buyer pressed in WeChat
    if shipping.get_order(transaction_id=transaction_id).state not in _CONFIRMED:
        return False
    try:
        receipt.confirm(order_no=order.order_no, actor=Actor.WECHAT, note="买家在微信确认收货", at=at)
    except MoveRefused:
        return False  # the shopper, or time, was faster
    return True
