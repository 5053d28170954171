"""What happens to stored value when an order is placed, paid, closed and refunded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.base.transactions import NoTransaction
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Spending
from apps.wallet.services import booking
from apps.wallet.services.booking import Cause, Change
from apps.wallet.states import EntryKind
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, figures, funded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def hold(account: Account, amount_fen: int, order_no: str = "SO1") -> None:
    wallet.hold(order_no=order_no, member_id=account.member_id, amount_fen=amount_fen, at=NOW)


def paid(account: Account, amount_fen: int, order_no: str = "SO1") -> None:
    hold(account, amount_fen, order_no)
    wallet.commit(order_no=order_no, at=NOW)


def restore(amount_fen: int | None = None, cause: str = "", order_no: str = "SO1") -> None:
    wallet.restore(order_no=order_no, amount_fen=amount_fen, cause=cause, at=NOW)


def test_placing_holds_paying_takes_away_and_a_refund_brings_back():
    account = funded(50_000, 5_000)
    hold(account, 11_000)
    assert figures(account) == (50_000, 5_000, 10_000, 1_000)
    wallet.commit(order_no="SO1", at=NOW)
    assert figures(account) == (40_000, 4_000, 0, 0)
    restore()
    assert figures(account) == (50_000, 5_000, 0, 0)
    columns = (
        "kind",
        "principal_change_fen",
        "bonus_change_fen",
        "held_principal_change_fen",
        "held_bonus_change_fen",
    )
    assert list(Entry.objects.order_by("id").values_list(*columns)) == [
        ("ADJUST", 50_000, 5_000, 0, 0),
        ("HOLD", 0, 0, 10_000, 1_000),
        ("COMMIT", -10_000, -1_000, -10_000, -1_000),
        ("RESTORE", 10_000, 1_000, 0, 0),
    ]


def test_closing_an_unpaid_order_gives_back_what_it_held():
    account = funded(50_000, 5_000)
    hold(account, 11_000)
    wallet.release(order_no="SO1", at=NOW)
    assert figures(account) == (50_000, 5_000, 0, 0)


@pytest.mark.parametrize(
    ("principal_fen", "bonus_fen", "amount_fen", "taken"),
    [
        (50_000, 5_000, 55_000, (50_000, 5_000)),
        (50_000, 5_000, 1, (1, 0)),
        (10_000, 0, 7_000, (7_000, 0)),
        (0, 10_000, 7_000, (0, 7_000)),
        (100, 100, 3, (2, 1)),
        (100, 200, 100, (33, 67)),
    ],
)
def test_an_order_takes_principal_and_bonus_in_proportion(
    principal_fen: int, bonus_fen: int, amount_fen: int, taken: tuple[int, int]
):
    hold(funded(principal_fen, bonus_fen), amount_fen)
    assert Spending.objects.values_list("principal_fen", "bonus_fen").get() == taken


def test_what_another_order_holds_is_not_there_for_this_one():
    account = funded(8_000, 2_000)
    hold(account, 6_000, "SO1")
    with pytest.raises(wallet.BalanceShort) as refused:
        hold(account, 4_001, "SO2")
    assert refused.value.details == {"wanted_fen": 4_001, "available_fen": 4_000}
    hold(account, 4_000, "SO2")
    assert figures(account) == (8_000, 2_000, 8_000, 2_000)


def test_a_member_who_never_had_an_account_has_nothing_to_spend():
    with pytest.raises(wallet.BalanceShort) as refused:
        wallet.hold(order_no="SO1", member_id=members.member().pk, amount_fen=1, at=NOW)
    assert refused.value.details == {"wanted_fen": 1, "available_fen": 0}
    assert not Account.objects.exists()


def test_every_verb_changes_nothing_the_second_time():
    account = funded(8_000, 2_000)
    for _ in range(2):
        hold(account, 5_000)
    assert figures(account) == (8_000, 2_000, 4_000, 1_000)
    for _ in range(2):
        wallet.commit(order_no="SO1", at=NOW)
    assert figures(account) == (4_000, 1_000, 0, 0)
    hold(account, 5_000)
    for _ in range(2):
        restore(1_000, "RF1")
    assert figures(account) == (4_800, 1_200, 0, 0)
    for _ in range(2):
        restore()
    assert figures(account) == (8_000, 2_000, 0, 0)
    hold(account, 5_000, "SO2")
    for _ in range(2):
        wallet.release(order_no="SO2", at=NOW)
    assert figures(account) == (8_000, 2_000, 0, 0)


def test_refunds_go_back_where_the_money_came_from_and_never_beyond_what_was_taken():
    account = funded(10_000, 1_000)
    paid(account, 11_000)
    restore(3_300, "RF1")
    assert figures(account) == (3_000, 300, 0, 0)
    with pytest.raises(wallet.WalletConflict) as refused:
        restore(7_701, "RF2")
    assert refused.value.details == {"wanted_fen": 7_701, "out_fen": 7_700}
    restore(7_700, "RF2")
    assert figures(account) == (10_000, 1_000, 0, 0)
    with pytest.raises(wallet.WalletConflict):
        restore(1, "RF3")
    restore()
    assert figures(account) == (10_000, 1_000, 0, 0)


def test_refunds_of_single_fen_add_up_to_exactly_what_was_taken_from_each():
    account = funded(5, 2)
    paid(account, 7)
    seen = []
    for number in range(7):
        restore(1, f"RF{number}")
        seen.append(figures(account)[:2])
    assert seen == [(1, 0), (1, 1), (2, 1), (3, 1), (4, 1), (4, 2), (5, 2)]


def test_a_refund_remembers_the_order_and_not_what_the_account_looks_like_now():
    account = funded(10_000, 0)
    paid(account, 4_000)
    funded(0, 9_000, member=account.member)
    restore()
    assert figures(account) == (10_000, 9_000, 0, 0)


def test_orders_without_stored_value_are_left_alone():
    wallet.commit(order_no="SO9", at=NOW)
    wallet.release(order_no="SO9", at=NOW)
    restore(order_no="SO9")
    with pytest.raises(wallet.WalletConflict):
        restore(1, "RF1", order_no="SO9")


def test_a_paid_order_is_not_released_and_an_unpaid_one_not_restored():
    account = funded(10_000)
    hold(account, 4_000)
    with pytest.raises(wallet.WalletConflict):
        restore()
    wallet.commit(order_no="SO1", at=NOW)
    with pytest.raises(wallet.WalletConflict):
        wallet.release(order_no="SO1", at=NOW)
    assert figures(account) == (6_000, 0, 0, 0)


def test_a_closed_order_neither_takes_money_when_paid_late_nor_holds_it_again():
    account = funded(10_000)
    hold(account, 4_000)
    wallet.release(order_no="SO1", at=NOW)
    with pytest.raises(wallet.BalanceGone):
        wallet.commit(order_no="SO1", at=NOW)
    with pytest.raises(wallet.WalletConflict):
        hold(account, 4_000)
    assert figures(account) == (10_000, 0, 0, 0)


def test_an_order_holds_one_amount_of_one_member():
    account, other = funded(10_000), funded(10_000)
    hold(account, 4_000)
    with pytest.raises(wallet.WalletConflict):
        hold(account, 4_001)
    with pytest.raises(wallet.WalletConflict):
        hold(other, 4_000)
    with pytest.raises(wallet.WalletConflict):
        wallet.hold(order_no="SO1", member_id=members.member().pk, amount_fen=4_000, at=NOW)


@pytest.mark.parametrize("amount_fen", [0, -1, 10**30])
def test_what_is_no_amount_cannot_be_held(amount_fen: int):
    with pytest.raises(wallet.AmountInvalid):
        hold(funded(100), amount_fen)


def test_a_refund_of_some_needs_a_cause():
    with pytest.raises(ValueError, match="cause"):
        restore(100)
    with pytest.raises(ValueError, match="cause"):
        restore(cause="RF1")


def test_while_it_is_switched_off_nothing_is_held_but_what_was_begun_ends(settings: Any):
    account = funded(10_000)
    hold(account, 1_000, "SO1")
    hold(account, 2_000, "SO2")
    settings.WALLET_ENABLED = False
    with pytest.raises(wallet.WalletOff):
        hold(account, 1_000, "SO3")
    hold(account, 1_000, "SO1")
    wallet.commit(order_no="SO1", at=NOW)
    wallet.release(order_no="SO2", at=NOW)
    assert figures(account) == (9_000, 0, 0, 0)
    restore(order_no="SO1")
    assert figures(account) == (10_000, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_verbs_belong_to_the_callers_transaction():
    for call in (
        lambda: wallet.hold(order_no="SO1", member_id=1, amount_fen=1, at=NOW),
        lambda: wallet.commit(order_no="SO1", at=NOW),
        lambda: wallet.release(order_no="SO1", at=NOW),
        lambda: wallet.restore(order_no="SO1", at=NOW),
    ):
        with pytest.raises(NoTransaction):
            call()


@pytest.mark.parametrize(
    "change",
    [
        Change(principal_fen=-101),
        Change(bonus_fen=-51),
        Change(held_principal_fen=101),
        Change(held_bonus_fen=51),
        Change(held_principal_fen=-1),
        Change(held_bonus_fen=-1),
        Change(principal_fen=1, held_bonus_fen=51),
    ],
)
def test_no_booking_leaves_an_account_outside_its_bounds(change: Change):
    account = funded(100, 50)
    with pytest.raises(wallet.WalletConflict), transaction.atomic():
        booking.book(account, change, cause=Cause(EntryKind.ADJUST, "too far"), at=NOW)
    assert figures(account) == (100, 50, 0, 0)
    assert wallet_facts.unbalanced() == []


@pytest.mark.parametrize(
    "change",
    [
        {"principal_fen": -1},
        {"bonus_fen": -1},
        {"held_principal_fen": 101},
        {"held_bonus_fen": 51},
        {"held_principal_fen": -1},
        {"held_bonus_fen": -1},
    ],
)
def test_the_database_itself_refuses_an_account_outside_its_bounds(change: dict[str, int]):
    account = funded(100, 50)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**change)


def test_the_ledger_can_only_be_added_to():
    entry = funded(100).entries.get()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(principal_change_fen=1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).delete()


def test_holding_takes_five_statements_and_paying_six():
    account = funded(100)
    with CaptureQueriesContext(connection) as holding:
        hold(account, 50)
    assert len(holding) == 5
    with CaptureQueriesContext(connection) as paying:
        wallet.commit(order_no="SO1", at=NOW)
    assert len(paying) == 6
