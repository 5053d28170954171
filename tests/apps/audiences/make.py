"""Members with a past, tags and segments for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.audiences import conditions
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.conditions import Both
from apps.audiences.models import Segment, Tag
from apps.audiences.states import TagKind
from apps.base import numbers
from apps.catalog.models import Sku
from apps.members.models import Member
from apps.orders.models import Order, OrderLine

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
DAY = timedelta(days=1)


def bought(
    owner: Member,
    payable_fen: int = 10_000,
    *,
    at: datetime = AT,
    status: str = "RECEIVED",
    refunded_fen: int = 0,
    sku: Sku | None = None,
    address: dict[str, str] | None = None,
) -> Order:
    """An order that was paid ``at``; of one unit of a SKU where one is named."""
    order = Order.objects.create(
        order_no=numbers.dated("SO", at=at),
        member=owner,
        status=status,
        goods_fen=payable_fen,
        reduction_fen=0,
        shipping_fen=0,
        payable_fen=payable_fen,
        refunded_fen=refunded_fen,
        idempotency_key=numbers.word(12),
        request_hash="x",
        created_at=at,
        expires_at=at + DAY,
        paid_at=at,
        shipped_at=at,
        received_at=at,
        address=address or {},
    )
    if sku is not None:
        OrderLine.objects.create(
            order=order,
            sku=sku,
            title="茶杯",
            quantity=1,
            unit_price_fen=payable_fen,
            list_fen=payable_fen,
            payable_fen=payable_fen,
        )
    return order


def all_of(*parts: dict[str, Any]) -> Both:
    """A tree of conditions that must all hold."""
    return conditions.read({"op": "all", "of": list(parts)})


def segment(*parts: dict[str, Any], name: str = "老客", at: datetime = AT) -> Segment:
    return audiences.save(Segment(name=name), tree=all_of(*parts), operator=None, at=at)


def tag(name: str = "茶会", *, rule: Segment | None = None, at: datetime = AT) -> Tag:
    kind = TagKind.RULE if rule else TagKind.HAND
    return audiences.save_tag(Tag(name=name, kind=kind, rule=rule), at=at)


def meant(tree: Both, *, at: datetime = AT) -> set[str]:
    """Nicknames of the members whom a tree means."""
    ids = [member_id for batch in audience_facts.members_in(tree, at=at) for member_id in batch]
    return set(Member.objects.filter(pk__in=ids).values_list("nickname", flat=True))
