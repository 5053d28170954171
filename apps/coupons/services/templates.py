"""Templates from a program (demo shop, imports, tests) and their three statuses. Operators use the admin."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import transaction

from apps.base import transactions
from apps.coupons import terms
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.coupons.terms import Terms
from mall.errors import Invalid, NotFound, ShopError

# What the table refuses, in words; the form says the same beside the field.
_BROKEN: Final = {
    "coupon_template_figures_fit_kind": Invalid("券面金额、折扣或门槛与类型不符"),
    "coupon_template_cap_of_percent": Invalid("只有折扣券可以设置最高优惠金额"),
    "coupon_template_valid_one_way": Invalid("有效期请填写起止时间或领取后天数，只能选一种"),
    "coupon_template_claim_forward": Invalid("领取结束时间必须晚于领取开始时间"),
    "coupon_template_limit_positive": Invalid("每人限领至少 1 张"),
    "coupon_template_gift_threshold": Invalid("订单满额赠送须填写满额，其他发放方式不填"),
    "coupon_template_freight_online": Invalid("运费券只能线上使用"),
}


class NotLive(ShopError):
    """A draft was never given out, so there is nothing to stop."""

    code = "template_not_live"
    message = "草稿尚未上线，无需停发"


@transaction.atomic
def create(
    *,
    name: str,
    kind: str,
    product_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
    level_ids: Collection[int] = (),
    group_ids: Collection[int] = (),
    live: bool = True,
    **figures: Any,
) -> Template:
    """Set up a template and return it, live unless told otherwise.

    The scope follows from the ids given (of one sort; none means all goods). ``figures`` are the columns that
    the kind uses, and the template's validity, quota and ways of issue, as in the model. Raises OfferInvalid,
    ScopeInvalid and Invalid for what nobody could explain to a buyer.
    """
    scope = _scope_of(product_ids, category_ids, brand_ids)
    if kind == Template.Kind.FREIGHT:
        figures.setdefault("channel", Template.Channel.ONLINE)
    template = Template(name=name, kind=kind, scope=scope, **figures)
    terms.offer(
        Terms(
            ref="new",
            label=name,
            product_ids=product_ids,
            category_ids=category_ids,
            brand_ids=brand_ids,
            **terms.figures_of(template),
        )
    )
    with transactions.refine(_BROKEN):
        template.save(force_insert=True)
    template.products.set(product_ids)
    template.categories.set(category_ids)
    template.brands.set(brand_ids)
    template.levels.set(level_ids)
    template.groups.set(group_ids)
    if live:
        publish(template_id=template.pk)
        template.refresh_from_db(fields=["status"])
    return template


def publish(*, template_id: int) -> None:
    """Let coupons of this template be given out. Publishing a live one changes nothing.

    Raises NotFound, and OfferInvalid or ScopeInvalid where its coupons would make no sense.
    """
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    terms.offer(
        Terms(
            ref="new",
            label=template.name,
            product_ids=template.products.values_list("pk", flat=True),
            category_ids=template.categories.values_list("pk", flat=True),
            brand_ids=template.brands.values_list("pk", flat=True),
            **terms.figures_of(template),
        )
    )
    Template.objects.filter(pk=template_id).update(status=TemplateStatus.LIVE)


def stop(*, template_id: int) -> None:
    """Give out no more; coupons that members hold stay good. Raises NotLive for a draft."""
    stopped = Template.objects.filter(
        pk=template_id, status__in=[TemplateStatus.LIVE, TemplateStatus.STOPPED]
    ).update(status=TemplateStatus.STOPPED)
    if not stopped:
        raise NotLive


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
