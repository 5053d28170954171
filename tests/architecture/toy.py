"""A room that the shop does not have: a toy activity with its own tables, for a test of the seam.

Two buyers make a deal; until there are two, paid orders gather. It is all that such a room would write: its kind, its
holder, and two lines on boards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from django.db import connection

from apps.checkout.activities import (
    ActivityKind,
    ActivityNotFound,
    Admission,
    Badge,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
)
from apps.checkout.activities.kind import REFUNDABLE, row_id
from apps.checkout.holders import Holder, Part, Restored
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from mall.errors import ShopError
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus

KIND = "toy_team"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
TABLES = """
    CREATE TABLE toy_deal (
        id serial PRIMARY KEY, product_id bigint, sku_id bigint, price_fen bigint, quota int, combines text[],
        taken int DEFAULT 0 CHECK (taken BETWEEN 0 AND quota));
    CREATE TABLE toy_seat (order_no text PRIMARY KEY, deal_id int, units int, paid boolean DEFAULT false);
"""


class SoldOut(ShopError):
    """No seat is left."""

    code = "activity_sold_out"
    message = "活动名额已用完"


def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows that a statement of the toy room answers."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall()) if cursor.description else []


def deal(sku: Any, *, price_fen: int, quota: int = 2, combines: Sequence[str] = ()) -> int:
    """A deal on a SKU; ``combines`` are the extras that may go with it."""
    found = ask(
        "INSERT INTO toy_deal (product_id, sku_id, price_fen, quota, combines)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        *(sku.product_id, sku.pk, price_fen, quota, list(combines)),
    )
    return int(found[0][0])


def taken(deal_id: int) -> int:
    """How many seats are taken."""
    return int(ask("SELECT taken FROM toy_deal WHERE id = %s", deal_id)[0][0])


class ToyTeams(ActivityKind):
    """``{"kind": "toy_team", "id": 1}``."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "玩具团"
    waits_in: ClassVar[frozenset[Status]] = frozenset({Status.GATHERING})
    refundable: ClassVar[frozenset[Status]] = REFUNDABLE | {Status.GATHERING}

    def read(self, said: Mapping[str, Any]) -> Ticket:
        return Ticket(kind=KIND, id=row_id(said))

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        found = ask(
            "SELECT sku_id, price_fen, quota - taken, combines FROM toy_deal WHERE id = %s", ticket.id
        )
        if not found:
            raise ActivityNotFound
        sku_id, price_fen, left, combines = found[0]
        if [sku for sku, _ in wanted.items] != [sku_id]:
            raise StandsAlone
        if sum(quantity for _, quantity in wanted.items) > left:
            raise SoldOut
        return Admission(
            ticket=ticket,
            title="两人成团",
            price=ActivityPrice(
                ref=ticket.ref,
                label="玩具团价",
                prices_fen={sku_id: price_fen},
                scope=Skus(frozenset({sku_id})),
            ),
            combines=frozenset(map(Extra, combines)),
        )

    def when_paid(self, order: Order) -> Literal["pay", "gather"]:
        return "gather"

    def badges(self, shelved: Mapping[int, frozenset[int]], *, at: datetime) -> Mapping[int, Sequence[Badge]]:
        found = ask(
            "SELECT id, product_id, price_fen FROM toy_deal WHERE product_id = ANY(%s)", list(shelved)
        )
        return {
            product_id: [
                Badge(kind=KIND, id=pk, label="两人成团", price_fen=price_fen, starts_at=START, ends_at=END)
            ]
            for pk, product_id, price_fen in found
        }


class Seats(Holder):
    """Seats of toy deals."""

    taken_meanwhile = (SoldOut,)

    def concerns(self, order: Order) -> bool:
        return bool(order.activity and order.activity["kind"] == KIND)

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        deal_id, units = order.activity["id"], sum(item.quantity for item in quote.items)  # type: ignore[index]
        if not ask(
            "UPDATE toy_deal SET taken = taken + %s WHERE id = %s AND taken + %s <= quota RETURNING id",
            *(units, deal_id, units),
        ):
            raise SoldOut
        ask("INSERT INTO toy_seat VALUES (%s, %s, %s)", order.order_no, deal_id, units)

    def commit(self, *, order: Order, at: datetime) -> None:
        ask("UPDATE toy_seat SET paid = true WHERE order_no = %s", order.order_no)
        orders.note_activity(order=order, group_no="TG1")
        team = ask(
            "SELECT order_no FROM toy_seat JOIN toy_deal ON deal_id = id WHERE paid AND deal_id = %s"
            " AND quota = (SELECT SUM(units) FROM toy_seat WHERE paid AND deal_id = id) ORDER BY order_no",
            order.activity["id"],  # type: ignore[index]
        )
        for (order_no,) in team:
            orders.form(order_no=order_no, actor=Actor.SYSTEM, at=at)

    def release(self, *, order: Order, at: datetime) -> None:
        self._give_back(order.order_no, units=None)

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        self._give_back(order.order_no, units=sum(part.units.values()))

    def _give_back(self, order_no: str, *, units: int | None) -> None:
        ask(
            "UPDATE toy_deal SET taken = taken - COALESCE(%s, units) FROM toy_seat"
            " WHERE deal_id = id AND order_no = %s",
            *(units, order_no),
        )
