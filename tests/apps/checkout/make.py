"""A shop counter for tests: a member with an address, goods on the shelf, orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from apps.catalog.models import Sku
from apps.checkout import closing, paying, placing, quoting
from apps.checkout.quoting import Choice
from apps.fulfillment.models import FreightTemplate, FreightZone
from apps.fulfillment.services import templates
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.promotions.models import Promotion
from tests.apps.catalog import make as catalog
from tests.apps.inventory import make as inventory
from tests.apps.members import make as members
from tests.apps.payments import make as payments
from tests.apps.promotions import make as promotions

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


def promotion(kind: str = "STEPPED", **columns: Any) -> Promotion:
    """A promotion without end; 满100减15 if nothing else is said."""
    always = {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "ends_at": datetime(2120, 1, 1, tzinfo=UTC)}
    return promotions.promotion(kind, **{**always, **columns})


def freight(first_fee_fen: int = 800, *, regions: Iterable[str] = (), **columns: Any) -> FreightTemplate:
    """The default template: so much for the first piece, nothing for more; everywhere or in some regions."""
    zone = {"first_units": 1, "first_fee_fen": first_fee_fen, "next_units": 1, "next_fee_fen": 0, **columns}
    return templates.save(
        template=FreightTemplate(name="普通快递", is_default=True),
        zones=[FreightZone(regions=list(regions), **zone)],
    )


def key() -> str:
    """An Idempotency-Key nobody used before."""
    return f"key-{next(_keys)}"


def order(
    member: Member,
    address: Address | None,
    wanted: Iterable[tuple[Sku, int]],
    *,
    at: datetime = NOW,
    idempotency_key: str | None = None,
    remark: str = "",
    **more: Any,
) -> Order:
    """An order placed through the counter at the price that it quotes; ``more`` is of the choice."""
    items = tuple((sku.pk, quantity) for sku, quantity in wanted)
    choice = Choice(items=items, address_id=address.pk if address else None, **more)
    composition = quoting.compose(member=member, choice=choice, at=at)
    return placing.place(
        member=member,
        choice=choice,
        expected_payable_fen=composition.quote.payable_fen,
        idempotency_key=idempotency_key or key(),
        remark=remark,
        at=at,
    )


def pay(order: Order, *, at: datetime = NOW) -> None:
    """WeChat says that what the order owes was paid."""
    attempt = payments.attempt(order, at=at, amount_fen=order.due_fen)
    said = payments.paid(attempt, success_time=at.isoformat())
    paying.confirm_payment(transaction=said, at=at)


def close(order: Order, *, at: datetime = NOW) -> None:
    """The member thinks better of it."""
    closing.close_unpaid(order_no=order.order_no, why="买家取消", actor=Actor.MEMBER, at=at)
