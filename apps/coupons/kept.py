"""Templates as each process keeps them: what a coupon of each is worth, compiled once and again when one changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from apps.base import versions
from apps.coupons import terms
from apps.coupons.models import Template
from mall.errors import ShopError
from mall.pricing import refs
from mall.pricing.offers import AnyCoupon, one_of

log = structlog.get_logger(__name__)


class Worth(NamedTuple):
    """What a template's coupons are worth, as an offer without a coupon's own ref and end; None for none."""

    template_id: int
    channel: str
    offer: AnyCoupon | None


def worths() -> Mapping[int, Worth]:
    """What the coupons of each template are worth, by the template's id."""
    return _WORTHS.value()


def offer_of(
    worth: Worth, *, public_id: UUID | str, valid_until: str, own_off_fen: int | None = None
) -> AnyCoupon | None:
    """One coupon as an offer, with its own sum where it has one; ``valid_until`` is as offers have it.

    None where its template makes none (its last product was deleted, say).
    """
    if worth.offer is None:
        log.warning("coupon_unusable", template_id=worth.template_id)
        return None
    made = one_of(worth.offer, ref=refs.coupon_text(public_id), valid_until=valid_until)
    return made if own_off_fen is None else replace(made, off_fen=own_off_fen)


def _load() -> Mapping[int, Worth]:
    return {
        row.pk: Worth(row.pk, row.channel, _offer(row))
        for row in _with_scope_ids(Template.objects.order_by("id"))
    }


def _offer(row: Any) -> AnyCoupon | None:
    try:
        return terms.offer(
            terms.Terms(
                ref="coupon",
                label=row.name,
                product_ids=row.product_ids,
                sku_ids=row.sku_ids,
                category_ids=row.category_ids,
                brand_ids=row.brand_ids,
                **terms.figures_of(row),
            )
        )
    except ShopError:
        return None


def _with_scope_ids(templates: QuerySet[Template]) -> QuerySet[Any]:
    """The templates with the ids that they name, in the same statement."""
    return templates.annotate(
        product_ids=_ids(Template.products.through, "product_id"),
        sku_ids=_ids(Template.skus.through, "sku_id"),
        category_ids=_ids(Template.categories.through, "category_id"),
        brand_ids=_ids(Template.brands.through, "brand_id"),
    )


def _ids(through: Any, column: str) -> ArraySubquery:
    return ArraySubquery(through.objects.filter(template_id=OuterRef("pk")).order_by(column).values(column))


_WORTHS: Final = versions.Kept("coupon_templates", load=_load)
