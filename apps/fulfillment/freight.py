"""Freight templates as pricing wants them: rows in, ``mall.pricing`` templates out."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from mall.pricing.basket import ChargedBy, Freight, Zone


def freights_for(product_ids: Collection[int]) -> tuple[tuple[Freight, ...], dict[int, str]]:
    """The templates that these products ship by, and the ref of each product's template: three statements.

    A product without a row of its own uses the default template; where there is none it has no ref and ships
    free. Raises FreightInvalid for a template without a single zone.
    """
    own = dict(
        ProductFreight.objects.filter(product_id__in=product_ids).values_list("product_id", "template_id")
    )
    templates = list(
        FreightTemplate.objects.filter(Q(pk__in=own.values()) | Q(is_default=True)).prefetch_related("zones")
    )
    default_id = next((template.pk for template in templates if template.is_default), None)
    template_ids = {product_id: own.get(product_id, default_id) for product_id in product_ids}
    used = set(template_ids.values())
    return (
        tuple(_freight(template) for template in templates if template.pk in used),
        {product_id: _ref(pk) for product_id, pk in template_ids.items() if pk is not None},
    )


def _ref(template_id: int) -> str:
    return f"freight:{template_id}"


def _freight(template: FreightTemplate) -> Freight:
    rows = list(template.zones.all())
    return Freight(
        ref=_ref(template.pk),
        label=template.name,
        charged_by=ChargedBy(template.charged_by),
        zones=tuple(_zone(row) for row in rows if row.regions),
        default=next((_zone(row) for row in rows if not row.regions), None),
    )


def _zone(row: FreightZone) -> Zone:
    return Zone(
        regions=frozenset(row.regions),
        first_units=row.first_units,
        first_fee_fen=row.first_fee_fen,
        next_units=row.next_units,
        next_fee_fen=row.next_fee_fen,
    )
