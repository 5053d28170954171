"""Everything that reads fulfillment's rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import DurationField, Exists, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject

from apps.catalog.models import Product, Sku
from apps.fulfillment.models import FreightTemplate, FreightZone, PackingOption, Parcel, Trace
from apps.fulfillment.states import TRACE_ENDS, ChargedBy, TraceState
from apps.members.models import Member
from apps.orders.models import Order
from apps.orders.states import Status
from mall import regions
from mall import text as texts
from mall.errors import NotFound

# After so long without a word about a parcel somebody should ask the courier.
STILL_AFTER: Final = timedelta(hours=48)


def parcels_of(order_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the parcels of these orders as the API shows them, by order id, oldest first; one statement."""
    rows = (
        Parcel.objects.filter(order_id__in=list(order_ids))
        .annotate(
            carrier_code=F("carrier__code"),
            carrier_name=F("carrier__name"),
            items=JSONBAgg(
                JSONObject(
                    sku_id="lines__order_line__sku_id",
                    product_id="lines__order_line__sku__product_id",
                    option_text="lines__order_line__option_text",
                    image="lines__order_line__image",
                    quantity="lines__quantity",
                ),
                order_by="lines__id",
            ),
        )
        .order_by("id")
        .values("order_id", "parcel_no", "carrier_code", "carrier_name", "tracking_no", "shipped_at", "items")
    )
    parcels: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        shown: dict[str, Any] = dict(row)
        parcels.setdefault(shown.pop("order_id"), []).append(shown)
    return parcels


def trace_of(*, member: Member, order_no: str, parcel_no: str) -> dict[str, Any]:
    """Return the way of a parcel of the member's own order as the API shows it, the newest line first. Raises NotFound."""
    if not (texts.is_number(order_no) and texts.is_number(parcel_no)):
        raise NotFound
    row = (
        Trace.objects.filter(
            parcel__parcel_no=parcel_no, parcel__order__order_no=order_no, parcel__order__member=member
        )
        .select_related("parcel__carrier")
        .first()
    )
    if row is None:
        raise NotFound
    told = row.events.filter(tracking_no=row.parcel.tracking_no).order_by("-at", "-id")
    return {
        "parcel_no": parcel_no,
        "carrier": row.parcel.carrier.name,
        "carrier_code": row.parcel.carrier.code,
        "tracking_no": row.parcel.tracking_no,
        "state": row.state,
        "events": list(told.values("at", "text", "place")),
        "waybill_token": row.waybill_token or None,
        "checked_at": row.checked_at,
        "delivered_at": row.delivered_at,
    }


def under_number(*, carrier_id: str, tracking_no: str, openid: str) -> list[str]:
    """Return the numbers of a member's parcels that bear this number of this carrier."""
    found = Parcel.objects.filter(
        tracking_no=tracking_no, carrier__code=carrier_id, order__member__openid=openid
    )
    return list(found.order_by("id").values_list("parcel_no", flat=True))


def is_delivered(order_no: str) -> bool:
    """Whether all of an order has left and every parcel of it was signed for."""
    order = Order.objects.filter(order_no=order_no, status=Status.SHIPPED).first()
    if order is None:
        return False
    states = list(Parcel.objects.filter(order=order).values_list("trace__state", flat=True))
    return bool(states) and set(states) == {TraceState.SIGNED}


def standing_still(*, at: datetime | Combinable) -> QuerySet[Trace]:
    """Parcels of orders not yet received which nobody has told anything new of for 48 hours; ``at`` may be an expression."""
    # A statement that is planned once has to be told what kind of value it subtracts.
    still = Cast(Value(STILL_AFTER), DurationField()) if isinstance(at, Combinable) else STILL_AFTER
    return Trace.objects.exclude(state__in=TRACE_ENDS).filter(
        moved_at__lte=at - still, parcel__order__status__in=[Status.PAID, Status.SHIPPED]
    )


def weightless(*, template_ids: Iterable[int] = (), product_ids: Iterable[int] = ()) -> list[dict[str, Any]]:
    """Return the enabled SKUs of 0 g whose freight is charged by weight: they pay the first fee, however many.

    Of these templates, or of these products; of all goods on sale where neither is named. One statement.
    """
    by_weight = Q(product__freight__template__charged_by=ChargedBy.WEIGHT)
    by_default = FreightTemplate.objects.filter(is_default=True, charged_by=ChargedBy.WEIGHT)
    templates, products = list(template_ids), list(product_ids)
    if templates:
        by_weight &= Q(product__freight__template__in=templates)
        by_default = by_default.filter(pk__in=templates)
    goods = Sku.objects.filter(enabled=True, weight_g=0, product__packing=False)
    rows = goods.annotate(default_by_weight=Exists(by_default))
    rows = rows.filter(by_weight | Q(product__freight=None, default_by_weight=True))
    if products:
        rows = rows.filter(product__in=products)
    elif not templates:
        rows = rows.filter(product__on_sale=True)
    named = rows.order_by("id").values_list("code", "product__title")
    return [{"code": code, "title": title} for code, title in named]


def without_freight() -> int:
    """Return how many products on sale have no template, neither their own nor a default: nobody can order them."""
    default = FreightTemplate.objects.filter(is_default=True)
    return Product.objects.filter(~Exists(default), on_sale=True, freight=None).count()


def unclear_regions() -> list[tuple[str, str]]:
    """Return (template, what is wrong) for each name in a tariff that is no region, or several. One statement."""
    zones = FreightZone.objects.exclude(regions=[]).order_by("template_id", "id")
    return [
        (label, wrong)
        for label, names in zones.values_list("template__name", "regions")
        for name in names
        if (wrong := regions.objection(name))
    ]


def packing_options() -> list[PackingOption]:
    """What shoppers may choose an order to be wrapped in, in the shop's order. One statement."""
    return list(PackingOption.objects.filter(active=True))


def packing_option(option_id: int) -> PackingOption | None:
    """The option of this id if it may be chosen, with its SKU and product at hand. One statement."""
    rows = PackingOption.objects.filter(pk=option_id, active=True)
    return rows.select_related("sku__product__category", "sku__product__brand").first()


def receiver_of(parcel_no: str) -> int:
    """The member whose order a parcel is of."""
    return int(Parcel.objects.values_list("order__member_id", flat=True).get(parcel_no=parcel_no))
