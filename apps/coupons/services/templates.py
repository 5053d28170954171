"""Templates from a program (demo shop, imports, tests) and their three statuses. Operators use the admin."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from mall.errors import Invalid, Kind, NotFound, ShopError


class NotPublishable(ShopError):
    """A template goes live from a draft or after a stop, and only if its offer makes sense."""

    code = "template_not_publishable"
    message = "该模板不能上线"
    kind = Kind.CONFLICT


@transaction.atomic
def create(
    *,
    name: str,
    kind: str,
    product_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
    level_ids: Collection[int] = (),
    live: bool = True,
    **figures: Any,
) -> Template:
    """Set up a template and return it, live unless told otherwise.

    The scope follows from the ids given (of one sort; none means all goods). ``figures`` are the columns that
    the kind uses, and the template's validity, quota and ways of issue, as in the model.
    """
    template = Template.objects.create(
        name=name, kind=kind, scope=_scope_of(product_ids, category_ids, brand_ids), **figures
    )
    template.products.set(product_ids)
    template.categories.set(category_ids)
    template.brands.set(brand_ids)
    template.levels.set(level_ids)
    if live:
        publish(template_id=template.pk)
        template.refresh_from_db(fields=["status"])
    return template


def publish(*, template_id: int) -> None:
    """Let coupons of this template be given out. Publishing a live one changes nothing. Raises NotFound."""
    if not Template.objects.filter(pk=template_id).update(status=TemplateStatus.LIVE):
        raise NotFound


def stop(*, template_id: int) -> None:
    """Give out no more; coupons that members hold stay good. Raises NotPublishable for a draft."""
    stopped = Template.objects.filter(
        pk=template_id, status__in=[TemplateStatus.LIVE, TemplateStatus.STOPPED]
    ).update(status=TemplateStatus.STOPPED)
    if not stopped:
        raise NotPublishable("草稿尚未上线，无需停发")


def _scope_of(
    product_ids: Collection[int], category_ids: Collection[int], brand_ids: Collection[int]
) -> Template.Scope:
    named = [
        (product_ids, Template.Scope.PRODUCTS),
        (category_ids, Template.Scope.CATEGORIES),
        (brand_ids, Template.Scope.BRANDS),
    ]
    scopes = [scope for ids, scope in named if ids]
    if len(scopes) > 1:
        raise Invalid("商品、类目和品牌只能选择一种适用范围")
    return scopes[0] if scopes else Template.Scope.ALL
