"""Tells WeChat what was sent (发货信息录入), without which it keeps the merchant's money.

Source: 微信小程序 发货信息管理服务, uploadShippingInfo: codes 10060001 (not known yet), 10060003 (the one
correction is used up), 10060023 (nothing changed).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import transactions
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import reshipping
from apps.fulfillment.services.parcels import NothingToUpload
from apps.fulfillment.states import UploadStatus
from apps.orders.models import Order
from apps.orders.states import DeliveryKind, Status
from apps.outbox import services as outbox
from apps.wechat import errors as wechat_errors
from apps.wechat import shipping
from mall.errors import ShopError
from mall.events import UploadAsked

# Express only: WeChat wants to know what is in a parcel in at most 120 characters.
_DESCRIPTION = 120
# WeChat shows what it was told a little later; the bell asks then.
VERIFY_AFTER: Final = timedelta(minutes=2)
_WRITTEN: Final = (
    *("status", "last_error", "attempts", "uploaded_at", "outcome_unknown", "uploaded_parcels"),
    *("told_digest", "told_all", "verify_at", "verify_tries", "verified_at"),
)
_LOGISTICS = {
    DeliveryKind.EXPRESS: shipping.Logistics.EXPRESS,
    DeliveryKind.CITY: shipping.Logistics.CITY,
    DeliveryKind.PICKUP: shipping.Logistics.PICKUP,
}


class UploadLater(ShopError):
    """WeChat could not take it now; the same upload is to be tried again."""

    code = "shipping_upload_later"
    message = "微信暂时无法接收发货信息，稍后自动重试"


def upload(
    *, order_no: str, bill_kind: str, bill_no: str, transaction_id: str | None, at: datetime
) -> UploadStatus:
    """Tell WeChat, for the payment of one of an order's bills, of all parcels that left so far, and write down what it said.

    Of an order that is fetched or delivered by the shop it is told that, once: it is never divided.

    ``transaction_id`` is WeChat's number of the captured payment, None where none was needed (an order of
    0 fen): then there is nothing to tell, nor of an order whose money all went back. Returns the new status:
    DONE, NOT_NEEDED, or FAILED for a refusal that only a person can mend. Raises UploadLater when WeChat does
    not know the payment yet, is away, or its answer was lost.
    """
    transactions.forbid("telling WeChat of a parcel")
    order = Order.objects.select_related("member").get(order_no=order_no)
    state = _of_order(order, bill_kind=bill_kind, bill_no=bill_no)
    if transaction_id is None or _all_went_back(order):
        return _write(state, UploadStatus.NOT_NEEDED, at=at)
    if order.delivery is not None:
        return _tell_undivided(order, state, transaction_id=transaction_id, at=at)
    parcels = list(
        Parcel.objects.filter(order=order).select_related("carrier").prefetch_related("lines__order_line")
    )
    everything = order.status in (Status.SHIPPED, Status.RECEIVED, Status.REFUNDED)
    told = [_as_told(parcel, order) for parcel in parcels]
    digest = _digest(told, everything=everything)
    if not state.outcome_unknown and state.told_digest == digest:
        return _write(state, UploadStatus.DONE, at=at, parcels=len(parcels), again=True)
    is_reship = state.told_all
    if is_reship and not reshipping.take(upload_id=state.pk, digest=digest, at=at):
        return _write(state, UploadStatus.FAILED, at=at, error=reshipping.USED_UP)
    done = _tell(
        state,
        has_it=lambda: _wechat_has(transaction_id, parcels, everything=everything),
        tell=lambda: shipping.upload(
            transaction_id=transaction_id,
            openid=order.member.openid,
            parcels=told,
            all_delivered=everything,
            was_split=_was_split(order, state, transaction_id),
            at=_later_than_before(state, at=at),
        ),
        parcels=len(parcels),
        at=at,
        digest=digest,
        everything=everything,
    )
    if is_reship and done == UploadStatus.FAILED:
        reshipping.give_back(upload_id=state.pk, digest=digest, why=state.last_error)
    return done


def upload_virtual(
    *,
    bill_kind: str,
    bill_no: str,
    transaction_id: str,
    openid: str,
    what: str,
    order: Order | None = None,
    at: datetime,
) -> UploadStatus:
    """Tell WeChat that what a bill paid for is delivered, though nothing travels (logistics_type 3, 虚拟商品).

    ``what`` says it in words, ``order`` is whose page shows it, where it is one of virtual goods. Told before: DONE,
    nothing is said again, for a payment may be told anew only once. Returns the new status, raises UploadLater, both as
    ``upload`` does.
    """
    transactions.forbid("telling WeChat of what does not travel")
    state, _ = ShippingUpload.objects.get_or_create(
        bill_kind=bill_kind, bill_no=bill_no, defaults={"order": order}
    )
    if state.status == UploadStatus.DONE:
        return UploadStatus.DONE
    return _tell_whole(
        state,
        what=what,
        logistics=shipping.Logistics.VIRTUAL,
        transaction_id=transaction_id,
        openid=openid,
        at=at,
    )


def _tell_undivided(
    order: Order, state: ShippingUpload, *, transaction_id: str, at: datetime
) -> UploadStatus:
    """Tell WeChat of an order that no parcel is sent of, as 用户自提 or 同城配送, once it lies ready or has left."""
    if state.status == UploadStatus.DONE or order.shipped_at is None:
        return UploadStatus(state.status)
    goods = "；".join(f"{line.title}*{line.quantity}" for line in order.lines.order_by("id"))
    return _tell_whole(
        state,
        what=goods,
        logistics=_LOGISTICS[order.delivery_kind],
        transaction_id=transaction_id,
        openid=order.member.openid,
        at=at,
    )


def _tell_whole(
    state: ShippingUpload,
    *,
    what: str,
    logistics: shipping.Logistics,
    transaction_id: str,
    openid: str,
    at: datetime,
) -> UploadStatus:
    """Tell WeChat that all that a bill paid for is delivered, without a parcel."""
    return _tell(
        state,
        has_it=lambda: shipping.get_order(transaction_id=transaction_id).finished,
        tell=lambda: shipping.upload(
            transaction_id=transaction_id,
            openid=openid,
            parcels=[shipping.Parcel(item_desc=what[:_DESCRIPTION])],
            logistics=logistics,
            at=_later_than_before(state, at=at),
        ),
        parcels=0,
        at=at,
    )


def ask_again(*, bill_kind: str, bill_no: str, at: datetime) -> None:
    """Ask for a new upload of a bill that WeChat refused to hear of. Raises NothingToUpload where nothing failed.

    For what does not travel; an order's parcels are asked for by ``parcels.upload_again``.
    """
    with transaction.atomic():
        failed = ShippingUpload.objects.filter(
            bill_kind=bill_kind, bill_no=bill_no, status=UploadStatus.FAILED
        )
        if not failed.exclude(bill_no="").update(status=UploadStatus.WAITING):
            raise NothingToUpload
        outbox.publish(UploadAsked(bill_kind=bill_kind, bill_no=bill_no), at=at)


def _of_order(order: Order, *, bill_kind: str, bill_no: str) -> ShippingUpload:
    """The row of one of the order's bills: the first to be told takes over the row that shipping made.

    Two letters may be read at once: the second finds the row named by then, and the unique constraint makes it one.
    """
    bill = {"bill_kind": bill_kind, "bill_no": bill_no}
    known = ShippingUpload.objects.filter(**bill).first()
    if known is None:
        with transaction.atomic():
            ShippingUpload.objects.filter(order=order, bill_no="").update(**bill)
            known, _ = ShippingUpload.objects.get_or_create(**bill, defaults={"order": order})
    return known


def _tell(
    state: ShippingUpload,
    *,
    has_it: Callable[[], bool],
    tell: Callable[[], object],
    parcels: int,
    at: datetime,
    digest: str = "",
    everything: bool = True,
) -> UploadStatus:
    """Tell WeChat, unless it has heard a call whose answer was lost, and write down what became of it."""
    try:
        if state.outcome_unknown and has_it():
            return _write(
                state, UploadStatus.DONE, at=at, parcels=parcels, digest=digest, everything=everything
            )
        tell()
    except wechat_errors.WechatUnavailable as trouble:
        state.outcome_unknown = state.outcome_unknown or trouble.effect_unknown
        _write(state, UploadStatus.WAITING, at=at, error=str(trouble))
        raise UploadLater from trouble
    except wechat_errors.WechatRefused as refused:
        return _write(state, UploadStatus.FAILED, at=at, error=f"{refused.errcode} {refused.errmsg}")
    return _write(state, UploadStatus.DONE, at=at, parcels=parcels, digest=digest, everything=everything)


def _all_went_back(order: Order) -> bool:
    return order.status == Status.REFUNDED and order.refunded_fen == order.payable_fen


def _was_split(order: Order, state: ShippingUpload, transaction_id: str) -> bool:
    """Whether WeChat was told of a first parcel of several, and what was to follow was then refunded.

    WeChat remembers in which mode it was told, and is asked only where that can matter.
    """
    if state.uploaded_at is None or not order.refunds.filter(units_unsent__gte=1).exists():
        return False
    return shipping.get_order(transaction_id=transaction_id).split


def _later_than_before(state: ShippingUpload, *, at: datetime) -> datetime:
    """WeChat refuses an upload_time that is not later than the last one; sweeps' clocks may overlap."""
    if state.uploaded_at is None:
        return at
    return max(at, state.uploaded_at + timedelta(milliseconds=1))


def _write(
    state: ShippingUpload,
    status: UploadStatus,
    *,
    at: datetime,
    parcels: int | None = None,
    error: str = "",
    digest: str = "",
    everything: bool = False,
    again: bool = False,
) -> UploadStatus:
    """Write down what became of it; ``again``: WeChat has it since before, and is not asked to show it once more."""
    state.status = status
    state.last_error = error[:300]
    taken = status in (UploadStatus.DONE, UploadStatus.NOT_NEEDED)
    state.attempts = 0 if taken else state.attempts + 1
    if status == UploadStatus.DONE and not again:
        state.uploaded_at = _later_than_before(state, at=at)
        state.outcome_unknown = False
        state.told_digest, state.told_all = digest, everything
        state.verify_at, state.verify_tries, state.verified_at = at + VERIFY_AFTER, 0, None
    if parcels is not None:
        state.uploaded_parcels = parcels
    state.save(update_fields=_WRITTEN)
    return status


def _digest(told: Sequence[shipping.Parcel], *, everything: bool) -> str:
    """A word for what WeChat is told: the same word is the same delivery."""
    return hashlib.sha256(repr(([astuple(parcel) for parcel in told], everything)).encode()).hexdigest()


def _as_told(parcel: Parcel, order: Order) -> shipping.Parcel:
    goods = "；".join(f"{line.order_line.title}*{line.quantity}" for line in parcel.lines.all())
    return shipping.Parcel(
        item_desc=goods[:_DESCRIPTION],
        tracking_no=parcel.tracking_no,
        carrier_id=parcel.carrier.code,
        receiver_phone=str(order.address.get("phone", "")),
    )


def _wechat_has(transaction_id: str, parcels: list[Parcel], *, everything: bool) -> bool:
    """Return whether an upload whose answer was lost arrived: WeChat lists each parcel's number.

    Asking first matters, because repeating a full upload would use up the payment's one correction.
    """
    known = shipping.get_order(transaction_id=transaction_id)
    return known.finished == everything and {parcel.tracking_no for parcel in parcels} <= known.tracking_nos
