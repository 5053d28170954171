"""Referral campaigns of the demo shop: friends in each state, goods to be ordered, a page to stay at, a reward held."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.catalog.models import Product, Sku
from apps.demo import levels
from apps.members.models import Member
from apps.referrals import services as referrals
from apps.referrals.drafts import Prize, ReferralDraft, Step
from apps.referrals.models import Invitation, Referral
from apps.referrals.states import KIND, Act, PrizeKind
from apps.risk import services as risk
from apps.risk.states import Trait
from apps.shares import cards
from apps.shares import services as shares
from apps.shares.models import Share

_CODE: Final = "DEMO-REFERRAL"
_WATCHING: Final = "DEMO-WATCHING"
# Numbers of shoppers that nobody else in the demo shop has.
_FIRST: Final = 41
_PRIZE: Final = "HM-CHAJIN-1"


def fill(*, at: datetime) -> None:
    """A campaign that runs, an inviter with friends who count, who wait for a phone, who look like one person."""
    if Referral.objects.filter(code=_CODE).exists():
        return
    prize = Sku.objects.filter(code=_PRIZE).first()
    row = referrals.CAMPAIGNS.load(
        ReferralDraft(
            code=_CODE,
            title="请好友喝杯茶",
            act=Act.REGISTERED,
            starts_at=at - timedelta(days=7),
            ends_at=at + timedelta(days=30),
            tiers=[
                Step(friends=1, prize=Prize(kind=PrizeKind.POINTS, points=100)),
                *(_goods(prize) if prize else ()),
                Step(friends=3, prize=Prize(kind=PrizeKind.POINTS, points=400)),
            ],
            friend_prize=Prize(kind=PrizeKind.POINTS, points=50),
        ),
        at=at,
    )
    inviter, second, third, fourth, alike, waiting = (
        levels.shopper(name, number=number, at=at)
        for number, name in enumerate(("沈砚秋", "顾南风", "温书意", "柳溪", "秦小川", "阮青"), start=_FIRST)
    )
    share = _share(inviter, row, at=at)
    _come(second, share, at=at)
    _come(third, _share(second, row, at=at), at=at)
    _come(fourth, share, at=at)
    # A second account on the inviter's own phone: its reward waits for somebody to look at it.
    for each in (inviter, alike):
        risk.note(member_id=each.pk, traits=[(Trait.DEVICE, "0" * 32)], at=at)
    _come(alike, share, at=at)
    # Came by the share, and nothing was counted yet.
    shares.note_visit(token=share.token, visitor_id="demo-friend", member=waiting, at=at)
    _watching(at=at)


def _watching(*, at: datetime) -> None:
    """A campaign whose friends stay at a product's page, with one who did."""
    thing = Product.objects.filter(skus__code=_PRIZE).first()
    if thing is None:
        return
    row = referrals.CAMPAIGNS.load(
        ReferralDraft(
            code=_WATCHING,
            title="请好友看看新茶巾",
            act=Act.WATCHED,
            watch_kind="product",
            watch_id=thing.pk,
            watch_seconds=15,
            starts_at=at - timedelta(days=7),
            ends_at=at + timedelta(days=30),
            tiers=[Step(friends=1, prize=Prize(kind=PrizeKind.POINTS, points=20))],
        ),
        at=at,
    )
    inviter, friend = (
        levels.shopper(name, number=number, at=at) for name, number in (("钟意", 47), ("南栀", 48))
    )
    shares.note_visit(token=_share(inviter, row, at=at).token, visitor_id="", member=friend, at=at)
    for invitation in Invitation.objects.filter(friend=friend, referral=row):
        referrals.count_watched(invitation_id=invitation.pk, at=at)


def _goods(sku: Sku) -> list[Step]:
    """The tier whose prize is ordered."""
    return [Step(friends=2, prize=Prize(kind=PrizeKind.GOODS, sku_id=sku.pk, units=1, days=30))]


def _share(inviter: Member, row: Referral, *, at: datetime) -> Share:
    kind = cards.kind_of(KIND)
    card = cards.find(kind, row.pk, member_id=inviter.pk, at=at)
    return shares.open_share(member_id=inviter.pk, kind=kind, card=card, at=at)


def _come(friend: Member, share: Share, *, at: datetime) -> None:
    """The friend comes by the share, and counts if nothing is against it."""
    shares.note_visit(token=share.token, visitor_id="", member=friend, at=at)
    for invitation in Invitation.objects.filter(friend=friend):
        referrals.count_invited(invitation_id=invitation.pk, at=at)
