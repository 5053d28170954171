"""The points mall's books: a redemption takes its units of the quota, and gives them back when it is cancelled.

The quota is taken by one guarded statement; the limit per member is counted under the account's lock, which
every caller holds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q, Sum

from apps.base import numbers
from apps.points.models import PointsGood, Redemption
from apps.points.states import RedemptionStatus
from mall.errors import Invalid, NotFound, ShopError

MOST_AT_ONCE: Final = 100


class RedeemedOut(ShopError):
    """Fewer are left than wanted. ``details``: ``available``."""

    code = "redeemed_out"
    message = "该商品已兑完"


class LimitReached(ShopError):
    """The member has redeemed as many as one may. ``details``: ``per_member`` and ``redeemed``."""

    code = "redemption_limit_reached"
    message = "已达到每人限兑数量"


class QuantityInvalid(Invalid):
    """Not between one and a hundred."""

    code = "quantity_invalid"
    message = f"兑换数量必须是 1 到 {MOST_AT_ONCE} 之间的整数"


def good_on_shelf(*, good_id: int, kind: PointsGood.Kind, at: datetime) -> PointsGood:
    """The good, if it is on the shelf now. Raises NotFound."""
    good = PointsGood.objects.filter(
        pk=good_id, kind=kind, enabled=True, starts_at__lte=at, ends_at__gt=at
    ).first()
    if good is None:
        raise NotFound
    return good


def take(
    *, member_id: int, good: PointsGood, quantity: int, idempotency_key: str, order_no: str, at: datetime
) -> Redemption:
    """Take units of a good for a member. Raises QuantityInvalid, LimitReached, RedeemedOut.

    With an order it is HELD until the order is paid, without one it is DONE.
    """
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise QuantityInvalid(details={"quantity": quantity})
    mine = Redemption.objects.filter(member_id=member_id, good=good).exclude(
        status=RedemptionStatus.CANCELLED
    )
    had = mine.aggregate(sum=Sum("quantity"))["sum"] or 0
    if good.per_member and had + quantity > good.per_member:
        raise LimitReached(details={"per_member": good.per_member, "redeemed": had})
    left = Q(quota__isnull=True) | Q(quota__gte=F("redeemed") + quantity)
    if PointsGood.objects.filter(left, pk=good.pk).update(redeemed=F("redeemed") + quantity) != 1:
        raise RedeemedOut(details={"available": max(0, (good.quota or 0) - good.redeemed)})
    return Redemption.objects.create(
        redemption_no=numbers.dated("RD", at=at),
        member_id=member_id,
        good=good,
        quantity=quantity,
        points=good.points * quantity,
        order_no=order_no,
        idempotency_key=idempotency_key,
        status=RedemptionStatus.HELD if order_no else RedemptionStatus.DONE,
        at=at,
    )


def finish(*, order_no: str) -> None:
    """The order of a redemption is paid; most orders have none."""
    Redemption.objects.filter(order_no=order_no, status=RedemptionStatus.HELD).update(
        status=RedemptionStatus.DONE
    )


@transaction.atomic
def cancel(*, order_no: str) -> None:
    """The order of a redemption was closed, or all its points went back: the units are free again."""
    redemption = (
        Redemption.objects.filter(order_no=order_no).exclude(status=RedemptionStatus.CANCELLED).first()
    )
    if redemption is None:
        return
    cancelled = Redemption.objects.filter(pk=redemption.pk, status=redemption.status).update(
        status=RedemptionStatus.CANCELLED
    )
    if cancelled:
        PointsGood.objects.filter(pk=redemption.good_id).update(redeemed=F("redeemed") - redemption.quantity)
