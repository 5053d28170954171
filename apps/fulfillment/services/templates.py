"""Freight templates: there is always a default, and every region that a tariff names is one that addresses have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from apps.fulfillment import freight
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from mall import regions
from mall.errors import Invalid, Kind, ShopError


class DefaultNeeded(ShopError):
    """Without a default template goods that have none of their own could not be sent."""

    code = "default_template_needed"
    message = "默认运费模板不能删除或取消，请先将另一个模板设为默认"
    kind = Kind.CONFLICT


class ZonesInvalid(Invalid):
    """Two tariffs for all other regions: which one would count?"""

    code = "freight_zones_invalid"
    message = "「其余地区」只能有一行"


def save(*, template: FreightTemplate, zones: Sequence[FreightZone] | None = None) -> FreightTemplate:
    """Save a new or changed template, all or nothing; ``zones`` replaces its tariffs unless None.

    The first template is the default; a template that becomes the default takes over from the one before.
    Regions of the zones may be typed as operators do: they are kept by their canonical names. Raises
    RegionUnknown, FreightInvalid for tariffs that cannot be charged by, and DefaultNeeded where the default would
    stop being it. What ``selectors.weightless(template_ids=…)`` says of it is worth telling whoever saved it.
    """
    with transaction.atomic():
        default = (
            FreightTemplate.objects.select_for_update()
            .filter(is_default=True)
            .exclude(pk=template.pk)
            .first()
        )
        if default is None:
            was_default = FreightTemplate.objects.filter(pk=template.pk, is_default=True).exists()
            if was_default and not template.is_default:
                raise DefaultNeeded
            template.is_default = True
        elif template.is_default:
            FreightTemplate.objects.filter(pk=default.pk).update(is_default=False)
        template.save()
        if zones is not None:
            _replace_zones(template, zones)
    return template


def check_default(*, template: FreightTemplate, wanted: bool) -> None:
    """Refuse that the default stops being it by itself; another takes over. Raises DefaultNeeded."""
    if template.is_default and not wanted:
        raise DefaultNeeded


def check_zones(zones: Sequence[FreightZone], *, template: FreightTemplate | None = None) -> None:
    """Hold the tariffs of a template together: one can be charged by them. Raises ZonesInvalid, FreightInvalid.

    Without a template it is one that is not there yet.
    """
    if sum(not zone.regions for zone in zones) > 1:
        raise ZonesInvalid
    freight.as_freight(template or FreightTemplate(pk=0, name="x", charged_by="PIECE"), list(zones))


def remove(*, template: FreightTemplate) -> None:
    """Delete a template that no product uses. Raises DefaultNeeded, TemplateUsed."""
    with transaction.atomic():
        row = FreightTemplate.objects.select_for_update().get(pk=template.pk)
        if row.is_default:
            raise DefaultNeeded
        if ProductFreight.objects.filter(template=row).exists():
            raise TemplateUsed
        row.delete()


class TemplateUsed(ShopError):
    """Products use the template: which other one would they have?"""

    code = "template_used"
    message = "仍有商品使用此运费模板，请先为它们选择其他模板"
    kind = Kind.CONFLICT


def weight_warnings(*, template_ids: Iterable[int] = (), product_ids: Iterable[int] = ()) -> list[str]:
    """What to tell an operator who saved such a template or product: SKUs without a weight pay the first fee only."""
    rows: list[dict[str, Any]] = parcel_facts.weightless(template_ids=template_ids, product_ids=product_ids)
    if not rows:
        return []
    shown = "、".join(f"{row['title']}（{row['code']}）" for row in rows[:5])
    more = f"等 {len(rows)} 个规格" if len(rows) > 5 else ""
    return [f"{shown}{more}的重量为 0 克，按重量计费时无论买多少都只收首费，请填写重量。"]


def _replace_zones(template: FreightTemplate, zones: Iterable[FreightZone]) -> None:
    kept = []
    for zone in zones:
        zone.regions = regions.read("\n".join(zone.regions))
        zone.pk = None
        zone.template = template
        kept.append(zone)
    check_zones(kept, template=template)
    template.zones.all().delete()
    FreightZone.objects.bulk_create(kept)
