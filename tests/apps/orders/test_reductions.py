"""What offers took off an order that money came in for is kept as rows: the same as its frozen JSON says."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import JSONField, Value
from django.db.utils import IntegrityError

from apps.aftersales import planning
from apps.orders import reductions
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order, Reduction
from apps.orders.states import Actor
from mall.pricing import refs
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.points import make as points

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[int | None, str, str, int]]:
    """(SKU or None for the freight, kind, key, fen) of every reduction."""
    found = Reduction.objects.order_by("line__sku_id", "kind", "key")
    return [(row.line.sku_id if row.line else None, row.kind, row.key, row.amount_fen) for row in found]


@pytest.fixture
def order(placed: Order) -> Order:
    """The order, paid."""
    make.pay(placed)
    placed.refresh_from_db()
    return placed


@pytest.fixture
def placed() -> Order:
    """Two cups and a pot: a promotion, a coupon, points, and postage that is waived; 100 − 20 − 8 − 1 = 71 yuan."""
    member, address = make.buyer()
    make.freight(800)
    make.promotion(label="满80减20", steps=[[8_000, 2_000]])
    make.promotion("FREE_POSTAGE", threshold_fen=5_000)
    coupons.coupon(
        member, of=coupons.template("减8", kind="NO_THRESHOLD", threshold_fen=0, off_fen=800), at=make.NOW
    )
    points.points.earn(member_id=member.pk, amount=100, cause="start", at=make.NOW)
    return make.order(member, address, [(make.goods(3_000), 2), (make.goods(4_000), 1)], use_points=True)


def test_every_reduction_of_a_line_and_of_the_freight_is_a_row(order: Order) -> None:
    assert (order.payable_fen, order.shipping_fen) == (7_100, 0)
    cup, pot = order.lines.order_by("id")
    by_ref: dict[refs.Ref | None, dict[int | None, int]] = {}
    for row in Reduction.objects.all():
        by_ref.setdefault(row.ref, {})[row.line_id] = row.amount_fen
    promotion, coupon, postage, deduction = (refs.read(part["ref"]) for part in _applied(order))
    assert by_ref == {
        promotion: {cup.pk: 1_200, pot.pk: 800},
        coupon: {cup.pk: 480, pot.pk: 320},
        deduction: {cup.pk: 60, pot.pk: 40},
        postage: {None: 800},
    }


def test_an_order_has_no_rows_before_money_comes_in(placed: Order) -> None:
    assert (rows(), order_facts.unbalanced_reductions()) == ([], [])
    reductions.fill(first=placed.pk, last=placed.pk)
    assert rows() == []
    make.close(placed)
    assert (rows(), order_facts.unbalanced_reductions()) == ([], [])


@pytest.mark.parametrize("move", ["pay", "gather", "reserve"])
def test_orders_that_are_moved_together_get_them_each(placed: Order, move: str) -> None:
    member, address = make.buyer()
    other = make.order(member, address, [(make.goods(3_000), 3)])
    with transaction.atomic():
        orders.move_many([placed, other], move=move, actor=Actor.SYSTEM, at=make.NOW)
    assert dict(Counter(Reduction.objects.values_list("order", flat=True))) == {placed.pk: 7, other.pk: 2}
    assert order_facts.unbalanced_reductions() == []


def test_rows_that_an_older_version_wrote_when_it_placed_the_order_stay_as_they_are(placed: Order) -> None:
    _keep(placed)
    before = rows()
    assert (len(before), order_facts.unbalanced_reductions()) == (7, [])
    make.pay(placed)
    assert rows() == before


def test_an_unpaid_order_of_an_older_version_that_misses_some_of_its_rows_is_told(placed: Order) -> None:
    Reduction.objects.create(order=placed, line=placed.lines.first(), kind=refs.POINTS, amount_fen=60)
    assert [found.what for found in order_facts.unbalanced_reductions()] == ["order", "line"]


def _keep(order: Order) -> None:
    """Write its rows as a version did that wrote them when it was placed."""
    with connection.cursor() as cursor:
        cursor.execute(reductions.keeping("(SELECT %s::bigint AS id)"), [order.pk])


def _applied(order: Order) -> list[dict[str, Any]]:
    """Promotion, coupon, postage, points: as the order explains them."""
    names = {"满80减20": 0, "减8": 1, "积分抵扣": 3}
    return sorted(order.applied, key=lambda part: names.get(part["label"], 2))


def test_rows_add_up_to_what_lines_and_order_say(order: Order) -> None:
    lines = {line.pk: line.list_fen - line.payable_fen for line in order.lines.all()}
    kinds = {refs.PROMOTION, refs.COUPON, refs.POINTS}
    assert {line.pk: line.reduced_fen(lambda ref: ref.kind in kinds) for line in order.lines.all()} == lines
    assert sum(lines.values()) == order.reduction_fen == 2_900
    assert sum(line.reduced_fen(lambda ref: ref.kind == refs.POINTS) for line in order.lines.all()) == 100
    assert order_facts.unbalanced_reductions() == []


def test_what_is_refunded_hangs_on_no_row(order: Order) -> None:
    """While two versions run, an older one books the money of a newer one's order and writes no rows."""
    before = planning.standing_of(order)
    _forget_rows()
    assert planning.standing_of(order) == before
    held = {refs.POINTS, refs.COUPON}
    reduced_fen = [line.reduced_fen(lambda ref: ref.kind in held) for line in order.lines.order_by("id")]
    assert reduced_fen == [540, 360]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        ["text", 5, None],
        [{"ref": "points"}],
        [{"amount_fen": 1}],
        [{"ref": "points", "amount_fen": 500.5}],
        [{"ref": "points", "amount_fen": 10**20}],
        [{"ref": "points", "amount_fen": "١"}],
    ],
    ids=str,
)
def test_what_cannot_be_read_of_an_order_keeps_no_money_from_being_booked(placed: Order, odd: Any) -> None:
    with transaction.atomic():
        Order.objects.filter(pk=placed.pk).update(applied=Value(odd, JSONField()))
        placed.lines.update(reductions=Value(odd, JSONField()))
        orders.move_many([placed], move="pay", actor=Actor.SYSTEM, at=make.NOW)
    reductions.fill(first=placed.pk, last=placed.pk)
    assert rows() == []
    assert order_facts.unbalanced_reductions() != []


def test_an_order_of_before_the_rows_gets_the_same_ones_once(order: Order) -> None:
    paid = rows()
    _forget_rows()
    assert [found.what for found in order_facts.unbalanced_reductions()] == ["order", "line", "line"]
    assert [reductions.fill(first=order.pk, last=order.pk) for _ in range(2)] == [4 + 3, 0]
    assert rows() == paid


def test_the_migration_that_wrote_the_rows_of_old_orders_wrote_the_same_ones(order: Order) -> None:
    paid = rows()
    _forget_rows()
    migration = import_module("apps.orders.migrations.0008_fill_reductions")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert rows() == paid


def test_an_old_order_of_the_points_mall_gets_the_activity_that_its_price_names(order: Order) -> None:
    _forget_rows()
    label = "积分兑换：每件 300 积分"
    applied = [{"ref": "points_good:7", "label": label, "amount_fen": 2_900}]
    Order.objects.filter(pk=order.pk).update(applied=applied)
    reductions.fill(first=order.pk, last=order.pk)
    order.refresh_from_db()
    assert order.activity == {"kind": "points_good", "id": 7, "title": label}


def test_operators_are_told_which_orders_miss_rows_and_can_have_them_written(order: Order) -> None:
    _forget_rows()
    told = StringIO()
    with pytest.raises(CommandError, match="3 differ"):
        call_command("check_reductions", stdout=told)
    assert told.getvalue().startswith(f"order {order.order_no}: says 2900, its rows 0\n")
    told = StringIO()
    call_command("check_reductions", "--fill", stdout=told)
    assert told.getvalue() == "7 rows written\nevery order equals its reductions\n"


def test_orders_of_goods_get_no_activity(order: Order) -> None:
    reductions.fill(first=order.pk, last=order.pk)
    order.refresh_from_db()
    assert order.activity is None


def test_rows_are_never_changed(order: Order) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Reduction.objects.update(amount_fen=1)


def _forget_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE orders_reduction")
