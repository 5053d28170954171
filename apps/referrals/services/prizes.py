"""Goods that were won, at the counter: a prize is ordered once, while it is the winner's and has not run out."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.referrals.models import Reward
from apps.referrals.states import PrizeKind, RewardStatus
from mall.errors import Kind, NotFound, ShopError


class PrizeOrdered(ShopError):
    """The prize is in an order already; ``details`` has its ``order_no``."""

    code = "prize_ordered"
    message = "该奖品已下单领取"
    kind = Kind.CONFLICT


class PrizeExpired(ShopError):
    """The days in which the prize can be ordered are over; ``details`` has ``valid_until``."""

    code = "prize_expired"
    message = "奖品已超过领取期限"
    kind = Kind.CONFLICT


class PrizeNotGiven(ShopError):
    """The prize waits for a look, or was taken back; ``details`` has the ``status``."""

    code = "prize_not_given"
    message = "奖品尚未发放或已收回"
    kind = Kind.CONFLICT


def check(row: Reward, *, at: datetime) -> None:
    """Refuse what its winner cannot order now. Raises PrizeOrdered, PrizeNotGiven, PrizeExpired."""
    if row.order_no:
        raise PrizeOrdered(details={"order_no": row.order_no})
    if row.status != RewardStatus.GIVEN or row.valid_until is None:
        raise PrizeNotGiven(details={"status": row.status})
    if at >= row.valid_until:
        raise PrizeExpired(details={"valid_until": row.valid_until})


def hold(*, order_no: str, reward_id: int, member_id: int, at: datetime) -> None:
    """Order a prize: from now on it is that order's, and no friend who is lost takes it back. Again: nothing.

    Raises NotFound for what is not the member's goods, PrizeOrdered, PrizeNotGiven, PrizeExpired.
    """
    transactions.require()
    row = _locked(reward_id)
    if row is None or row.member_id != member_id:
        raise NotFound
    if row.order_no == order_no:
        return
    check(row, at=at)
    row.order_no = order_no
    row.save(update_fields=["order_no"])


def release(*, order_no: str, reward_id: int) -> None:
    """The order was not paid: the prize can be ordered again until its days are over, if it is still the winner's.

    What should have come back meanwhile has come back by this: nothing is owed any more.
    """
    transactions.require()
    row = _locked(reward_id)
    if row is None or row.order_no != order_no:
        return
    row.order_no = ""
    if row.owed:
        row.owed, row.note = False, ""
    row.save(update_fields=["order_no", "owed", "note"])


def _locked(reward_id: int) -> Reward | None:
    mine = Reward.objects.select_for_update(no_key=True)
    return mine.filter(pk=reward_id, prize_kind=PrizeKind.GOODS).first()
