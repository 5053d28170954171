"""Plain makers for tests of referrals: campaigns, inviters, friends who come and do what is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from apps.checkout import activities
from apps.checkout.activities import Ticket
from apps.fulfillment.services import receipt
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.points.models import Account
from apps.referrals import selectors as referral_facts
from apps.referrals import services as referrals
from apps.referrals.drafts import Prize, ReferralDraft, Step
from apps.referrals.models import Invitation, Referral, Reward
from apps.shares import cards
from apps.shares import services as shares
from apps.shares.models import Share
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.members import make as members

NOW = counter.NOW
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LATER = NOW + HOUR

member = members.member


def points(number: int) -> Prize:
    return Prize(kind="points", points=number)


def coupon(template: Any) -> Prize:
    return Prize(kind="coupon", coupon_id=template.pk)


def goods(sku: Any, *, units: int = 1, days: int = 30) -> Prize:
    return Prize(kind="goods", sku_id=sku.pk, units=units, days=days)


def watching(sku: Any, **said: Any) -> Referral:
    """Friends have to stay at the SKU's product for 15 seconds; 50 points for one."""
    page = {"watch_kind": "product", "watch_id": sku.product_id, "watch_seconds": 15}
    tiers = [Step(friends=1, prize=points(50))]
    return campaign(**{"act": "WATCHED", "code": "WATCH", "tiers": tiers, **page, **said})


def ticket(row: Reward) -> Ticket:
    """The activity that an order of won goods names."""
    return activities.read({"kind": "referral_prize", "id": row.pk})


def draft(**said: Any) -> ReferralDraft:
    """A hundred points for one friend who registers, if nothing else is said."""
    plain = {
        "code": "BRING",
        "title": "请好友喝春茶",
        "act": "REGISTERED",
        "tiers": [Step(friends=1, prize=points(100))],
        "starts_at": NOW - 10 * DAY,
        "ends_at": NOW + 10 * DAY,
    }
    return ReferralDraft(**{**plain, **said})


def campaign(*, at: datetime = NOW, **said: Any) -> Referral:
    return referrals.CAMPAIGNS.load(draft(**said), at=at)


def share(inviter: Member, row: Referral, *, at: datetime = NOW) -> Share:
    kind = cards.kind_of("referral")
    card = cards.find(kind, row.pk, member_id=inviter.pk, at=at)
    return shares.open_share(member_id=inviter.pk, kind=kind, card=card, at=at)


def come(friend: Member, by: Share, *, mark: str = "", at: datetime = NOW) -> None:
    """Somebody comes by the share, logged in."""
    shares.note_visit(token=by.token, visitor_id=mark, member=friend, at=at)


def newcomer(**columns: Any) -> Member:
    """Somebody who registers now."""
    return member(**{"nickname": "新朋友", "registered_at": NOW, **columns})


def registered(inviter: Member, row: Referral, *, at: datetime = NOW, **columns: Any) -> Invitation:
    """A friend who comes by the inviter's share, registers, and counts if nothing is against it."""
    friend = newcomer(registered_at=at, **columns)
    come(friend, share(inviter, row, at=at), at=at)
    invitation = Invitation.objects.get(referral=row, friend=friend)
    referrals.count_invited(invitation_id=invitation.pk, at=at)
    return fresh(invitation)


def buyer(detail: str, *, phone: str = "", **columns: Any) -> tuple[Member, Address]:
    """A newcomer with an address of their own."""
    friend = newcomer(**columns)
    number = phone or f"139{friend.pk % 10**8:08}"
    return friend, members.address(friend, detail=detail, phone=number)


def ordered(
    inviter: Member, row: Referral, friend: tuple[Member, Address], *, price_fen: int = 5000
) -> Order:
    """A friend who comes by the share, buys and receives the first order, which is counted."""
    come(friend[0], share(inviter, row))
    order = sale.paid(friend, [(counter.goods(price_fen), 1)])
    receive(order)
    return sale.fresh(order)


def receive(order: Order, *, at: datetime = LATER) -> None:
    sale.ship(order)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=at)
    referrals.count_order(order_no=order.order_no, at=at)


def refund(order: Order, *, at: datetime = LATER) -> None:
    """All of it goes back."""
    units = {line.sku: line.quantity for line in order.lines.filter(is_gift=False)}
    sale.refund(order, units, shipping_fen=order.shipping_fen, at=at)
    referrals.take_back(order_no=order.order_no, at=at)


def fresh(row: Invitation) -> Invitation:
    return Invitation.objects.get(pk=row.pk)


def standing(inviter: Member, row: Referral) -> tuple[int, int, int]:
    """Friends, counted, held."""
    return tuple(referral_facts.standing(referral_id=row.pk, member_id=inviter.pk))  # type: ignore[return-value]


def won(who: Member) -> list[tuple[int | None, str]]:
    """Tier and status of all that a member won."""
    return list(Reward.objects.filter(member=who).order_by("friends", "id").values_list("friends", "status"))


def balance(who: Member) -> tuple[int, int]:
    """Points and what of them is owed."""
    account = Account.objects.filter(member=who).first()
    return (account.balance, account.debt) if account else (0, 0)
