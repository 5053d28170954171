"""What can be read about coupons: the coupon centre, a member's wallet, and what it offers to a basket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.coupons import terms
from apps.coupons.models import Coupon, CouponMove, Tally, Template
from apps.coupons.states import CouponStatus, TemplateStatus
from apps.coupons.terms import Terms
from apps.members.models import Member
from mall.errors import Invalid, NotFound, ShopError
from mall.pricing.offers import AnyCoupon

log = structlog.get_logger(__name__)

# A basket is tried with so many coupons, those that end first; nobody keeps more that are good.
MOST_OFFERED: Final = 100
_CHANNELS: Final = {
    Template.Channel.ONLINE: (Template.Channel.ONLINE, Template.Channel.BOTH),
    Template.Channel.STORE: (Template.Channel.STORE, Template.Channel.BOTH),
}


class ClaimState(models.TextChoices):
    """How a template of the coupon centre stands for whoever looks at it."""

    CLAIMABLE = "CLAIMABLE", "可领取"
    CLAIMED = "CLAIMED", "已领取"
    SOLD_OUT = "SOLD_OUT", "已领完"
    NOT_STARTED = "NOT_STARTED", "未开始"
    LEVEL_REQUIRED = "LEVEL_REQUIRED", "等级不符"


class StatusUnknown(Invalid):
    """Not one of the statuses of a coupon."""

    code = "status_unknown"
    message = "优惠券状态无效"


def wallet_of(*, member: Member, at: datetime, channel: str = Template.Channel.ONLINE) -> QuerySet[Coupon]:
    """The member's unused coupons that have not ended, with their templates, the first to end first.

    Those that begin later are among them: the wallet shows them, ``offers_for`` does not offer them.
    """
    return (
        Coupon.objects.filter(
            member=member,
            status=CouponStatus.AVAILABLE,
            valid_until__gt=at,
            template__channel__in=_CHANNELS[Template.Channel(channel)],
        )
        .select_related("template")
        .order_by("valid_until", "id")
    )


def offers_for(
    *, member: Member | None, at: datetime, channel: str = Template.Channel.ONLINE
) -> list[AnyCoupon]:
    """The member's coupons that may be used at this moment, as offers ``coupon:<public id>``: one statement.

    At most ``MOST_OFFERED``, those that end first. Whether one applies to a basket, what is missing and which
    is best is for pricing to say. A template that makes no offer (its last product was deleted, say) is left
    out and logged: it must not keep the shop from selling.
    """
    if member is None:
        return []
    usable = wallet_of(member=member, at=at, channel=channel).filter(
        valid_from__lte=at, recalled_at__isnull=True
    )
    return _made(_with_scope_ids(usable)[:MOST_OFFERED])


def offers_again(refs: Collection[str]) -> dict[str, AnyCoupon]:
    """The coupons that these refs of past quotes name, as offers by ref, whatever became of them.

    Refs of other offers, and coupons that make no offer any more, are not in the answer. One statement.
    """
    named = {public_id for ref in refs if (public_id := _readable_id(ref)) is not None}
    rows = Coupon.objects.filter(public_id__in=named).select_related("template").order_by("id")
    return {offer.ref: offer for offer in _made(_with_scope_ids(rows))}


def public_id_of(ref: str) -> UUID | None:
    """The public id in an offer's ref, None for the ref of another sort of offer."""
    sort, _, public_id = ref.partition(":")
    return UUID(public_id) if sort == "coupon" else None


def list_of_member(*, member: Member, status: str | None, at: datetime) -> QuerySet[Coupon]:
    """A member's coupons with template and promo code, as they are at this moment: in one status or in any.

    A coupon past its end counts as EXPIRED, whether or not the sweep has come by. Raises StatusUnknown.
    """
    mine = Coupon.objects.filter(member=member).select_related("template", "promo")
    if status is None:
        return mine
    if status not in CouponStatus.values:
        raise StatusUnknown(details={"status": list(CouponStatus.values)})
    over = Q(status=CouponStatus.AVAILABLE, valid_until__lte=at)
    if status == CouponStatus.EXPIRED:
        return mine.filter(Q(status=CouponStatus.EXPIRED) | over)
    return mine.filter(status=status).exclude(over)


def status_at(coupon: Coupon, *, at: datetime) -> str:
    """The status as the member sees it: past its end an unused coupon is EXPIRED."""
    if coupon.status == CouponStatus.AVAILABLE and coupon.valid_until <= at:
        return CouponStatus.EXPIRED
    return coupon.status


def of_member(*, member: Member, coupon_id: str) -> Coupon:
    """One coupon of this member by its public id. Raises NotFound for anyone else's, and for no id at all."""
    try:
        public_id = UUID(coupon_id)
    except ValueError:
        raise NotFound from None
    found = Coupon.objects.select_related("template").filter(member=member, public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def centre(*, at: datetime) -> QuerySet[Template]:
    """The templates that the coupon centre shows, with their levels: live, meant to be seen, not over."""
    return Template.objects.filter(
        Q(claim_until__isnull=True) | Q(claim_until__gt=at),
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        status=TemplateStatus.LIVE,
        visible=True,
    ).prefetch_related("levels")


def claim_state(template: Template, *, member: Member | None, taken: int, at: datetime) -> ClaimState:
    """How a template of ``centre`` stands for this member, or for nobody: no statement.

    What the member has comes first, then whether there is anything left, when, and for whom.
    """
    if taken >= template.per_member:
        return ClaimState.CLAIMED
    if template.quota is not None and template.issued >= template.quota:
        return ClaimState.SOLD_OUT
    if template.claim_from is not None and at < template.claim_from:
        return ClaimState.NOT_STARTED
    levels = [level.pk for level in template.levels.all()]
    if levels and member is not None and member.level_id not in levels:
        return ClaimState.LEVEL_REQUIRED
    return ClaimState.CLAIMABLE


def taken_by(*, member: Member | None, template_ids: list[int]) -> Mapping[int, int]:
    """How many of each template the member has taken: one statement; nothing for nobody."""
    if member is None or not template_ids:
        return {}
    tallies = Tally.objects.filter(member=member, template_id__in=template_ids)
    return dict(tallies.values_list("template_id", "taken"))


def unbalanced() -> QuerySet[Coupon]:
    """Coupons whose status is not where the last row of their ledger left them: none, if all is well."""
    last = CouponMove.objects.filter(coupon=OuterRef("pk")).order_by("-id").values("to_status")[:1]
    return Coupon.objects.annotate(
        booked=Coalesce(Subquery(last), Value(CouponStatus.AVAILABLE.value))
    ).exclude(status=F("booked"))


def _with_scope_ids(coupons: QuerySet[Coupon]) -> QuerySet[Any]:
    """The coupons with the ids that their templates name, in the same statement."""
    return coupons.annotate(
        product_ids=_ids(Template.products.through, "product_id"),
        category_ids=_ids(Template.categories.through, "category_id"),
        brand_ids=_ids(Template.brands.through, "brand_id"),
    )


def _made(rows: Iterable[Any]) -> list[AnyCoupon]:
    """The coupons as offers; those of a template that makes none are left out and logged."""
    found: list[AnyCoupon] = []
    for row in rows:
        try:
            found.append(terms.offer(_terms_of(row)))
        except ShopError as refusal:
            log.warning("coupon_unusable", template_id=row.template_id, reason=refusal.text)
    return found


def _readable_id(ref: str) -> UUID | None:
    """The public id in a ref that may be of any age; None for what is none."""
    try:
        return public_id_of(ref)
    except ValueError:
        return None


def _terms_of(row: Any) -> Terms:
    return Terms(
        ref=f"coupon:{row.public_id}",
        label=row.template.name,
        valid_until=row.valid_until,
        product_ids=row.product_ids,
        category_ids=row.category_ids,
        brand_ids=row.brand_ids,
        **terms.figures_of(row.template),
    )


def _ids(through: Any, column: str) -> ArraySubquery:
    """The ids that a many-to-many of a coupon's template names, as an array in the coupon's own row."""
    named = through.objects.filter(template_id=OuterRef("template_id")).order_by(column)
    return ArraySubquery(named.values(column))
