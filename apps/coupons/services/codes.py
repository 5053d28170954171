"""Codes: batches of single-use ones made piece by piece, promoters' words, and what a member types in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.base import numbers, sheets, transactions, tries
from apps.coupons.models import Code, CodeBatch, CodeTries, Coupon, PromoCode, Template
from apps.coupons.services import issuing
from apps.coupons.states import BatchStatus, TemplateStatus
from apps.members.models import Member
from mall import text as texts
from mall.errors import Invalid, Kind, ShopError

MAX_BATCH: Final = 1_000_000
CHUNK: Final = 5_000
# 16 of 30 letters are 78 random bits: with ten wrong tries an hour nobody finds one.
_LENGTH: Final = 16
MAX_WRONG: Final = 10
_WAIT: Final = "兑换码错误次数过多，请稍后再试"


class CodeInvalid(ShopError):
    """There is no such code, or somebody else has redeemed it; the shop does not say which."""

    code = "code_invalid"
    message = "兑换码无效"
    kind = Kind.NOT_FOUND


class CodeExpired(ShopError):
    """The code's batch, or the coupons it stands for, may no longer be redeemed."""

    code = "code_expired"
    message = "兑换码已过期"


class BatchOrdered(ShopError):
    """The same page was sent twice at the same moment; the other one was first."""

    code = "code_batch_ordered"
    message = "已开始生成，请勿重复提交"


class OwnPromoCode(ShopError):
    """Promoters do not bring in themselves."""

    code = "promo_code_own"
    message = "不能使用自己的推广码"


def redeem_code(*, member: Member, code: str, at: datetime) -> Coupon:
    """Turn a code of a batch, or a promoter's word, into a coupon of this member.

    A code of one's own that was redeemed before returns its coupon again. Wrong codes count: ten within an
    hour, then TooManyTries. Raises CodeInvalid, CodeExpired, OwnPromoCode, ClaimLimitReached, SoldOut,
    NotIssued; only CodeInvalid counts. Not to be called inside a transaction, whose rollback would forget.
    """
    tries.charge(CodeTries, who=member.pk, at=at, most=MAX_WRONG, message=_WAIT)
    try:
        with transaction.atomic():
            coupon = _redeem(member=member, code=spelled(code), at=at)
    except CodeInvalid:
        raise
    except ShopError:
        tries.discharge(CodeTries, who=member.pk)
        raise
    tries.discharge(CodeTries, who=member.pk)
    return coupon


def spelled(code: str) -> str:
    """A code as it is kept: capitals, without blanks and dashes, full-width letters made plain."""
    return "".join(letter for letter in texts.code(code).upper() if letter.isalnum())


@transaction.atomic
def create_batch(
    *,
    template_id: int,
    name: str,
    size: int,
    at: datetime,
    operator: User | None,
    expires_at: datetime | None = None,
    token: str = "",
) -> CodeBatch:
    """Order 1 … 1,000,000 codes of a live template; a sweep makes them. Their quota is taken now.

    A ``token`` is the page that was sent: the same one again returns its batch.
    ``expires_at`` ends their redeeming. Raises Invalid, SoldOut where the quota has not so many left, NotIssued.
    """
    if token and (before := CodeBatch.objects.filter(token=token).first()):
        return before
    if not 1 <= size <= MAX_BATCH:
        raise Invalid(f"数量必须是 1 到 {MAX_BATCH} 之间的整数", details={"size": size})
    if expires_at is not None and expires_at <= at:
        raise Invalid("兑换截止时间必须晚于现在")
    with transactions.refine({"code_batch_once_per_page": BatchOrdered}):
        batch = CodeBatch.objects.create(
            template_id=template_id,
            name=name,
            size=size,
            expires_at=expires_at,
            operator=operator,
            created_at=at,
            token=token,
        )
    issuing.take_quota(template_id=template_id, number=size)
    return batch


@transaction.atomic
def make_chunk(*, limit: int = CHUNK) -> int:
    """Make the next codes of the oldest unfinished batch; return how many, 0 when nothing is to do.

    Each chunk is one transaction with its count, so a killed worker loses at most the chunk it was at.
    """
    batch = (
        CodeBatch.objects.filter(status=BatchStatus.MAKING)
        .order_by("id")
        .select_for_update(skip_locked=True)
        .first()
    )
    if batch is None:
        return 0
    number = min(limit, batch.size - batch.made)
    Code.objects.bulk_create(
        [Code(batch=batch, code=numbers.word(_LENGTH)) for _ in range(number)], batch_size=1000
    )
    made = batch.made + number
    CodeBatch.objects.filter(pk=batch.pk).update(
        made=made, status=BatchStatus.DONE if made == batch.size else BatchStatus.MAKING
    )
    return number


def make_due(*, limit: int = 100_000) -> int:
    """Make up to ``limit`` codes, chunk by chunk; return how many."""
    made = 0
    while made < limit and (chunk := make_chunk(limit=min(CHUNK, limit - made))):
        made += chunk
    return made


def exported(*, batch_id: int, chunk: int = CHUNK) -> sheets.Sheet:
    """The batch as a sheet, some thousand lines at a time, in the order of making: code and when it was redeemed."""
    return sheets.sheet(["兑换码", "兑换时间"], _exported(batch_id, chunk), chunk=chunk)


def _exported(batch_id: int, chunk: int) -> Iterator[list[str]]:
    last = 0
    while True:
        rows = list(
            Code.objects.filter(batch_id=batch_id, pk__gt=last)
            .order_by("pk")
            .values_list("pk", "code", "redeemed_at")[:chunk]
        )
        if not rows:
            return
        last = rows[-1][0]
        for _, code, redeemed_at in rows:
            yield [code, f"{timezone.localtime(redeemed_at):%Y-%m-%d %H:%M:%S}" if redeemed_at else ""]


def _redeem(*, member: Member, code: str, at: datetime) -> Coupon:
    word = PromoCode.objects.filter(code=code, enabled=True).select_related("template").first()
    if word is not None:
        return _redeem_promo(word, member=member, at=at)
    return _redeem_single(_found(code), member=member, at=at)


def _redeem_single(code: Code, *, member: Member, at: datetime) -> Coupon:
    """Redeem it for whoever is first; what refuses after that rolls the redeeming back."""
    cause, template = f"code:{code.pk}", code.batch.template
    if code.redeemed_by_id == member.pk:
        return Coupon.objects.get(member=member, template=template, cause=cause)
    if code.redeemed_by_id is not None:
        raise CodeInvalid
    if code.batch.expires_at is not None and code.batch.expires_at <= at:
        raise CodeExpired
    # No condition on another table here: Django would put all of them into a subquery, which PostgreSQL does
    # not evaluate again after waiting for the row, and everybody would be first.
    first = Code.objects.filter(pk=code.pk, redeemed_by__isnull=True)
    if not first.update(redeemed_by=member, redeemed_at=at):
        return _redeem_single(_found(code.code), member=member, at=at)
    _count(template, member=member)
    return issuing.issue(
        template_id=template.pk,
        member_id=member.pk,
        way=Coupon.Way.CODE,
        cause=cause,
        at=at,
        from_quota=False,
    )


def _found(code: str) -> Code:
    """The code as it stands now. Raises CodeInvalid."""
    found = Code.objects.filter(code=code).select_related("batch__template").first()
    if found is None:
        raise CodeInvalid
    return found


def _redeem_promo(word: PromoCode, *, member: Member, at: datetime) -> Coupon:
    if word.promoter_id == member.pk:
        raise OwnPromoCode
    issuing.refuse_closed_claim(word.template, at=at)
    taken = _count(word.template, member=member)
    PromoCode.objects.filter(pk=word.pk).update(redemptions=F("redemptions") + 1)
    return issuing.issue(
        template_id=word.template_id,
        member_id=member.pk,
        way=Coupon.Way.PROMO,
        cause=f"promo:{taken}",
        promo=word,
        at=at,
    )


def _count(template: Template, *, member: Member) -> int:
    if template.status != TemplateStatus.LIVE:
        raise issuing.NotIssued
    return issuing.count_taken(template, member_id=member.pk)
