"""到货提醒: a member waits for a SKU that is sold out, is told once when it is back, and is forgotten after that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import transactions
from apps.carts.models import StockWish
from apps.carts.services import queueing
from apps.members.models import Member
from mall.errors import Kind, ShopError

MOST: Final = 50
# Nobody waits for ever, and whoever was told is remembered so long, for operators and for the case that it was in vain.
WAITS_FOR: Final = timedelta(days=180)
KEPT_FOR: Final = timedelta(days=30)
_AT_ONCE: Final = 5_000


class StockWishesFull(ShopError):
    """The member waits for as many SKUs as one can."""

    code = "stock_wishes_full"
    message = f"最多登记 {MOST} 个到货提醒"
    kind = Kind.CONFLICT


@transaction.atomic
def ask(*, member: Member, sku_id: int, at: datetime) -> StockWish:
    """Have the member told when the SKU is back. Asked again while they wait, nothing changes; after that they wait anew.

    The caller knows that the SKU can be sold and is sold out. Raises StockWishesFull.
    """
    queueing.behind(member)
    mine = StockWish.objects.filter(member=member)
    there = mine.filter(sku_id=sku_id).first()
    if there is not None and there.told_at is None:
        return there
    if mine.filter(told_at=None).count() >= MOST:
        raise StockWishesFull(details={"most": MOST})
    if there is None:
        return StockWish.objects.create(member=member, sku_id=sku_id, asked_at=at)
    there.asked_at, there.told_at = at, None
    there.save(update_fields=["asked_at", "told_at"])
    return there


def take_back(*, member: Member, sku_id: int) -> None:
    """Wait for the SKU no longer; one that is not waited for is no fault."""
    StockWish.objects.filter(member=member, sku_id=sku_id).delete()


def take_waiting(*, sku_id: int, limit: int, at: datetime) -> Sequence[StockWish]:
    """Mark the longest waiting of a SKU as told, in the caller's transaction, and return them: each is returned once."""
    transactions.require()
    waiting = StockWish.objects.filter(sku_id=sku_id, told_at=None).order_by("asked_at", "id")
    taken = list(waiting.select_for_update(skip_locked=True, no_key=True)[:limit])
    for wish in taken:
        wish.told_at = at
        wish.rounds += 1
    StockWish.objects.bulk_update(taken, ["told_at", "rounds"])
    return taken


def wait_again(*, wish_ids: Collection[int]) -> int:
    """Have these wait as before, who were to be told in vain; return how many."""
    return StockWish.objects.filter(pk__in=wish_ids, told_at__isnull=False).update(told_at=None)


def forget(*, at: datetime) -> int:
    """Delete wishes that nobody can mean any more, and those that were told long ago; return how many."""
    told = StockWish.objects.filter(told_at__lt=at - KEPT_FOR)
    stale = StockWish.objects.filter(asked_at__lt=at - WAITS_FOR)
    gone = 0
    for rows in (told, stale):
        ids = list(rows.order_by().values_list("pk", flat=True)[:_AT_ONCE])
        gone += StockWish.objects.filter(pk__in=ids).delete()[0]
    return gone
