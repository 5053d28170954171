"""What the counter does when it hears news: it alone sees both the parcel and the payment."""

from __future__ import annotations

from datetime import datetime

from apps import outbox
from apps.catalog import services as catalog
from apps.checkout import receiving, recharging
from apps.fulfillment.services import uploads
from apps.orders import selectors as orders
from apps.payments import selectors as payments
from apps.wechat import selectors as wechat
from apps.wechat.errors import WechatUnavailable
from mall.events import OrderPaid, ParcelShipped, RechargeUploadAsked, WalletRecharged, WechatPushed

# 小程序 发货信息管理服务: pushed when an order is shipped, and again when it is confirmed and settled.
_SETTLEMENT = "trade_manage_order_settlement"


def count_sold_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Add an order's units to its products' sales.

    Once an order although news may come twice: the delivery is marked done in the transaction that counts.
    """
    catalog.count_sold(orders.units_by_product(order_no=event.order_no))


@outbox.outside_transaction
def upload_on_parcel_shipped(event: ParcelShipped, *, at: datetime) -> None:
    """Tell WeChat of the parcel; comes back with the outbox's back-off while WeChat cannot take it."""
    payment = payments.captured_for(order_no=event.order_no)
    try:
        uploads.upload(
            order_no=event.order_no, transaction_id=payment.transaction_id if payment else None, at=at
        )
    except uploads.UploadLater as later:
        raise outbox.TryLater(str(later)) from later


@outbox.outside_transaction
def upload_on_wallet_recharged(event: WalletRecharged, *, at: datetime) -> None:
    """Tell WeChat that the recharge is in the account; comes back while WeChat cannot take it."""
    _upload_recharge(event.recharge_no, at=at)


@outbox.outside_transaction
def upload_on_recharge_upload_asked(event: RechargeUploadAsked, *, at: datetime) -> None:
    """Tell WeChat once more of a recharge that it refused to hear of."""
    _upload_recharge(event.recharge_no, at=at)


def _upload_recharge(recharge_no: str, *, at: datetime) -> None:
    try:
        recharging.upload(recharge_no=recharge_no, at=at)
    except uploads.UploadLater as later:
        raise outbox.TryLater(str(later)) from later


@outbox.outside_transaction
def receive_on_wechat_pushed(event: WechatPushed, *, at: datetime) -> None:
    """Receive the order whose shopper confirmed it in WeChat; comes back while WeChat cannot be asked."""
    if event.kind != _SETTLEMENT:
        return
    said = wechat.push_content(message_key=event.message_key)
    if "confirm_receive_time" not in said:
        return
    try:
        receiving.receive_as_wechat_says(transaction_id=str(said.get("transaction_id", "")), at=at)
    except WechatUnavailable as trouble:
        raise outbox.TryLater(str(trouble)) from trouble
