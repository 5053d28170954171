"""Giving coupons out, one at a time: claims, and whatever has a reason of its own; and taking one away."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NoReturn
from uuid import uuid4

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import OuterRef

from apps.base import planned, statements
from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon, PromoCode, Template
from apps.coupons.services import moving
from apps.coupons.states import REGISTERED, WELCOME_PACK, CouponStatus, TemplateStatus
from apps.members.models import Member
from apps.risk import selectors as risk_facts
from apps.risk.states import Verdict
from mall.errors import Kind, NotFound, ShopError

# The member's own row: nobody else waits for it.
_COUNT_TAKEN: Final = """
        INSERT INTO coupons_tally (template_id, member_id, taken) VALUES (%(template_id)s, %(member_id)s, 1)
            ON CONFLICT (member_id, template_id)
            DO UPDATE SET taken = coupons_tally.taken + 1 WHERE coupons_tally.taken < %(per_member)s
        RETURNING taken
"""
_IN_QUOTA: Final = f"""
        UPDATE coupons_template SET issued = issued + %(number)s
         WHERE id = %(template_id)s AND status = '{TemplateStatus.LIVE}'
           AND (quota IS NULL OR quota >= issued + %(number)s)
"""  # noqa: S608 -- words of our own
_TAKE_QUOTA: Final = f"{_IN_QUOTA} RETURNING id"
# The member's row and the coupon come before the one that all want.
_CLAIM: Final = f"""
    WITH counted AS ({_COUNT_TAKEN}
    ), given AS (
        INSERT INTO coupons_coupon (public_id, member_id, template_id, status, valid_from, valid_until,
                                    order_no, way, cause, gift_of, issued_at)
        SELECT %(public_id)s::uuid, %(member_id)s, %(template_id)s, '{CouponStatus.AVAILABLE}', %(valid_from)s,
               %(valid_until)s, '', '{Coupon.Way.CLAIM}', coalesce(%(key)s::text, 'claim:' || taken), '', %(issued_at)s
          FROM counted
            ON CONFLICT (member_id, template_id, cause) DO NOTHING
        RETURNING id
    ), in_quota AS ({_IN_QUOTA}
           AND EXISTS (SELECT FROM given)
        RETURNING id
    )
    SELECT (SELECT taken FROM counted), (SELECT id FROM given), EXISTS (SELECT FROM in_quota)
"""  # noqa: S608 -- words of our own
# A template as the coupon centre shows it to a member, with the levels that it is for.
_SHOWN: Final = statements.Select(
    lambda template_id, member_id: (
        Template.objects.filter(
            coupon_facts.meant_for(Member(pk=member_id)),
            pk=template_id,
            status=TemplateStatus.LIVE,
            visible=True,
        )
        .annotate(
            level_ids=ArraySubquery(
                Template.levels.through.objects.filter(template_id=OuterRef("pk")).values("level_id")
            )
        )
        .order_by()
    ),
    template_id=int,
    member_id=int,
)


class NotIssued(ShopError):
    """The template is a draft, was stopped, or its coupons would have ended already."""

    code = "coupon_not_issued"
    message = "该优惠券已停止发放"


class SoldOut(ShopError):
    """All coupons of the template have been given out."""

    code = "coupon_sold_out"
    message = "优惠券已领完"


class ClaimLimitReached(ShopError):
    """The member has taken as many as one may; ``details`` names the limit."""

    code = "coupon_limit_reached"
    message = "您已领取过该优惠券"


class ClaimClosed(ShopError):
    """Claiming has not begun or is over."""

    code = "coupon_claim_closed"
    message = "不在领取时间内"


class UnderReview(ShopError):
    """A newcomers' coupon for somebody whose newcomer pack waits for a look, or was refused."""

    code = "coupon_under_review"
    message = "您的新人权益正在核实，暂不能领取该优惠券"


class IdempotencyKeyReused(ShopError):
    """The member used this Idempotency-Key before, for another coupon."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于领取另一张优惠券"


class _BroughtMeanwhile(Exception):
    """The same request came twice at once, and the other one brought the coupon."""


class LevelTooLow(ShopError):
    """The coupon is for members of other levels."""

    code = "coupon_level_required"
    message = "您的会员等级暂不能领取该优惠券"
    kind = Kind.FORBIDDEN


def claim(*, member: Member, template_id: int, at: datetime, key: str = "") -> Coupon:
    """Give the member one coupon of a template that the coupon centre shows.

    The same ``key`` again returns the coupon that it brought, however the template stands by then. Raises NotFound for a
    template that is not shown to the member, ClaimClosed, LevelTooLow, UnderReview, ClaimLimitReached, SoldOut,
    IdempotencyKeyReused.
    """
    cause = f"claim-key:{blake2b(key.encode(), digest_size=16).hexdigest()}" if key else None
    try:
        with transaction.atomic():
            if cause and (brought := _brought(cause, member_id=member.pk, template_id=template_id)):
                return brought
            return _claim(member, template_id, cause=cause, at=at)
    except (_BroughtMeanwhile, ClaimLimitReached):
        # The same request at the same moment waited for the member's count, and may have met the limit by it.
        if cause and (brought := _brought(cause, member_id=member.pk, template_id=template_id)):
            return brought
        raise


def _brought(cause: str, *, member_id: int, template_id: int) -> Coupon | None:
    """What a key brought the member before. Raises IdempotencyKeyReused where that was another template's coupon."""
    coupon = Coupon.objects.select_related("template").filter(member_id=member_id, cause=cause).first()
    if coupon is not None and coupon.template_id != template_id:
        raise IdempotencyKeyReused
    return coupon


def _claim(member: Member, template_id: int, *, cause: str | None, at: datetime) -> Coupon:
    template: Any = _SHOWN.first(template_id=template_id, member_id=member.pk)
    if template is None:
        raise NotFound
    refuse_closed_claim(template, at=at)
    if template.level_ids and member.level_id not in template.level_ids:
        raise LevelTooLow
    if template.occasion == Template.Occasion.REGISTRATION:
        refuse_suspected(member_id=member.pk)
    return _claimed(template, member_id=member.pk, cause=cause, at=at)


def _claimed(template: Template, *, member_id: int, cause: str | None, at: datetime) -> Coupon:
    """Count, write and take from the quota, in this order: one statement. Raises ClaimLimitReached, SoldOut, NotIssued.

    A ``cause`` that was there already raises _BroughtMeanwhile, with which the count goes back.
    """
    valid_from, valid_until = window(template, at=at)
    coupon = statements.fresh(
        Coupon,
        public_id=uuid4(),
        member_id=member_id,
        template_id=template.pk,
        valid_from=valid_from,
        valid_until=valid_until,
        way=Coupon.Way.CLAIM,
        issued_at=at,
    )
    taken, coupon_id, in_quota = planned.row(
        _CLAIM, {**coupon.__dict__, "per_member": template.per_member, "number": 1, "key": cause}
    )
    if taken is None:
        raise ClaimLimitReached(details={"limit": template.per_member})
    if cause and coupon_id is None:
        raise _BroughtMeanwhile
    coupon.cause = cause or f"claim:{taken}"
    if coupon_id is None:  # somebody has set back what was counted: it was given before
        return Coupon.objects.get(member_id=member_id, template=template, cause=coupon.cause)
    if not in_quota:
        _refuse_unissued(template.pk)
    coupon.pk, coupon.template = coupon_id, template
    coupon._state.adding, coupon._state.db = False, DEFAULT_DB_ALIAS
    return coupon


@transaction.atomic
def issue(
    *,
    template_id: int,
    member_id: int,
    way: str,
    cause: str,
    at: datetime,
    gift_of: str = "",
    promo: PromoCode | None = None,
    from_quota: bool = True,
    own_off_fen: int | None = None,
) -> Coupon:
    """Give the member one coupon and return it; the same ``cause`` (≤ 60 characters) returns the first one.

    For programs that have a reason of their own (compensation, points mall): no claim window, level or limit
    per member is asked for. ``gift_of`` is the order it goes back with. ``from_quota`` is False for codes,
    which took theirs when they were made. ``own_off_fen`` is a sum of its own (a part of a packet), at most the
    template's threshold. Raises NotIssued, SoldOut, NotFound, ValueError for a sum that the template cannot mean.
    """
    return issue_once(
        template_id=template_id,
        member_id=member_id,
        way=way,
        cause=cause,
        at=at,
        gift_of=gift_of,
        promo=promo,
        from_quota=from_quota,
        own_off_fen=own_off_fen,
    )[0]


@transaction.atomic
def issue_once(
    *,
    template_id: int,
    member_id: int,
    way: str,
    cause: str,
    at: datetime,
    gift_of: str = "",
    promo: PromoCode | None = None,
    from_quota: bool = True,
    own_off_fen: int | None = None,
) -> tuple[Coupon, bool]:
    """``issue``, and whether the coupon is a new one."""
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    key = {"member_id": member_id, "template_id": template_id, "cause": cause}
    if existing := Coupon.objects.filter(**key).first():
        return existing, False
    if own_off_fen is not None and not (
        template.kind == Template.Kind.THRESHOLD and 1 <= own_off_fen <= template.threshold_fen
    ):
        raise ValueError(f"a coupon of {template} cannot take off {own_off_fen} fen of its own")
    coupon = Coupon(
        member_id=member_id,
        way=way,
        cause=cause,
        gift_of=gift_of,
        promo=promo,
        own_off_fen=own_off_fen,
        issued_at=at,
    )
    return _give(coupon, template, at=at, from_quota=from_quota)


def _give(
    coupon: Coupon, template: Template, *, at: datetime, from_quota: bool = True
) -> tuple[Coupon, bool]:
    """Write a new coupon of the template, and whether it is one: its cause may have brought it at the same moment."""
    coupon.template = template
    coupon.valid_from, coupon.valid_until = window(template, at=at)
    if not statements.insert_unless_there(coupon):
        known = Coupon.objects.filter(member_id=coupon.member_id, template=template, cause=coupon.cause)
        return known.get(), False
    take_quota(template_id=template.pk, number=1 if from_quota else 0)
    return coupon, True


@transaction.atomic
def revoke(*, coupon_id: int, operator: User | None, note: str, at: datetime) -> None:
    """Take an available coupon away, for a reason; again changes nothing. Raises CouponConflict if it is taken."""
    coupon = Coupon.objects.select_for_update(no_key=True).filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound
    if coupon.status == CouponStatus.REVOKED:
        return
    if coupon.status != CouponStatus.AVAILABLE:
        raise moving.CouponConflict("只有可使用的优惠券才能收回", details={"status": coupon.status})
    moving.move([coupon], move="revoke", at=at, operator=operator, note=note)


@transaction.atomic
def recall(*, coupon_id: int, note: str, at: datetime) -> str:
    """Take a coupon back whose reason is gone, as far as it is there; return its status then. Again changes nothing.

    One that an order holds, or has used, is revoked when that order lets go of it.
    """
    coupon = Coupon.objects.select_for_update(no_key=True).get(pk=coupon_id)
    if coupon.status == CouponStatus.AVAILABLE:
        moving.move([coupon], move="revoke", at=at, note=note)
        return CouponStatus.REVOKED
    if coupon.status in {CouponStatus.HELD, CouponStatus.USED}:
        Coupon.objects.filter(pk=coupon.pk, recalled_at=None).update(recalled_at=at)
    return coupon.status


def window(template: Template, *, at: datetime) -> tuple[datetime, datetime]:
    """The window ``[from, until)`` of a coupon issued now. Raises NotIssued where it would be over already."""
    if template.valid_days is not None:
        return at, at + timedelta(days=template.valid_days)
    if template.valid_from is None or template.valid_until is None or template.valid_until <= at:
        raise NotIssued("该优惠券的有效期已结束")
    return template.valid_from, template.valid_until


def take_quota(*, template_id: int, number: int) -> None:
    """Count ``number`` more as issued: one guarded statement, the row that everybody wants, so call it last.

    Raises SoldOut or NotIssued; what the caller wrote before is the caller's to roll back.
    """
    if not planned.rows(_TAKE_QUOTA, {"number": number, "template_id": template_id}):
        _refuse_unissued(template_id)


def _refuse_unissued(template_id: int) -> NoReturn:
    """Say why a template gave none."""
    live = Template.objects.filter(pk=template_id, status=TemplateStatus.LIVE).exists()
    raise SoldOut if live else NotIssued


def refuse_closed_claim(template: Template, *, at: datetime) -> None:
    """Raise ClaimClosed outside the window in which members may take the coupon themselves."""
    if template.claim_from is not None and at < template.claim_from:
        raise ClaimClosed("领取尚未开始", details={"claim_from": template.claim_from})
    if template.claim_until is not None and at >= template.claim_until:
        raise ClaimClosed("领取已结束")


def refuse_suspected(*, member_id: int) -> None:
    """Raise UnderReview for a member whose newcomer pack waits for a look, or was refused."""
    verdict = risk_facts.verdict_of(kind=WELCOME_PACK, subject=REGISTERED, member_id=member_id)
    if verdict in {Verdict.HELD, Verdict.REJECTED}:
        raise UnderReview


def count_taken(template: Template, *, member_id: int) -> int:
    """Count one more that the member took themselves; return the new count. Raises ClaimLimitReached."""
    told = {"template_id": template.pk, "member_id": member_id, "per_member": template.per_member}
    found = planned.rows(_COUNT_TAKEN, told)
    if not found:
        raise ClaimLimitReached(details={"limit": template.per_member})
    return int(found[0][0])
