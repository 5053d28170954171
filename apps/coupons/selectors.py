"""What can be read about coupons: the coupon centre, a member's wallet, and what it offers to a basket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.base import sheets
from apps.base.planned import Planned
from apps.coupons import kept
from apps.coupons.models import Coupon, CouponMove, PromoCode, StoreUse, Tally, Template
from apps.coupons.states import CouponStatus, TemplateStatus
from apps.members.models import Member, Membership
from apps.orders.models import Order
from mall.errors import Invalid, NotFound
from mall.money import yuan
from mall.pricing.offers import AnyCoupon

log = structlog.get_logger(__name__)

# A basket is tried with so many coupons, those that end first; nobody keeps more that are good.
MOST_OFFERED: Final = 100
# A coupon that ends so soon is worth reminding of.
SOON: Final = timedelta(days=3)
_CHANNELS: Final = {
    Template.Channel.ONLINE: (Template.Channel.ONLINE, Template.Channel.BOTH),
    Template.Channel.STORE: (Template.Channel.STORE, Template.Channel.BOTH),
}


# How a wallet can be sorted: name in the API → columns.
ORDERINGS: Final = {"latest": ["-id"], "ending": ["valid_until", "id"]}


class Held(NamedTuple):
    """An unused coupon of a member; ``waits_until`` is when it begins, where no online order of this moment may use it."""

    public_id: str
    template_id: int
    valid_until: str
    own_off_fen: int | None
    waits_until: str | None


# Times as JSON has them, in UTC and without saying so.
_WALLET: Final = """
    SELECT json_agg(json_build_array(
               public_id, template_id, valid_until AT TIME ZONE 'UTC', own_off_fen,
               CASE WHEN NOT now THEN valid_from AT TIME ZONE 'UTC' END))::text
      FROM (SELECT coupon.public_id, coupon.template_id, coupon.valid_from, coupon.valid_until, coupon.own_off_fen,
                   coupon.valid_from <= {at} AND template.channel <> 'STORE' AS now
              FROM coupons_coupon AS coupon JOIN coupons_template AS template ON template.id = coupon.template_id
             WHERE coupon.member_id = {member_id} AND coupon.status = 'AVAILABLE' AND coupon.recalled_at IS NULL
               AND coupon.valid_until > {at}
             ORDER BY now DESC, coupon.valid_until, coupon.id
             LIMIT {most}) AS held
"""


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


class OrderingUnknown(Invalid):
    """Not one of the ways in which a wallet can be sorted."""

    code = "ordering_unknown"
    message = "排序方式无效"


def ordering_of(name: str | None) -> list[str]:
    """The columns by which a wallet is sorted; the latest first unless named. Raises OrderingUnknown."""
    if name is not None and name not in ORDERINGS:
        raise OrderingUnknown(details={"ordering": list(ORDERINGS)})
    return ORDERINGS[name or "latest"]


def gifts_lost(*, order_no: str, kept_fen: int | None = None) -> QuerySet[Coupon]:
    """The coupons that came with an order and that its refund costs: all, or those that want more than is kept.

    ``kept_fen`` is what is still paid for the order's goods; what the first order brought stays then.
    """
    if not order_no:
        raise ValueError("an order has a number")
    gifts = Coupon.objects.filter(gift_of=order_no)
    if kept_fen is None:
        return gifts
    return gifts.filter(way=Coupon.Way.ORDER_GIFT, template__gift_from_fen__gt=kept_fen)


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
    return _made(usable.select_related(None)[:MOST_OFFERED])


def wallet_offers(*, member: Member, at: datetime) -> list[AnyCoupon]:
    """All unused coupons of the member as offers to an online order: one statement.

    Those of ``offers_for``, and behind them those that wait for a shop or for their first day, ``refused`` with
    the reason, so that a quote can say why they are of no use here. At most ``MOST_OFFERED``.
    """
    (told,) = _OFFERED.rows(member.pk, at)[0]
    return wallet_told(told, at=at)


def wallet_column(*, member_id: str, at: str) -> str:
    """The text of a column of a statement made elsewhere: a member's wallet at a moment, to be read by ``wallet_told``.

    ``member_id`` and ``at`` are the places of a bigint and a timestamptz in that statement.
    """
    return f"({_WALLET.format(member_id=member_id, at=at, most=MOST_OFFERED)})"


def wallet_told(column: str | None, *, at: datetime) -> list[AnyCoupon]:
    """What ``wallet_column`` said of this moment, as ``wallet_offers`` answers it."""
    worths, found = kept.worths(), []
    for each in orjson.loads(column) if column else ():
        row = Held(*each)
        worth = worths[row.template_id]
        offer = kept.offer_of(
            worth,
            public_id=row.public_id,
            valid_until=f"{row.valid_until}+00:00",
            own_off_fen=row.own_off_fen,
        )
        if offer is not None:
            waits = row.waits_until
            found.append(
                offer if waits is None else replace(offer, refused=_why_not_now(worth, waits, at=at))
            )
    return found


def _why_not_now(worth: kept.Worth, waits_until: str, *, at: datetime) -> str:
    """Why a coupon is of no use to an online order of this moment, for its owner."""
    if worth.channel == Template.Channel.STORE:
        return "仅限到店使用"
    begins = timezone.localtime(datetime.fromisoformat(f"{waits_until}+00:00"))
    year = "" if begins.year == timezone.localtime(at).year else f"{begins.year}年"
    return f"{year}{begins.month}月{begins.day}日 {begins:%H:%M} 起可用"


_OFFERED: Final = Planned(f"SELECT {wallet_column(member_id='$1', at='$2')}", "bigint", "timestamptz")


def offers_again(public_ids: Collection[UUID]) -> dict[str, AnyCoupon]:
    """The coupons that past orders used, as offers by ref, whatever became of them.

    Coupons that make no offer any more are not in the answer. One statement.
    """
    return {
        offer.ref: offer for offer in _made(Coupon.objects.filter(public_id__in=public_ids).order_by("id"))
    }


def list_of_member(*, member: Member, status: str | None, at: datetime) -> QuerySet[Coupon]:
    """A member's coupons with template and promo code, as they are at this moment: in one status or in any.

    A coupon past its end counts as EXPIRED, whether or not the sweep has come by. Raises StatusUnknown.
    """
    mine = (
        Coupon.objects.filter(member=member)
        .select_related("template", "promo")
        .prefetch_related("store_uses__place")
    )
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


def ends_soon(coupon: Coupon, *, at: datetime) -> bool:
    """Whether a coupon that can be used at this moment ends within ``SOON``."""
    usable = coupon.status == CouponStatus.AVAILABLE and coupon.valid_from <= at < coupon.valid_until
    return usable and coupon.valid_until <= at + SOON


def store_use_of(coupon: Coupon) -> StoreUse | None:
    """How the coupon was used in a shop, None where it was not, or was used in an order."""
    if coupon.status != CouponStatus.USED:
        return None
    return next((use for use in coupon.store_uses.all() if use.undone_at is None), None)


def of_member(*, member: Member, coupon_id: str) -> Coupon:
    """One coupon of this member by its public id. Raises NotFound for anyone else's, and for no id at all."""
    try:
        public_id = UUID(coupon_id)
    except ValueError:
        raise NotFound from None
    found = (
        Coupon.objects.select_related("template", "promo")
        .prefetch_related("store_uses__place")
        .filter(member=member, public_id=public_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def order_that_holds(*, member: Member, coupon_id: str) -> str | None:
    """The number of the member's unpaid order that has this coupon of theirs; None where none has."""
    try:
        public_id = UUID(coupon_id)
    except ValueError:
        return None
    mine = Coupon.objects.filter(member=member, public_id=public_id, status=CouponStatus.HELD)
    return mine.values_list("order_no", flat=True).first()


def meant_for(member: Member | None) -> Q:
    """Templates for everybody, and those for a group that the member is in."""
    everybody = ~Exists(Template.groups.through.objects.filter(template_id=OuterRef("pk")))
    if member is None:
        return Q(everybody)
    groups = Membership.objects.filter(member=member).values("group_id")
    mine = Template.groups.through.objects.filter(template_id=OuterRef("pk"), group_id__in=groups)
    return Q(everybody) | Q(Exists(mine))


def to_be_had(*, at: datetime) -> QuerySet[Template]:
    """Templates of which a coupon can be given now: live, with some left, and not over."""
    left = Q(quota=None) | Q(quota__gt=F("issued"))
    return Template.objects.filter(left, status=TemplateStatus.LIVE).exclude(valid_until__lte=at)


def centre(*, member: Member | None, at: datetime) -> QuerySet[Template]:
    """The templates that the coupon centre shows to this member, or to nobody, with their levels.

    They are live, meant to be seen, not over; one for a group is shown to those who are in it.
    """
    return Template.objects.filter(
        meant_for(member),
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


def with_results(codes: QuerySet[PromoCode]) -> QuerySet[PromoCode]:
    """Promoters' words with what they brought in: ``used_count`` coupons used, ``brought_in_fen`` paid with them.

    That is the price of the orders that used them, postage included, and what tills took for the goods; what
    went back with its coupon does not count. One statement.
    """
    mine = Coupon.objects.filter(promo=OuterRef("pk"), status=CouponStatus.USED).order_by()
    number = mine.values("promo").annotate(number=Count("pk")).values("number")
    of_orders = Coupon.objects.filter(promo=OuterRef(OuterRef("pk")), status=CouponStatus.USED)
    orders = Order.objects.filter(order_no__in=of_orders.values("order_no")).order_by()
    uses = StoreUse.objects.filter(coupon__promo=OuterRef("pk"), undone_at__isnull=True).order_by()
    return codes.annotate(
        used_count=Coalesce(Subquery(number), 0),
        brought_in_fen=Coalesce(_sum(orders, F("payable_fen")), 0)
        + Coalesce(_sum(uses, F("goods_fen") - F("off_fen")), 0),
    )


def codes_of_promoter(*, member: Member) -> QuerySet[PromoCode]:
    """The words that this member tells around, with template and results."""
    return with_results(PromoCode.objects.filter(promoter=member).select_related("template"))


def store_uses_as_csv(uses: QuerySet[StoreUse], *, chunk: int = 2_000) -> sheets.Sheet:
    """Uses in shops as a sheet, the latest first, streamed; yuan, and Shanghai's time."""
    head = ["核销单号", "核销时间", "门店", "优惠券", "会员编号", "会员昵称", "商品金额", "优惠", "实收"]
    return sheets.sheet([*head, "小票号", "核销人", "撤销时间", "撤销原因"], _uses(uses, chunk), chunk=chunk)


def _uses(uses: QuerySet[StoreUse], chunk: int) -> Iterator[list[str]]:
    rows = uses.select_related("place", "coupon__template", "coupon__member", "operator").order_by("-pk")
    last: int | None = None
    while found := list(rows.filter(pk__lt=last)[:chunk] if last is not None else rows[:chunk]):
        last = found[-1].pk
        yield from (_as_line(use) for use in found)


def _as_line(use: StoreUse) -> list[str]:
    member = use.coupon.member
    return [
        use.use_no,
        f"{timezone.localtime(use.at):%Y-%m-%d %H:%M:%S}",
        use.place.name,
        use.coupon.template.name,
        member.public_id,
        member.nickname,
        yuan(use.goods_fen),
        yuan(use.off_fen),
        yuan(use.due_fen),
        use.receipt_no,
        use.operator.get_username(),
        f"{timezone.localtime(use.undone_at):%Y-%m-%d %H:%M:%S}" if use.undone_at else "",
        use.undone_why,
    ]


def _sum(rows: QuerySet[Any], amount: Any) -> Subquery:
    """Σ of an amount over rows that name an OuterRef."""
    nobody = rows.annotate(nothing=Value(1)).values("nothing")
    return Subquery(nobody.annotate(total=Sum(amount)).values("total"))


def unbalanced() -> QuerySet[Coupon]:
    """Coupons whose status is not where the last row of their ledger left them: none, if all is well."""
    last = CouponMove.objects.filter(coupon=OuterRef("pk")).order_by("-id").values("to_status")[:1]
    return Coupon.objects.annotate(
        booked=Coalesce(Subquery(last), Value(CouponStatus.AVAILABLE.value))
    ).exclude(status=F("booked"))


def _made(coupons: Iterable[Coupon]) -> list[AnyCoupon]:
    """The coupons as offers; those of a template that makes none are left out and logged."""
    worths = kept.worths()
    offers = (
        kept.offer_of(
            worths[coupon.template_id],
            public_id=coupon.public_id,
            # Pricing compares texts: all in UTC, so that they compare as moments do.
            valid_until=coupon.valid_until.astimezone(UTC).isoformat(),
            own_off_fen=coupon.own_off_fen,
        )
        for coupon in coupons
    )
    return [offer for offer in offers if offer is not None]


def most_to_compensate(*, operator: Any) -> int | None:
    """Return the most that a coupon may be worth which this operator gives as compensation; None for any."""
    most: int = settings.COMPENSATION_LIMIT_FEN
    return None if operator.has_perm("coupons.compensate_any_coupon") else most


class Percent(NamedTuple):
    """What a coupon takes off that takes a percentage, and the most that it takes; None without an end."""

    off_bp: int
    cap_fen: int | None


def percents(public_ids: Collection[UUID]) -> dict[UUID, Percent]:
    """Those of these coupons that take a percentage off: a lower price lowers what they take. No statement for none."""
    if not public_ids:
        return {}
    found = Coupon.objects.filter(public_id__in=public_ids, template__kind=Template.Kind.PERCENT).order_by()
    rows = found.values_list("public_id", "template__off_bp", "template__cap_fen")
    return {public_id: Percent(off_bp or 0, cap_fen) for public_id, off_bp, cap_fen in rows}
