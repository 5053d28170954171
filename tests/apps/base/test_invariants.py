"""The look at all promises that can be reckoned up: kept for operators, printed for machines, told while one is broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.base import invariants
from apps.base.models import Reckoning
from apps.inventory.models import Stock
from tests.apps.inventory import make as inventory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)


@pytest.fixture
def stock() -> Stock:
    return inventory.stock(inventory.sku(), 5)


def lose_a_unit(stock: Stock) -> None:
    """Somebody writes past the ledger."""
    Stock.objects.filter(pk=stock.pk).update(on_hand=4)


def test_a_sound_shop_keeps_every_promise(stock: Stock, capsys: Any) -> None:
    call_command("check_invariants")
    assert capsys.readouterr().out == f"all {len(invariants.board())} promises hold\n"


def test_a_broken_promise_is_an_exit_status_and_a_line_with_its_row(stock: Stock, capsys: Any) -> None:
    lose_a_unit(stock)
    with pytest.raises(CommandError, match="1 faults"):
        call_command("check_invariants")
    assert capsys.readouterr().out == (
        f"stock_equals_ledger: stock_id {stock.pk}, sku_id {stock.sku_id}, place_id {stock.place_id},"
        " on_hand 4, held 0, booked_on_hand 5, booked_held 0\n"
    )


def test_one_promise_can_be_asked_for_and_an_unknown_one_is_refused(stock: Stock, capsys: Any) -> None:
    lose_a_unit(stock)
    call_command("check_invariants", "wallets_equal_ledger")
    assert capsys.readouterr().out == "all 1 promises hold\n"
    with pytest.raises(CommandError, match="no such promise: luck"):
        call_command("check_invariants", "luck")


def test_operators_see_what_broke_and_since_when_until_it_is_mended(stock: Stock) -> None:
    assert invariants.reckon(at=NOON) == 0
    lose_a_unit(stock)
    assert invariants.reckon(at=NOON + timedelta(hours=1)) == 1
    assert invariants.reckon(at=NOON + timedelta(hours=2)) == 1
    row = Reckoning.objects.get(name="stock_equals_ledger")
    assert (row.faults, row.broken_since) == (1, NOON + timedelta(hours=1))
    assert row.lines.startswith(f"stock_id {stock.pk}, ")
    assert [broken.name for broken in invariants.unfulfilled()] == ["stock_equals_ledger"]
    Stock.objects.filter(pk=stock.pk).update(on_hand=5)
    assert invariants.reckon(at=NOON + timedelta(hours=3)) == 0
    row.refresh_from_db()
    assert (row.faults, row.broken_since, row.lines) == (0, None, "")


def test_a_thousand_faults_are_counted_and_fifty_are_shown(monkeypatch: Any) -> None:
    many = invariants.Invariant(
        name="many", title="多", faults=("tests.apps.base.test_invariants.a_thousand",)
    )
    monkeypatch.setattr(invariants, "board", lambda: [many])
    assert invariants.reckon(at=NOON) == 1000
    row = Reckoning.objects.get()
    assert (row.faults, len(row.lines.splitlines())) == (1000, 50)


def a_thousand() -> list[str]:
    return [f"row {number}" for number in range(1000)]


def test_a_promise_that_left_the_board_leaves_the_page(stock: Stock) -> None:
    Reckoning.objects.create(name="luck", title="运气", checked_at=NOON)
    invariants.reckon(at=NOON)
    assert not Reckoning.objects.filter(name="luck").exists()
