"""What members do in the points mall: a coupon at once, a good with an order."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import transactions
from apps.outbox import services as outbox
from apps.points.models import PointsGood, Redemption
from apps.points.services import booking, redeeming, spending
from apps.points.services.booking import Cause
from apps.points.states import EntryKind
from mall.errors import ShopError
from mall.events import PointsRedeemed


class RedemptionKeyReused(ShopError):
    """The member used this Idempotency-Key for another redemption."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于另一次兑换"


@transaction.atomic
def redeem_coupon(
    *, member_id: int, good_id: int, quantity: int, idempotency_key: str, at: datetime
) -> Redemption:
    """Pay points for coupons and announce PointsRedeemed, which issues them; the same key answers the same again.

    Raises NotFound for what is no coupon on the shelf, NotEnoughPoints, LimitReached, RedeemedOut,
    QuantityInvalid, and RedemptionKeyReused.
    """
    account = booking.lock(member_id=member_id, at=at)
    before = Redemption.objects.filter(member_id=member_id, idempotency_key=idempotency_key).first()
    if before is not None:
        if (before.good_id, before.quantity) != (good_id, quantity):
            raise RedemptionKeyReused
        return before
    good = redeeming.good_on_shelf(good_id=good_id, kind=PointsGood.Kind.COUPON, at=at)
    redemption = redeeming.take(
        member_id=member_id,
        good=good,
        quantity=quantity,
        idempotency_key=idempotency_key,
        order_no="",
        at=at,
    )
    cause = Cause(EntryKind.REDEEM, f"redeem:{redemption.redemption_no}", good.title)
    booking.take(account, redemption.points, cause=cause, at=at)
    outbox.publish(
        PointsRedeemed(
            member_id=member_id,
            redemption_no=redemption.redemption_no,
            coupon_template_id=good.coupon_template_id or 0,
            quantity=quantity,
        ),
        at=at,
    )
    return redemption


def hold_good(*, order_no: str, member_id: int, good_id: int, quantity: int, at: datetime) -> Redemption:
    """Hold units of a SKU good and their points for an unpaid order, in the caller's transaction.

    The four verbs of the order then carry both: commit finishes, release and a whole restore cancel. Its money
    part is the order's price, stock is held by the caller. Such an order spends no points as a deduction.
    Holding again changes nothing. Raises as redeem_coupon does.
    """
    transactions.require()
    booking.lock(member_id=member_id, at=at)
    before = Redemption.objects.filter(order_no=order_no, member_id=member_id).first()
    if before is not None:
        return before
    good = redeeming.good_on_shelf(good_id=good_id, kind=PointsGood.Kind.SKU, at=at)
    redemption = redeeming.take(
        member_id=member_id,
        good=good,
        quantity=quantity,
        idempotency_key=f"order:{order_no}",
        order_no=order_no,
        at=at,
    )
    spending.hold(order_no=order_no, member_id=member_id, points=redemption.points, at=at)
    return redemption
