"""Received orders, reviews and pictures for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db import transaction
from PIL import Image

from apps.content import services as reviews
from apps.content.models import Review
from apps.content.services import Draft
from apps.members.models import Document, Member, Upload
from apps.members.services import consents
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from tests.apps.checkout import make as counter
from tests.apps.members import make as members

NOW = counter.NOW
DAY = timedelta(days=1)


def member(nickname: str = "林小满", **columns: Any) -> Member:
    """A member with an address who agreed to the privacy document."""
    if not Document.objects.exists():
        members.privacy()
    owner, _ = counter.buyer(nickname=nickname, **columns)
    consents.give(member=owner, document="privacy", version="1.0", at=NOW)
    return owner


def order(owner: Member, *skus: Any, at: Any = NOW, until: str = "receive") -> Order:
    """An order of one cup (or one of each of these SKUs), moved on until it is received at ``at``."""
    bought = [(sku, 1) for sku in skus or (counter.goods(),)]
    placed = counter.order(owner, owner.addresses.get(), bought, at=at)
    for move in ("pay", "ship", "receive"):
        with transaction.atomic():
            placed = orders.move(order_no=placed.order_no, move=move, actor=Actor.SYSTEM, at=at)
        if move == until:
            break
    return placed


def draft(received: Order, **said: Any) -> Draft:
    """Five stars for the first line of an order, if nothing else is said."""
    whole = {"sku_id": received.lines.all()[0].sku_id, "rating": 5, "text": "杯口不烫手"}
    return Draft(**{**whole, **said})


def written(owner: Member | None = None, *, at: Any = NOW, **said: Any) -> Review:
    """A review that nobody has looked at yet, of an order of its own."""
    owner = owner or member()
    received = order(owner, at=at)
    (review,) = reviews.write(
        member=owner, order_no=received.order_no, drafts=[draft(received, **said)], at=at
    )
    return review


def published(owner: Member | None = None, *, at: Any = NOW, **said: Any) -> Review:
    """A review that a person held and let through."""
    review = held(owner, at=at, **said)
    reviews.publish(review_id=review.pk, operator=None, at=at)
    return fresh(review)


def held(owner: Member | None = None, *, at: Any = NOW, **said: Any) -> Review:
    """A review that waits for a person."""
    review = written(owner, at=at, **said)
    Review.objects.filter(pk=review.pk).update(look_at=at)
    reviews.hold_overdue(at=at)
    return fresh(review)


def fresh(review: Review) -> Review:
    """The review as it stands now."""
    return Review.objects.get(pk=review.pk)


def photo(width: int = 40, height: int = 30, kind: str = "JPEG", **how: Any) -> bytes:
    """The bytes of a red picture."""
    held_in = BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(held_in, kind, **how)
    return held_in.getvalue()


def blank(width: int, height: int) -> bytes:
    """The bytes of a black PNG of one bit a pixel: as many pixels as one likes, quickly made."""
    held_in = BytesIO()
    Image.new("1", (width, height)).save(held_in, "PNG")
    return held_in.getvalue()


def picture(owner: Member, *, at: Any = NOW) -> Upload:
    """A picture that the member uploaded."""
    return reviews.upload(member=owner, content=photo(), at=at)
