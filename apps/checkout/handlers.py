"""What the counter does when it hears news: it alone sees both the parcel and the payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps import outbox
from apps.catalog import services as catalog
from apps.checkout import bills, closing, following, promising, receiving, settling, uploading
from apps.fulfillment.services import uploads
from apps.groupbuy import selectors as group_facts
from apps.messaging import services as messaging
from apps.orders import selectors as order_facts
from apps.orders.states import Actor
from apps.wechat import selectors as wechat_facts
from apps.wechat.errors import WechatUnavailable
from mall.errors import ShopError
from mall.events import (
    ConsoleRefunded,
    GroupFailed,
    LateParcelAsked,
    LocalDeliveryBegan,
    OrderPaid,
    OrderReceived,
    OrderRefunded,
    OrderReserved,
    ParcelShipped,
    UploadAsked,
    WalletRecharged,
    WechatPushed,
)

_SETTLEMENT = settling.SETTLEMENT


def count_sold_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Add an order's units to its products' sales.

    Once an order although news may come twice: the delivery is marked done in the transaction that counts.
    """
    catalog.count_sold(order_facts.units_by_product(order_no=event.order_no))


def promise_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Fix by when the order leaves."""
    promising.fix(order_no=event.order_no, at=at)


def follow_on_console_refunded(event: ConsoleRefunded, *, at: datetime) -> None:
    """Whatever was paid for follows the money that went back by WeChat's merchant console, as its kind of bill says."""
    bills.follow_console(payment_no=event.payment_no, at=at)


def announce_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Tell the buyer that the money has arrived: on the order's card, where the shop tells those, and by message.

    Both at once, so that no message goes out before its card is known to tell the same.
    """
    following.begin(order_no=event.order_no, at=at)
    messaging.write(
        scene="order_paid",
        member_id=event.member_id,
        subject=event.order_no,
        occasion=event.order_no,
        at=at,
    )


def follow_on_parcel_shipped(event: ParcelShipped, *, at: datetime) -> None:
    """Have the order's card say that a parcel has left."""
    following.note_parcel(order_no=event.order_no, at=at)


def follow_on_order_received(event: OrderReceived, *, at: datetime) -> None:
    """Have the order's card say that the order is done."""
    following.note_receipt(order_no=event.order_no, at=at)


def follow_on_order_refunded(event: OrderRefunded, *, at: datetime) -> None:
    """Have the order's card say that the order is called off, if it is."""
    following.note_refund(order_no=event.order_no, at=at)


@outbox.outside_transaction
def upload_on_parcel_shipped(event: ParcelShipped, *, at: datetime) -> None:
    """Tell WeChat of the parcel; comes back with the outbox's back-off while WeChat cannot take it."""
    _upload(lambda: uploading.tell_of_parcels(order_no=event.order_no, at=at))


@outbox.outside_transaction
def upload_on_local_delivery_began(event: LocalDeliveryBegan, *, at: datetime) -> None:
    """Tell WeChat that the order lies ready or has left; comes back while WeChat cannot take it."""
    _upload(lambda: uploading.tell_of_parcels(order_no=event.order_no, at=at))


@outbox.outside_transaction
def upload_on_wallet_recharged(event: WalletRecharged, *, at: datetime) -> None:
    """Tell WeChat that the recharge is in the account; comes back while WeChat cannot take it."""
    _upload(lambda: uploading.tell(bill_kind=bills.RECHARGE.name, bill_no=event.recharge_no, at=at))


@outbox.outside_transaction
def upload_on_upload_asked(event: UploadAsked, *, at: datetime) -> None:
    """Tell WeChat that what a bill paid for is delivered; comes back while WeChat cannot take it."""
    _upload(lambda: uploading.tell(bill_kind=event.bill_kind, bill_no=event.bill_no, at=at))


@outbox.outside_transaction
def tell_on_order_reserved(event: OrderReserved, *, at: datetime) -> None:
    """Tell WeChat what it must know of the deposit's payment; comes back while WeChat cannot take it."""
    _tell(event.order_no, at=at)


@outbox.outside_transaction
def tell_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Tell WeChat what it must know of an order's payments; comes back while WeChat cannot take it."""
    _tell(event.order_no, at=at)


@outbox.outside_transaction
def tell_on_late_parcel_asked(event: LateParcelAsked, *, at: datetime) -> None:
    """Tell WeChat once more, or of a later day; comes back while WeChat cannot take it."""
    _tell(event.order_no, later=True, at=at)


def _tell(order_no: str, *, later: bool = False, at: datetime) -> None:
    try:
        promising.tell_wechat(order_no=order_no, later=later, at=at)
    except WechatUnavailable as trouble:
        raise outbox.TryLater(str(trouble)) from trouble


@outbox.outside_transaction
def close_on_group_failed(event: GroupFailed, *, at: datetime) -> None:
    """Close what was not paid of a group that failed, at WeChat first; comes back while that cannot be asked."""
    put_off: ShopError | None = None
    for order_no in group_facts.unpaid_orders_of(event.group_no):
        try:
            closing.close_unpaid(order_no=order_no, why="拼团未成团", actor=Actor.SYSTEM, at=at)
        except (WechatUnavailable, bills.ORDER.busy) as trouble:
            put_off = trouble  # the others need not wait for it
    if put_off is not None:
        raise outbox.TryLater(str(put_off)) from put_off


def _upload(tell: Callable[[], None]) -> None:
    try:
        tell()
    except uploads.UploadLater as later:
        raise outbox.TryLater(str(later)) from later


@outbox.outside_transaction
def receive_on_wechat_pushed(event: WechatPushed, *, at: datetime) -> None:
    """Receive the order whose shopper confirmed it in WeChat; comes back while WeChat cannot be asked."""
    if event.kind != _SETTLEMENT:
        return
    said = wechat_facts.push_content(message_key=event.message_key)
    if "confirm_receive_time" not in said:
        return
    try:
        receiving.receive_as_wechat_says(transaction_id=str(said.get("transaction_id", "")), at=at)
    except WechatUnavailable as trouble:
        raise outbox.TryLater(str(trouble)) from trouble


def note_settlement_on_wechat_pushed(event: WechatPushed, *, at: datetime) -> None:
    """Keep what WeChat tells of an order's shipping: its complaint that nothing was sent, and when the money settles."""
    if event.kind in settling.HEARD:
        said = wechat_facts.push_content(message_key=event.message_key)
        settling.hear(kind=event.kind, said=said, at=at)
