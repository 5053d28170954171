"""What operators receive and correct, and whether the books balance."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Stock, StockEntry
from mall.errors import NotFound
from tests.apps.inventory.make import NOW, place, sku, stock

pytestmark = pytest.mark.django_db


def adjust(row: Stock, change: int, key: str = "count:1") -> StockEntry:
    return inventory.adjust(
        sku_id=row.sku_id,
        place_id=row.place_id,
        change=change,
        business_key=key,
        reason="盘点",
        operator=None,
        at=NOW,
    )


def test_a_delivery_is_booked_once_with_who_and_why():
    cup, operator = sku(), User.objects.create(username="lao-wang")
    for _ in range(2):
        entry = inventory.receive(
            sku_id=cup.pk,
            place_id=place().pk,
            quantity=12,
            business_key="delivery:8812",
            reason="供应商到货",
            operator=operator,
            at=NOW,
        )
    assert (entry.on_hand_change, entry.reason, entry.operator, entry.at) == (12, "供应商到货", operator, NOW)
    assert stock_facts.available([cup.pk]) == {cup.pk: 12}


def test_a_count_that_found_fewer_takes_them_off_the_shelf_once():
    row = stock(sku(), 10)
    for _ in range(2):
        adjust(row, -3)
    adjust(row, 1, key="count:2")
    row.refresh_from_db()
    assert row.on_hand == 8


def test_promised_units_cannot_be_counted_away():
    row = stock(sku(), 10)
    inventory.hold(order_no="SO1", demand={row.sku_id: 4}, at=NOW)
    with pytest.raises(inventory.BelowHeld) as refused:
        adjust(row, -7)
    assert refused.value.text == "现货 10，其中 4 已被订单占用，最多可减 6"
    adjust(row, -6)
    row.refresh_from_db()
    assert (row.on_hand, row.held) == (4, 4)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 10**30])
def test_nobody_receives_nothing_or_more_than_a_million(quantity: int):
    with pytest.raises(inventory.QuantityInvalid):
        stock(sku(), quantity)


@pytest.mark.parametrize("change", [0, 1_000_001, -(10**30)])
def test_nobody_corrects_by_nothing_or_by_more_than_a_million(change: int):
    row = stock(sku(), 1)
    with pytest.raises(inventory.QuantityInvalid):
        adjust(row, change)


def test_a_shelf_does_not_overflow_its_column():
    row = stock(sku(), 1)
    Stock.objects.filter(pk=row.pk).update(on_hand=1_000_000_000)
    with pytest.raises(inventory.QuantityInvalid):
        adjust(row, 1)


def test_goods_and_places_that_do_not_exist_receive_nothing():
    cup, here = sku(), place()
    for sku_id, place_id in ((cup.pk + 1, here.pk), (cup.pk, here.pk + 1)):
        with pytest.raises(NotFound):
            inventory.receive(
                sku_id=sku_id,
                place_id=place_id,
                quantity=1,
                business_key="k",
                reason="",
                operator=None,
                at=NOW,
            )
    assert not Stock.objects.exists()


def test_the_check_of_the_ledgers_passes_when_the_books_are_right():
    cup = sku()
    stock(cup, 5)
    inventory.hold(order_no="SO1", demand={cup.pk: 2}, at=NOW)
    said = StringIO()
    call_command("check_ledgers", stdout=said)
    assert said.getvalue() == "every stock row equals its ledger\n"


def test_the_check_of_the_ledgers_names_the_row_that_somebody_changed_by_hand():
    row = stock(sku(), 5)
    Stock.objects.filter(pk=row.pk).update(on_hand=7, held=1)
    said = StringIO()
    with pytest.raises(CommandError, match="1 stock rows differ"):
        call_command("check_ledgers", stdout=said)
    assert said.getvalue() == (
        f"stock {row.pk} (SKU {row.sku_id}, place {row.place_id}): "
        "on_hand 7 but booked 5, held 1 but booked 0\n"
    )
