"""Parcels leave: an order is shipped when the last of its units has left."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum

from apps.base import audit, numbers, transactions
from apps.fulfillment import labels
from apps.fulfillment.models import Carrier, Parcel, ParcelLine, ShippingUpload
from apps.fulfillment.services import tracing
from apps.fulfillment.states import UploadStatus
from apps.orders import reach, versions
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from mall import text as texts
from mall.errors import Invalid, Kind, NotFound, ShopError
from mall.events import LocalDeliveryBegan, OrderShipped, ParcelShipped, UploadAsked

# WeChat lists at most 15 parcels of one payment (uploadShippingInfo, 10060024).
MOST_PARCELS = 15
# What couriers print: letters, digits, hyphens. WeChat takes up to 128, no courier needs more than 64.
_TRACKING_NO = re.compile(r"[0-9A-Z-]{5,64}")
# Who gets a parcel: two orders may lie in one only if it is the same person at the same door.
_RECEIVER = ("name", "phone", "province", "city", "district", "detail")


class NotShippable(ShopError):
    """Only an order that is paid and not yet fully shipped can be shipped."""

    code = "order_not_shippable"
    message = "只有待发货的订单才能发货"


class GoodsNotHere(NotShippable):
    """The order's units are planned and have not come yet."""

    message = "预售商品尚未到货，到货后才能发货"


class NothingTravels(NotShippable):
    """An order of virtual goods: its card keys are delivered with the payment."""

    message = "虚拟商品在线交付，无需发货"


class NotByParcel(NotShippable):
    """The order is fetched in a shop, or delivered by its own riders."""

    message = "该订单为到店自提或同城配送，不发快递"


class NumberOfAnother(NotShippable):
    """Another receiver's parcel has this number: a slip of the hand. ``details``: ``field``, their ``order_no``."""

    code = "tracking_number_used"
    message = "该快递单号已用于另一收货人的订单，请核对"


class OrderChanged(ShopError):
    """The order goes elsewhere, or its lines name other goods, than was looked at before it was sent."""

    code = "order_changed"
    message = "您打开页面后收货信息或商品已变化，请核对后再确认"
    kind = Kind.CONFLICT


class TrackingNumberInvalid(Invalid):
    """A tracking number is 5 to 64 letters, digits and hyphens."""

    code = "tracking_no_invalid"
    message = "快递单号应为 5 到 64 位字母、数字或短横线"


class CarrierUnknown(Invalid):
    """The carrier is not on WeChat's list."""

    code = "carrier_unknown"
    message = "请选择列表中的快递公司"


class QuantityNotShippable(Invalid):
    """More units than are left to ship, none at all, or a line of another order."""

    code = "parcel_quantity_invalid"
    message = "发货数量超出未发货数量"


class TooManyParcels(ShopError):
    """WeChat takes at most 15 parcels an order."""

    code = "too_many_parcels"
    message = f"一个订单最多拆分为 {MOST_PARCELS} 个包裹"


class ParcelTwice(ShopError):
    """The order has a parcel with this carrier and number already."""

    code = "parcel_twice"
    message = "该快递单号已登记在此订单中"


class NothingToUpload(ShopError):
    """Only an upload that WeChat refused is asked for again by hand; all others repeat themselves."""

    code = "nothing_to_upload"
    message = "没有上传失败的发货信息"


def why_not(order: Order) -> type[NotShippable] | None:
    """Why no parcel of an order can leave now; None where one can. ``orders.selectors.TO_SEND`` says the same of many."""
    if order.status != Status.PAID:
        return NotShippable
    if order.delivery is not None:
        return NotByParcel
    if order.awaits_goods:
        return GoodsNotHere
    return NothingTravels if order.virtual else None


def ship(
    *,
    order_no: str,
    carrier_code: str,
    tracking_no: str,
    quantities: Mapping[int, int] | None = None,
    seen: str | None = None,
    operator: Any,
    at: datetime,
) -> Parcel:
    """Send one parcel of an order; ``quantities`` maps order line ids to units, None means all that is left.

    ``seen`` is the order's version (``orders.versions``) that was looked at before, None where nobody looked.

    Moves the order to SHIPPED with its last unit. Publishes ParcelShipped, and OrderShipped with the last.
    Raises NotFound, OrderChanged, NotShippable and its kinds, TrackingNumberInvalid, CarrierUnknown, QuantityNotShippable,
    ParcelTwice, TooManyParcels; then nothing is changed.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        reach.require(order, operator=operator)
        if refusal := why_not(order):
            raise refusal
        if seen is not None and seen != versions.of(order):
            raise OrderChanged
        if Parcel.objects.filter(order=order).count() >= MOST_PARCELS:
            raise TooManyParcels
        carrier, number = labelled(order, carrier_code=carrier_code, tracking_no=tracking_no)
        left = units_left(order)
        chosen = _wrapped(order, _chosen(quantities, left), left)
        with transactions.refine({"parcel_once_per_tracking_no": ParcelTwice}):
            parcel = Parcel.objects.create(
                parcel_no=numbers.dated("PK", at=at),
                order=order,
                carrier=carrier,
                tracking_no=number,
                operator=operator,
                shipped_at=at,
            )
        ParcelLine.objects.bulk_create(
            [ParcelLine(parcel=parcel, order_line_id=line, quantity=units) for line, units in chosen.items()]
        )
        if not ShippingUpload.objects.filter(order=order).exists():
            ShippingUpload.objects.create(order=order)
        tracing.begin(parcel=parcel, at=at)
        _ask_for_upload(order, parcel, at=at)
        if chosen == left:
            orders.move(order_no=order_no, move="ship", actor=Actor.OPERATOR, operator=operator, at=at)
            outbox.publish(OrderShipped(order_no=order_no, member_id=order.member_id), at=at)
    return parcel


def receiver_of(address: Mapping[str, Any]) -> tuple[str, ...]:
    """Who receives, as far as parcels are told apart by it: several orders of one receiver may lie in one parcel."""
    return tuple("".join(str(address.get(part, "")).split()) for part in _RECEIVER)


def labelled(order: Order, *, carrier_code: str, tracking_no: str) -> tuple[Carrier, str]:
    """The carrier and the tracking number, in its one form, that a parcel to an order's receiver is to bear.

    Whatever parcel it is: the order's own, one put right, or one that brings new goods for old. The caller has locked
    the order. Raises TrackingNumberInvalid, CarrierUnknown, and NumberOfAnother, which names the field.
    """
    transactions.require()
    number = texts.tracking(tracking_no)
    if not is_tracking_no(number):
        raise TrackingNumberInvalid
    carrier = Carrier.objects.filter(code=carrier_code).first()
    if carrier is None:
        raise CarrierUnknown
    mine = receiver_of(order.address)
    for other in labels.borne([number], but=[order.pk]).get((carrier.code, number), ()):
        if receiver_of(other.address) != mine:
            raise NumberOfAnother(
                f"该快递单号已用于另一收货人的订单 {other.order_no}，请核对",
                details={"field": "tracking_no", "order_no": other.order_no},
            )
    return carrier, number


def correct(*, parcel_no: str, carrier_code: str, tracking_no: str, operator: Any, at: datetime) -> Parcel:
    """Correct a parcel's carrier and number, and tell WeChat again: it allows one correction a payment.

    A second one is kept here all the same, and WeChat's refusal shows as a FAILED upload.
    Raises NotFound, TrackingNumberInvalid, CarrierUnknown, NumberOfAnother, ParcelTwice, and NotShippable once received.
    """
    with transaction.atomic():
        order_no = (
            Parcel.objects.filter(parcel_no=parcel_no).values_list("order__order_no", flat=True).first()
        )
        if order_no is None:
            raise NotFound
        order = orders.lock(order_no=order_no)
        reach.require(order, operator=operator)
        if order.status not in (Status.PAID, Status.SHIPPED):
            raise NotShippable("订单已完成，不能再修改快递单号")
        carrier, number = labelled(order, carrier_code=carrier_code, tracking_no=tracking_no)
        # Read under the lock: of two corrections at once the second one's note names what the first one wrote.
        parcel = Parcel.objects.select_related("carrier").get(parcel_no=parcel_no)
        was = f"{parcel.carrier.code} {parcel.tracking_no}"
        parcel.carrier = carrier
        parcel.tracking_no = number
        with transactions.refine({"parcel_once_per_tracking_no": ParcelTwice}):
            parcel.save(update_fields=["carrier", "tracking_no"])
        tracing.begin_anew(parcel=parcel, at=at)
        audit.record(
            operator=operator, action="修改快递单号", subject=parcel.parcel_no, note=f"原：{was}", at=at
        )
        ShippingUpload.objects.filter(order=order).update(status=UploadStatus.WAITING)
        _ask_for_upload(order, parcel, at=at)
    return parcel


def upload_again(*, order_no: str, at: datetime) -> None:
    """Ask for a new upload of what WeChat refused before. Raises NothingToUpload where nothing failed."""
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        failed = ShippingUpload.objects.filter(order=order, status=UploadStatus.FAILED)
        if order.delivery is not None and failed.update(status=UploadStatus.WAITING):
            outbox.publish(LocalDeliveryBegan(order_no=order_no, member_id=order.member_id), at=at)
            return
        if order.virtual:
            _virtual_again(failed, at=at)
            return
        last = Parcel.objects.filter(order=order).order_by("-id").first()
        if last is None or not failed.update(status=UploadStatus.WAITING):
            raise NothingToUpload
        _ask_for_upload(order, last, at=at)


def _virtual_again(failed: QuerySet[ShippingUpload], *, at: datetime) -> None:
    """Ask for what does not travel by its bills. Raises NothingToUpload."""
    named = list(failed.exclude(bill_no="").values_list("bill_kind", "bill_no"))
    if not named:
        raise NothingToUpload
    failed.update(status=UploadStatus.WAITING)
    for bill_kind, bill_no in named:
        outbox.publish(UploadAsked(bill_kind=bill_kind, bill_no=bill_no), at=at)


def nothing_more_leaves(*, order_no: str, operator: Any, at: datetime) -> None:
    """What was still to be sent was refunded: the order is SHIPPED by what has left, and WeChat hears that it is all.

    Publishes OrderShipped, and ParcelShipped for the last parcel again. Raises NotFound, MoveRefused, and
    NotShippable where no parcel has left.
    """
    with transaction.atomic():
        order = orders.move(
            order_no=order_no,
            move="ship",
            actor=Actor.OPERATOR,
            operator=operator,
            note="其余商品已退款",
            at=at,
        )
        outbox.publish(OrderShipped(order_no=order_no, member_id=order.member_id), at=at)
        tell_wechat_again(order_no=order_no, at=at)


def tell_wechat_again(*, order_no: str, at: datetime) -> None:
    """Nothing more leaves: have the parcels told to WeChat once more, as all there is. The caller has the lock.

    Raises NotShippable where no parcel has left.
    """
    transactions.require()
    last = Parcel.objects.select_related("order").filter(order__order_no=order_no).order_by("-id").first()
    if last is None:
        raise NotShippable
    ShippingUpload.objects.filter(order=last.order).update(status=UploadStatus.WAITING)
    _ask_for_upload(last.order, last, at=at)


def is_tracking_no(number: str) -> bool:
    """Whether a number in its one form (``mall.text.tracking``) can be a tracking number."""
    return _TRACKING_NO.fullmatch(number) is not None


def units_left(order: Order) -> dict[int, int]:
    """Return the units that are still to be sent, by order line id in the order's order, without lines of none."""
    return units_left_of([order.pk])


def units_left_of(order_ids: Collection[int]) -> dict[int, int]:
    """Return the units of these orders that are still to be sent, by order line id in its order, without lines of none.

    Units are refunded before they leave as long as there are such, so what is neither gone nor refunded is left;
    where more is gone and refunded than was bought, units came back after they had left.
    """
    lines = (
        OrderLine.objects.filter(order__in=order_ids)
        .annotate(gone=Sum("parcel_lines__quantity", default=0))
        .order_by("id")  # a grouped query forgets the model's own ordering
    )
    left = {line.pk: line.quantity - line.gone - line.refunded for line in lines}
    return {line: units for line, units in left.items() if units > 0}


def _chosen(quantities: Mapping[int, int] | None, left: Mapping[int, int]) -> dict[int, int]:
    if quantities is None:
        return dict(left)
    chosen = {line: units for line, units in quantities.items() if units}
    if not chosen or any(units < 0 or units > left.get(line, 0) for line, units in chosen.items()):
        raise QuantityNotShippable
    return chosen


def _wrapped(order: Order, chosen: dict[int, int], left: Mapping[int, int]) -> dict[int, int]:
    """What was chosen, with the order's packing: it goes with the first parcel and is never sent by itself."""
    if order.packing is None or chosen == left:
        return chosen
    packing = OrderLine.objects.filter(order=order, is_packing=True, pk__in=left).values_list("pk", flat=True)
    return {**chosen, **{line: left[line] for line in packing}}


def _ask_for_upload(order: Order, parcel: Parcel, *, at: datetime) -> None:
    outbox.publish(ParcelShipped(order_no=order.order_no, parcel_no=parcel.parcel_no), at=at)
