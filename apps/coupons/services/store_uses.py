"""Coupons used in shops: the pass that a member shows, what it takes off, the use itself, and undoing it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from apps.base import audit, numbers, transactions, tries
from apps.coupons import selectors as coupon_facts
from apps.coupons import till
from apps.coupons.models import Coupon, PassTries, StorePass, StoreUse
from apps.coupons.services import holds, moving
from apps.coupons.states import CouponStatus
from apps.members.models import Member
from apps.stores.models import Place
from mall.errors import Kind, NotFound, ShopError

# Long enough to walk to the till, too short for a screenshot to be worth anything.
PASS_LIVES: Final = timedelta(minutes=5)
_DIGITS: Final = 8
# What a scanner reads begins so: another code of ours, read by mistake, is not taken for a pass.
QR_PREFIX: Final = "CP"
MAX_WRONG: Final = 20
UNDONE_WITHIN: Final = timedelta(days=1)
_WAIT: Final = "券码错误次数过多，请稍后再试"


class PassInvalid(ShopError):
    """No coupon has this pass now: mistyped, replaced by a newer one, or long over."""

    code = "pass_invalid"
    message = "券码无效，请核对或请会员刷新券码"
    kind = Kind.NOT_FOUND


class PassExpired(ShopError):
    """The pass was good some minutes ago."""

    code = "pass_expired"
    message = "券码已过期，请会员刷新券码"


class TooLateToUndo(ShopError):
    """The use is too long ago: the day's takings have been counted."""

    code = "store_use_too_old"
    message = "核销已超过 24 小时，不能撤销"


class _CodeTaken(ShopError):
    """Another coupon has this code; one more is drawn."""


class Found(NamedTuple):
    """What a till is shown before it confirms: the coupon, and what it takes off the goods."""

    coupon: Coupon
    off_fen: int


def make_pass(*, member: Member, coupon_id: str, at: datetime) -> StorePass:
    """Give the member a new pass for one of their coupons; an older one of this coupon is good no more.

    Raises NotFound for a coupon that is not the member's, CouponUnavailable for one that is used, held or
    outside its window, NotForShops.
    """
    coupon = coupon_facts.of_member(member=member, coupon_id=coupon_id)
    till.refuse_online(coupon.template)
    _refuse_unusable(coupon, at=at)
    while True:
        fresh = {"code": numbers.digits(_DIGITS), "expires_at": at + PASS_LIVES, "use": None}
        try:
            with transactions.refine({"store_pass_code_once": _CodeTaken}):
                return StorePass.objects.update_or_create(coupon=coupon, defaults=fresh)[0]
        except _CodeTaken:
            continue


def look_up(*, operator: User, code: str, goods_fen: int, at: datetime) -> Found:
    """The coupon behind a pass, and what it takes off ``goods_fen`` of goods that it is for; nothing is used yet.

    Wrong passes count: twenty of one operator within an hour, then TooManyTries. Raises PassInvalid,
    PassExpired, CouponUnavailable, NotForShops, TakesNothingOff; only PassInvalid counts. Not to be called
    inside a transaction.
    """
    shown = _shown(operator=operator, code=code, at=at)
    _refuse_unusable(shown.coupon, at=at)
    till.refuse_online(shown.coupon.template)
    return Found(shown.coupon, till.off_fen(shown.coupon, goods_fen=goods_fen))


def use(
    *, operator: User, code: str, place_id: int, goods_fen: int, receipt_no: str = "", at: datetime
) -> StoreUse:
    """Use the coupon behind a pass in a shop, for goods of so many fen that it is for; return the use.

    The same confirmation of the same operator once more returns the first use. Raises as ``look_up`` does,
    and NotFound for a place that is no shop.
    """
    code = _typed(code)
    _shown(operator=operator, code=code, at=at)
    with transaction.atomic():
        place = Place.objects.filter(pk=place_id, kind=Place.Kind.SHOP).first()
        if place is None:
            raise NotFound("没有这家门店")
        shown = StorePass.objects.select_for_update().filter(code=code).first()
        if shown is None:  # replaced by a newer one this very moment
            raise PassInvalid
        coupon = Coupon.objects.select_related("template").get(pk=shown.coupon_id)
        if (before := shown.use) is not None:
            if (before.operator_id, before.goods_fen) == (operator.pk, goods_fen):
                return before
            raise moving.CouponUnavailable("该优惠券已核销")
        till.refuse_online(coupon.template)
        off_fen = till.off_fen(coupon, goods_fen=goods_fen)
        use_no = numbers.dated("SU", at=at)
        moving.use(use_no=use_no, coupon=coupon, operator=operator, at=at)
        used = StoreUse.objects.create(
            use_no=use_no,
            coupon=coupon,
            place=place,
            operator=operator,
            goods_fen=goods_fen,
            off_fen=off_fen,
            receipt_no=receipt_no,
            at=at,
        )
        StorePass.objects.filter(pk=shown.pk).update(use=used)
    return used


@transaction.atomic
def undo(*, use_id: int, operator: User, reason: str, at: datetime) -> None:
    """Undo a use of the last 24 hours, for a reason: the member has the coupon again, as after a refund.

    That is EXPIRED where its end has passed, REVOKED where it was recalled. Undoing again changes nothing.
    Raises NotFound, TooLateToUndo.
    """
    used = StoreUse.objects.select_for_update(of=("self",)).select_related("place").filter(pk=use_id).first()
    if used is None:
        raise NotFound
    if used.undone_at is not None:
        return
    if at >= used.at + UNDONE_WITHIN:
        raise TooLateToUndo
    StoreUse.objects.filter(pk=used.pk).update(undone_at=at, undone_by=operator, undone_why=reason)
    holds.undo_use(use_no=used.use_no, operator=operator, note=reason, at=at)
    # The pass that was used is not good for the coupon that came back.
    StorePass.objects.filter(coupon_id=used.coupon_id).delete()
    audit.record(
        operator=operator,
        action="撤销门店核销",
        subject=used.use_no,
        note=f"{used.place}：{reason}",
        at=at,
    )


def forget_passes(*, at: datetime) -> int:
    """Delete passes that were over an hour ago; return how many."""
    gone, _ = StorePass.objects.filter(expires_at__lte=at - timedelta(hours=1)).delete()
    return gone


def _shown(*, operator: User, code: str, at: datetime) -> StorePass:
    """The pass of this code, with its coupon. Raises TooManyTries, PassInvalid, which counts, PassExpired."""
    tries.charge(PassTries, who=operator.pk, at=at, most=MAX_WRONG, message=_WAIT)
    found = (
        StorePass.objects.filter(code=_typed(code))
        .select_related("coupon__template", "coupon__member", "use")
        .first()
    )
    if found is None:
        raise PassInvalid
    tries.discharge(PassTries, who=operator.pk)
    if found.expires_at <= at:
        raise PassExpired
    return found


def _typed(code: str) -> str:
    """A pass as it is kept, however it was typed or scanned."""
    return "".join(code.split()).replace("-", "").upper().removeprefix(QR_PREFIX)


def _refuse_unusable(coupon: Coupon, *, at: datetime) -> None:
    """Raise CouponUnavailable, with the reason, for a coupon that cannot be used at this moment."""
    if coupon.status != CouponStatus.AVAILABLE or coupon.recalled_at is not None:
        raise moving.CouponUnavailable(f"该优惠券不可用：{CouponStatus(coupon.status).label}")
    if at < coupon.valid_from:
        raise moving.CouponUnavailable("该优惠券未到使用时间")
    if at >= coupon.valid_until:
        raise moving.CouponUnavailable("该优惠券已过期")
