"""Freight templates as pricing sees them."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from mall.pricing.basket import ChargedBy, Freight, Zone

_TARIFF = ("regions", "first_units", "first_fee_fen", "next_units", "next_fee_fen")


def freights_for(product_ids: Iterable[int]) -> tuple[tuple[Freight, ...], dict[int, str]]:
    """Return the templates that these products need, and for each product the ref of its template.

    A product without a template of its own uses the default one; where there is no default it is not in the
    second answer and cannot be sent. Two statements. Raises FreightInvalid for a template without zones.
    """
    products = set(product_ids)
    own = dict(
        ProductFreight.objects.filter(product_id__in=products).values_list("product_id", "template_id")
    )
    zones = FreightZone.objects.filter(template=OuterRef("pk")).order_by("id")
    templates = FreightTemplate.objects.filter(Q(pk__in=set(own.values())) | Q(is_default=True)).annotate(
        tariffs=ArraySubquery(zones.values(tariff=JSONObject(**{name: name for name in _TARIFF})))
    )
    found = {template.pk: template for template in templates}
    default = next((key for key, template in found.items() if template.is_default), None)
    chosen = {product: own.get(product, default) for product in products}
    freights = tuple(
        as_freight(found[key], [FreightZone(template=found[key], **tariff) for tariff in found[key].tariffs])
        for key in sorted({key for key in chosen.values() if key is not None})
    )
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
