"""Freight templates as pricing sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from apps.base import versions
from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from mall.pricing.basket import ChargedBy, Freight, FreightInvalid, Zone

# So many products' own templates are kept in a process.
MOST_KEPT: Final = 10_000


class _Templates(NamedTuple):
    """All templates as pricing takes them, by id, None for one without zones; and which is the default."""

    freights: Mapping[int, Freight | None]
    default: int | None


def freights_for(product_ids: Iterable[int]) -> tuple[tuple[Freight, ...], dict[int, str]]:
    """Return the templates that these products need, and for each product the ref of its template.

    A product without a template of its own uses the default one; where there is no default it is not in the
    second answer and cannot be sent. Templates are kept, and which products have their own; where these are too many
    to keep, one statement asks for those named. Raises FreightInvalid for a template without zones.
    """
    products = sorted(set(product_ids))
    own = _OWN.value()
    if own is None:
        own = dict(
            ProductFreight.objects.filter(product_id__in=products).values_list("product_id", "template_id")
        )
    kept = _TEMPLATES.value()
    chosen = {product: own.get(product, kept.default) for product in products}
    needed = sorted({key for key in chosen.values() if key is not None})
    freights = tuple(kept.freights.get(key) or _read(key) for key in needed)
    return freights, {product: _ref(key) for product, key in chosen.items() if key is not None}


def _load() -> _Templates:
    freights: dict[int, Freight | None] = {}
    default = None
    for template in FreightTemplate.objects.prefetch_related("zones").order_by("id"):
        default = template.pk if template.is_default else default
        try:
            freights[template.pk] = as_freight(template, template.zones.all())
        except FreightInvalid:
            freights[template.pk] = None
    return _Templates(freights, default)


def _load_own() -> Mapping[int, int] | None:
    """Which products have a template of their own, None where these are more than a process should keep."""
    found = dict(ProductFreight.objects.order_by().values_list("product_id", "template_id")[: MOST_KEPT + 1])
    return found if len(found) <= MOST_KEPT else None


def _read(template_id: int) -> Freight:
    """A template that is not kept, because it makes no tariff or is newer than what is. Raises FreightInvalid."""
    template = FreightTemplate.objects.prefetch_related("zones").get(pk=template_id)
    return as_freight(template, template.zones.all())


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


_TEMPLATES: Final = versions.Kept("freight", load=_load)
_OWN: Final = versions.Kept("product_freight", load=_load_own)
