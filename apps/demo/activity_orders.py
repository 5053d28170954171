"""What the demo shop's flash sale and bargain have sold already, so that their results have something to tell."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.bargain import services as bargains
from apps.bargain.models import Bargain, Help
from apps.bargain.states import KIND as BARGAIN
from apps.checkout import activities
from apps.demo import levels, past_orders
from apps.flashsale.models import Good
from apps.flashsale.selectors import KIND as FLASH_SALE
from apps.members.models import Member
from apps.orders.models import Order

_SESSION: Final = "DEMO-LIVE"
_BARGAIN: Final = "DEMO-BARGAIN"
# Who bought, told apart by the numbers of ``levels.shopper``.
_AT_ONCE: Final = ((21, "晚风"), (22, "拾光"), (23, "小鹿"))
_BARGAINER: Final = (24, "山月")
# So many friends had helped when it was bought.
_HELPS: Final = 2


def fill(*, at: datetime) -> None:
    """Let three buy in the session that runs, and one the bargain half way; nothing where anybody has."""
    if Order.objects.filter(activity__kind__in=[FLASH_SALE, BARGAIN]).exists():
        return
    good = Good.objects.filter(session__code=_SESSION).order_by("pk").first()
    if good is not None:
        for number, name in _AT_ONCE:
            buyer = levels.shopper(name, number=number, at=at)
            _bought(buyer, good.sku_id, FLASH_SALE, good.pk, at=at)
    bargain = Bargain.objects.filter(code=_BARGAIN).first()
    if bargain is not None:
        number, name = _BARGAINER
        buyer = levels.shopper(name, number=number, at=at)
        run = bargains.open_run(bargain_id=bargain.pk, member_id=buyer.pk, at=at)
        friends = Member.objects.filter(pk__in=Help.objects.filter(run__bargain=bargain).values("member"))
        for friend in friends.order_by("pk")[:_HELPS]:
            bargains.help_run(bargain_no=run.bargain_no, member_id=friend.pk, at=at)
        _bought(buyer, bargain.sku_id, BARGAIN, run.bargain_no, at=at)


def _bought(buyer: Member, sku_id: int, kind: str, activity_id: int | str, *, at: datetime) -> None:
    ticket = activities.read({"kind": kind, "id": activity_id})
    past_orders.bought(member=buyer, sku_id=sku_id, ticket=ticket, at=at)
