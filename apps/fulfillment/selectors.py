"""Everything that reads fulfillment's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Exists, F, Q
from django.db.models.functions import JSONObject

from apps.catalog.models import Product, Sku
from apps.fulfillment.models import FreightTemplate, FreightZone, Parcel
from apps.fulfillment.states import ChargedBy
from mall import regions


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
    rows = Sku.objects.filter(enabled=True, weight_g=0).annotate(default_by_weight=Exists(by_default))
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


def receiver_of(parcel_no: str) -> int:
    """The member whose order a parcel is of."""
    return int(Parcel.objects.values_list("order__member_id", flat=True).get(parcel_no=parcel_no))
