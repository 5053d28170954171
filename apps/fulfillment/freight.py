"""Freight templates as pricing sees them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from mall.pricing.basket import ChargedBy, Freight, Zone


def freights_for(product_ids: Iterable[int]) -> tuple[tuple[Freight, ...], dict[int, str]]:
    """Return the templates that these products need, and for each product the ref of its template.

    A product without a template of its own uses the default one; where there is no default it is not in the
    second answer and ships free. Two statements. Raises FreightInvalid for a template without zones.
    """
    products = set(product_ids)
    own = dict(
        ProductFreight.objects.filter(product_id__in=products).values_list("product_id", "template_id")
    )
    zones = FreightZone.objects.select_related("template").filter(
        Q(template__in=set(own.values())) | Q(template__is_default=True)
    )
    rows: dict[FreightTemplate, list[FreightZone]] = {}
    for zone in zones:
        rows.setdefault(zone.template, []).append(zone)
    default = next((template.pk for template in rows if template.is_default), None)
    chosen = {product: own.get(product, default) for product in products}
    needed = set(chosen.values())
    freights = tuple(as_freight(template, found) for template, found in rows.items() if template.pk in needed)
    return freights, {product: _ref(key) for product, key in chosen.items() if key is not None}


def as_freight(template: FreightTemplate, zones: Iterable[FreightZone]) -> Freight:
    """Return a template and its zones as one frozen value. Raises FreightInvalid where they make no tariff."""
    tariffs = [
        Zone(
            regions=frozenset(zone.regions),
            first_units=zone.first_units,
            first_fee_fen=zone.first_fee_fen,
            next_units=zone.next_units,
            next_fee_fen=zone.next_fee_fen,
        )
        for zone in zones
    ]
    return Freight(
        ref=_ref(template.pk),
        label=template.name,
        charged_by=ChargedBy(template.charged_by),
        zones=tuple(zone for zone in tariffs if zone.regions),
        default=next((zone for zone in tariffs if not zone.regions), None),
    )


def _ref(template_id: int) -> str:
    return f"freight:{template_id}"
