"""What a group looks like when it is sent to friends, and what its cards in chats say of it."""

from __future__ import annotations

from datetime import datetime

from apps.campaigns.states import Approval
from apps.groupbuy.models import Group
from apps.groupbuy.states import GroupStatus
from apps.groupbuy.terms import Terms, called
from apps.shares import services as shares
from apps.shares.cards import Card, Progress
from mall.errors import NotFound

# What friends name a group by in POST /shares; an order of it names the group-buy as well.
SHARED_AS = "group"


def group(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A group that somebody opened, at what the next one pays; no price where nobody can take a place now.

    Raises NotFound for one that failed, too.
    """
    rows = Group.objects.select_related("group_buy__product")
    found = rows.filter(group_no=str(said)).exclude(status=GroupStatus.FAILED).first()
    if found is None:
        raise NotFound
    product = found.group_buy.product
    terms = Terms.read(found.kept_terms)
    card = Card(
        subject=found.group_no,
        title=found.group_buy.title,
        query={"id": str(found.group_buy_id), "group_no": found.group_no},
        picture=product.cover.name or "",
        price_fen=min(terms.prices_fen(people=found.joined + 1).values()),
        price_label=f"{called(terms.reached(found.joined + 1))}价",
        until=found.ends_at,
        progress=progress_of(found),
    )
    # Its groups can be joined to their own end, also when the campaign is over; not while it is paused.
    paused = found.group_buy.approval == Approval.PAUSED
    over = paused or found.is_over or found.joined >= found.largest
    return card.without_offer() if over else card


def progress_of(found: Group) -> Progress:
    """How many of those that form it have paid; it has begun once it is formed."""
    begun = found.status == GroupStatus.FORMED
    return Progress(members=min(found.joined, found.size), limit=found.size, begun=begun)


def tell_cards(found: Group, *, at: datetime) -> None:
    """Have the cards in chats say how far it has come, in the transaction that changed it."""
    shares.tell_progress(kind=SHARED_AS, subject=found.group_no, progress=progress_of(found), at=at)
