"""Plain makers for tests of shares: a teacup on sale with a real picture, somebody who shares it, friends who come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image

from apps.catalog.models import Product
from apps.members.models import Member
from apps.shares import cards
from apps.shares import services as shares
from apps.shares.models import LiveCard, Share
from tests.apps.catalog import make as catalog
from tests.apps.members import make as members

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

member = members.member


def picture(colour: str = "#3a6ea5") -> ContentFile[bytes]:
    """A picture as an operator uploads it."""
    held = BytesIO()
    Image.new("RGB", (900, 600), colour).save(held, "JPEG")
    return ContentFile(held.getvalue(), name="cup.jpg")


def cup(title: str = "手工陶瓷茶杯", *, price_fen: int = 50_00, **columns: Any) -> Product:
    """A teacup on sale for 50 yuan."""
    return catalog.product(title, price_fen=price_fen, **columns)


def share(owner: Member | None = None, thing: Product | None = None, *, at: datetime = NOW) -> Share:
    """Somebody's share of a product."""
    owner, thing = owner or member(), thing or cup()
    kind = cards.kind_of("product")
    card = cards.find(kind, thing.pk, member_id=owner.pk, at=at)
    return shares.open_share(member_id=owner.pk, kind=kind, card=card, at=at)


def card(group_no: str = "GB1", *, joined: int = 1, size: int = 3, at: datetime = NOW) -> LiveCard:
    """The card of a group of three with one in it."""
    made = shares.begin_card(
        kind="group",
        subject=group_no,
        path=f"/pages/group/index?group_no={group_no}",
        progress=cards.Progress(members=joined, limit=size),
        at=at,
    )
    assert made is not None
    return made
