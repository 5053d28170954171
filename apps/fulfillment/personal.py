"""What fulfillment holds of people: with which parcels an order left, and what couriers told of their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from apps.base import personal
from apps.base.personal import Fate, Holding, Open, Person, Room
from apps.fulfillment.models import Parcel, ParcelLine, ShippingUpload, Trace, TraceEvent
from apps.fulfillment.states import UploadStatus
from apps.orders.personal import TRADES_KEPT

# Told with the buyer's openid; what failed waits for a person, and WeChat keeps the money until it is told.
_UNTOLD: Final = (UploadStatus.WAITING, UploadStatus.FAILED)
_TRADE: Final = "电子商务法第三十一条：物流等交易信息自交易完成之日起保存不少于三年"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Parcels and what was in them."""
    parcels = Parcel.objects.filter(order__member_id=person.member_id).order_by("id")
    lines = ParcelLine.objects.filter(parcel__order__member_id=person.member_id).order_by("id")
    traces = Trace.objects.filter(parcel__order__member_id=person.member_id).order_by("id")
    told = TraceEvent.objects.filter(trace__parcel__order__member_id=person.member_id).order_by("id")
    return {
        "包裹": personal.table(
            parcels,
            "parcel_no",
            "tracking_no",
            "shipped_at",
            快递公司="carrier__name",
            订单号="order__order_no",
        ),
        "包裹商品": personal.table(lines, "quantity", 包裹号="parcel__parcel_no", 商品="order_line__title"),
        "物流轨迹": personal.table(traces, "state", "moved_at", "delivered_at", 包裹号="parcel__parcel_no"),
        "物流记录": personal.table(told, "at", "text", "place", 包裹号="trace__parcel__parcel_no"),
    }


def forget_old(*, at: datetime, limit: int) -> int:
    """Erase couriers' lines of orders whose address is erased, the oldest first; return how many.

    A line is no younger than the order that it is of, so what is younger than trades are kept need not be looked at.
    """
    old = list(_old(at=at).order_by("at").values_list("pk", flat=True)[:limit])
    TraceEvent.objects.filter(pk__in=old).delete()
    return len(old)


def overdue(*, at: datetime) -> int:
    """How many lines should be gone."""
    return _old(at=at).count()


def _old(*, at: datetime) -> QuerySet[TraceEvent]:
    return TraceEvent.objects.filter(
        at__lt=at - TRADES_KEPT, trace__parcel__order__address_erased_at__isnull=False
    )


def still_open(person: Person) -> Sequence[Open]:
    """Orders of which WeChat has not been told yet."""
    waiting = ShippingUpload.objects.filter(order__member_id=person.member_id, status__in=_UNTOLD).order_by(
        "id"
    )
    numbers = tuple(number for number in waiting.values_list("order__order_no", flat=True) if number)
    untold = Open(code="shipping", text="发货信息正在上传微信", numbers=numbers, settles_itself=True)
    return [untold] if numbers else []


ROOM = Room(
    name="fulfillment",
    holdings=(
        Holding(
            model="fulfillment.Parcel",
            exported="包裹",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=f"{_TRADE}；订单的地址清空后快递单号在本店不再指向个人",
        ),
        Holding(
            model="fulfillment.ParcelLine",
            exported="包裹商品",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="fulfillment.Trace",
            plain=("waybill_token", "last_error"),
            exported="物流轨迹",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="fulfillment.TraceEvent",
            personal=("text", "place"),
            plain=("digest",),
            exported="物流记录",
            fate=Fate.STORED,
            kept="与订单地址相同：交易完成后三年",
            why=_TRADE,
        ),
        Holding(
            model="fulfillment.Waybill",
            plain=("quantities", "last_error"),
            not_exported="向微信申请电子面单的经过，快递单号在包裹中已导出",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
        Holding(
            model="fulfillment.ShippingUpload",
            plain=("bill_kind", "last_error", "told_digest", "reship_digest"),
            not_exported="向微信上传发货信息的状态，内容为包裹，已导出",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_TRADE,
        ),
    ),
    export=export,
    still_open=still_open,
    forget_old=forget_old,
    overdue=overdue,
)
