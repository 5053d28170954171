"""What members of the demo shop have shared: a bargain and a product, friends who came by them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.bargain.models import Run
from apps.catalog.models import Sku
from apps.members.models import Member
from apps.shares import cards
from apps.shares import services as shares
from apps.shares.models import Share

_BARGAIN: Final = "DEMO-BARGAIN"
_SKU: Final = "HM-HUAQI-1"
# How many of those who open a link log in: the rest are known by their phones only.
_PASSERS_BY: Final = 7


def fill(*, at: datetime) -> None:
    """Share what the bargain's owner would, and let friends come by it; nothing where it is there already."""
    run = Run.objects.filter(bargain__code=_BARGAIN).select_related("member").first()
    sku = Sku.objects.filter(code=_SKU).first()
    if run is None or sku is None or Share.objects.exists():
        return
    friends = Member.objects.filter(openid__startswith="demo-").exclude(pk=run.member_id).order_by("pk")
    for named, said in (("bargain", run.bargain_no), ("product", sku.product_id)):
        kind = cards.kind_of(named)
        card = cards.find(kind, said, member_id=run.member_id, at=at)
        share = shares.open_share(member_id=run.member_id, kind=kind, card=card, at=at)
        for number, friend in enumerate(friends):
            mark = f"demo-{named}-{number}"
            later = at + timedelta(minutes=number)
            shares.note_visit(token=share.token, visitor_id=mark, member=friend, at=later)
        for number in range(_PASSERS_BY):
            mark = f"demo-passer-by-{number}"
            shares.note_visit(token=share.token, visitor_id=mark, member=None, at=at)
