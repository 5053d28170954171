"""Moving an order: the lifecycle is asked, the time is kept, the history only grows."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from apps.base.transactions import NoTransaction
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from mall.pricing.basket import Basket, Line
from mall.pricing.engine import quote
from tests.apps.catalog import make as catalog
from tests.apps.members import make as members
from tests.apps.orders.make import written

pytestmark = pytest.mark.django_db
AT = members.AT


def _order(member: Member | None = None, *, key: str = "k1") -> Order:
    sku = catalog.sku(price_fen=5000)
    line = Line(
        sku_id=sku.pk, product_id=sku.product_id, title="茶杯", quantity=2, unit_price_fen=sku.price_fen
    )
    with transaction.atomic():
        return written(
            member=member or members.member(),
            quote=quote(Basket(lines=(line,)), []),
            goods={sku.pk: orders.Goods(product_id=sku.product_id)},
            address={},
            remark="",
            idempotency_key=key,
            request_hash="h",
            expires_at=AT + timedelta(minutes=30),
            at=AT,
        )


def _move(order: Order, move: str, *, minutes: int = 0, **more: object) -> Order:
    with transaction.atomic():
        return orders.move(
            order_no=order.order_no,
            move=move,
            actor=Actor.SYSTEM,
            at=AT + timedelta(minutes=minutes),
            **more,  # type: ignore[arg-type]
        )


def test_whoever_places_an_order_has_the_turn_of_its_member_until_that_is_committed() -> None:
    order = _order()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND classid = (hashtext('orders_order')::bigint & 4294967295)::oid"
            " AND objid = (hashint8(%s)::bigint & 4294967295)::oid",
            [order.member_id],
        )
        assert cursor.fetchone() == (1,)


def test_from_placing_to_receipt_each_move_keeps_its_time() -> None:
    order = _order()
    for minutes, move in enumerate(("pay", "ship", "receive"), start=1):
        _move(order, move, minutes=minutes)

    order.refresh_from_db()

    assert order.status == "RECEIVED"
    assert (order.paid_at, order.shipped_at, order.received_at) == tuple(
        AT + timedelta(minutes=minutes) for minutes in (1, 2, 3)
    )
    assert order.closed_at is None
    assert list(order.history.values_list("from_status", "move", "to_status")) == [
        ("", "place", "UNPAID"),
        ("UNPAID", "pay", "PAID"),
        ("PAID", "ship", "SHIPPED"),
        ("SHIPPED", "receive", "RECEIVED"),
    ]


def test_a_formed_group_keeps_the_time_of_payment() -> None:
    order = _order()
    _move(order, "gather", minutes=1)
    _move(order, "form", minutes=2)
    order.refresh_from_db()
    assert (order.status, order.paid_at) == ("PAID", AT + timedelta(minutes=1))


def test_a_deposit_and_the_balance_keep_their_own_times() -> None:
    order = _order()
    _move(order, "reserve", minutes=1)
    order.refresh_from_db()
    assert (order.status, order.reserved_at, order.paid_at) == ("RESERVED", AT + timedelta(minutes=1), None)
    _move(order, "settle", minutes=2)
    order.refresh_from_db()
    assert (order.status, order.reserved_at, order.paid_at) == (
        "PAID",
        AT + timedelta(minutes=1),
        AT + timedelta(minutes=2),
    )


def test_a_reserved_order_whose_balance_never_comes_is_closed_and_keeps_the_time_of_its_deposit() -> None:
    order = _order()
    _move(order, "reserve", minutes=1)
    _move(order, "close", minutes=2)
    order.refresh_from_db()
    assert (order.status, order.reserved_at, order.paid_at) == ("CLOSED", AT + timedelta(minutes=1), None)


@pytest.mark.parametrize("moves", [["gather"], ["reserve"]])
@pytest.mark.parametrize("move", ["ship", "receive", "pay"])
def test_what_gathers_or_is_reserved_neither_ships_nor_is_paid_again(moves: list[str], move: str) -> None:
    order = _order()
    for made in moves:
        _move(order, made)
    with pytest.raises(MoveRefused):
        _move(order, move)


def test_a_reserved_order_has_the_time_of_its_deposit() -> None:
    order = _order()
    with pytest.raises(IntegrityError, match="order_reserved_at_when_reserved"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="RESERVED")


def test_a_formed_order_is_told_as_paid_once() -> None:
    order = _order()
    _move(order, "gather")
    for _ in range(2):
        with suppress(MoveRefused), transaction.atomic():
            orders.form(order_no=order.order_no, actor=Actor.SYSTEM, at=AT)
    assert list(Announcement.objects.order_by("id").values_list("kind", flat=True)) == [
        "OrderPlaced",
        "OrderPaid",
    ]


def test_an_order_notes_more_of_its_activity_and_never_another_one() -> None:
    order = _order()
    with pytest.raises(ValueError, match="cannot note"):
        orders.note_activity(order=order, group_no="G1")
    order.activity = {"kind": "toy", "id": 1, "title": "玩具"}
    orders.note_activity(order=order, group_no="G1")
    order.refresh_from_db()
    assert order.activity == {"kind": "toy", "id": 1, "title": "玩具", "group_no": "G1"}
    with pytest.raises(ValueError, match="cannot note"):
        orders.note_activity(order=order, id=2)


def test_a_move_that_the_table_does_not_have_changes_nothing() -> None:
    order = _order()
    _move(order, "close")
    with pytest.raises(MoveRefused):
        _move(order, "pay")
    order.refresh_from_db()
    assert (order.status, order.paid_at) == ("CLOSED", None)
    assert order.history.count() == 2


def test_the_history_names_the_operator_and_the_reason() -> None:
    operator = User.objects.create(username="xiaoer")
    order = _order()
    with transaction.atomic():
        orders.move(
            order_no=order.order_no,
            move="close",
            actor=Actor.OPERATOR,
            operator=operator,
            note="买家来电",
            at=AT,
        )
    last = order.history.order_by("id").last()
    assert last is not None
    assert (last.actor, last.operator, last.note) == ("operator", operator, "买家来电")


def test_history_can_neither_be_changed_nor_deleted() -> None:
    order = _order()
    with pytest.raises(IntegrityError), transaction.atomic():
        order.history.update(note="nothing happened")
    with pytest.raises(IntegrityError), transaction.atomic():
        order.history.all().delete()
    assert order.history.get().note == ""


def test_an_unknown_order_is_not_moved() -> None:
    with pytest.raises(NotFound), transaction.atomic():
        orders.move(order_no="SO0", move="pay", actor=Actor.SYSTEM, at=AT)


def test_a_member_s_key_stands_for_one_order() -> None:
    member = members.member()
    _order(member)
    with pytest.raises(IntegrityError, match="order_once_per_idempotency_key"), transaction.atomic():
        _order(member)


@pytest.mark.django_db(transaction=True)
def test_orders_are_written_in_a_transaction_only() -> None:
    with pytest.raises(NoTransaction):
        orders.move(order_no="SO0", move="pay", actor=Actor.SYSTEM, at=AT)


def test_order_numbers_say_the_day_and_nothing_else() -> None:
    first, second = _order().order_no, _order().order_no
    assert first[:8] == second[:8] == "SO260302"
    assert len(first) == 20
    assert first[8:] != second[8:]
