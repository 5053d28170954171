"""A shop counter for tests: a member with an address, goods on the shelf, and a client that is logged in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from rest_framework.test import APIClient

from apps.catalog.models import Sku
from apps.checkout import placing, quoting
from apps.checkout.quoting import Choice
from apps.members.models import Address, Member
from apps.orders.models import Order
from tests.apps.catalog import make as catalog
from tests.apps.inventory import make as inventory
from tests.apps.members import make as members

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
_keys = count(1)


def goods(price_fen: int = 5000, *, units: int = 100, **columns: Any) -> Sku:
    """A SKU on sale of which so many lie on the shelf."""
    sku = catalog.sku(price_fen=price_fen, **columns)
    if units:
        inventory.stock(sku, units)
    return sku


def buyer(**columns: Any) -> tuple[Member, Address]:
    """A member with an address in Hangzhou."""
    member = members.member(**columns)
    return member, members.address(member)


def client(member: Member) -> APIClient:
    """A client with the member's token."""
    made = APIClient()
    made.credentials(HTTP_AUTHORIZATION=f"Bearer {members.access_token(member)}")
    return made


def key() -> str:
    """An Idempotency-Key nobody used before."""
    return f"key-{next(_keys)}"


def order(
    member: Member,
    address: Address,
    wanted: Iterable[tuple[Sku, int]],
    *,
    at: datetime = NOW,
    idempotency_key: str | None = None,
    remark: str = "",
) -> Order:
    """An order placed through the counter at the price that it quotes."""
    choice = Choice(items=tuple((sku.pk, quantity) for sku, quantity in wanted), address_id=address.pk)
    composition = quoting.compose(member=member, choice=choice, at=at)
    return placing.place(
        member=member,
        choice=choice,
        expected_payable_fen=composition.quote.payable_fen,
        idempotency_key=idempotency_key or key(),
        remark=remark,
        at=at,
    )
