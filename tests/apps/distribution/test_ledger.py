"""The ledger: what a withdrawal holds, commits and releases; two levels at most; nothing below 0, nothing changed later."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from apps.distribution.models import Account, Commission, Entry
from apps.distribution.services import ledger
from apps.distribution.services.ledger import AmountInvalid, LedgerConflict, NotEnoughCommission
from apps.distribution.states import EntryKind
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def promoter():
    found = make.promoter()
    make.give(found, 1000)
    return found


def test_a_withdrawal_holds_then_has_what_it_held_and_again_changes_nothing(promoter):
    for _ in range(2):
        ledger.hold(promoter_id=promoter.pk, amount_fen=700, business_key="WD1", at=NOW)
    assert make.money(promoter) == {"available": 300, "withdrawing": 700}
    for _ in range(2):
        ledger.commit(promoter_id=promoter.pk, business_key="WD1", at=NOW)
    assert make.money(promoter) == {"available": 300, "withdrawn": 700}
    with pytest.raises(LedgerConflict):
        ledger.release(promoter_id=promoter.pk, business_key="WD1", at=NOW)


def test_a_withdrawal_that_failed_gives_back_and_pays_what_is_owed_meanwhile(promoter):
    ledger.hold(promoter_id=promoter.pk, amount_fen=1000, business_key="WD1", at=NOW)
    account = ledger.locked(promoter_id=promoter.pk)
    change = ledger.loss(account, amount_fen=200)
    ledger.book(account, change, kind=EntryKind.TAKE_BACK, business_key="RO1", at=NOW)
    assert make.money(promoter) == {"withdrawing": 1000, "debt": 200}
    for _ in range(2):
        ledger.release(promoter_id=promoter.pk, business_key="WD1", at=NOW)
    assert make.money(promoter) == {"available": 800}
    call_command("check_commissions")


@pytest.mark.parametrize("amount_fen", [-1, 0, 10**11])
def test_an_amount_that_nobody_withdraws_is_refused(promoter, amount_fen):
    with pytest.raises(AmountInvalid):
        ledger.hold(promoter_id=promoter.pk, amount_fen=amount_fen, business_key="WD1", at=NOW)
    assert make.money(promoter) == {"available": 1000}


def test_more_than_there_is_is_refused_with_what_there_is(promoter):
    with pytest.raises(NotEnoughCommission) as refused:
        ledger.hold(promoter_id=promoter.pk, amount_fen=1001, business_key="WD1", at=NOW)
    assert refused.value.details == {"wanted_fen": 1001, "available_fen": 1000}


def test_the_same_key_with_another_amount_and_a_key_that_held_nothing_are_refused(promoter):
    ledger.hold(promoter_id=promoter.pk, amount_fen=1, business_key="WD1", at=NOW)
    with pytest.raises(LedgerConflict):
        ledger.hold(promoter_id=promoter.pk, amount_fen=2, business_key="WD1", at=NOW)
    with pytest.raises(LedgerConflict):
        ledger.commit(promoter_id=promoter.pk, business_key="WD2", at=NOW)


def test_nobody_changes_the_ledger(promoter):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.update(reason="x")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Entry.objects.all().delete()


def test_a_third_level_is_refused_by_the_database_whoever_writes_it():
    make.set_rules()
    counter.freight(0)
    first, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], first)
    order = make.paid(buyer, [(counter.goods(1000), 1)])
    row = Commission.objects.get(order_no=order.order_no)
    row.pk, row.level, row.business_key = None, 3, "third"
    with pytest.raises(IntegrityError, match="commission_two_levels_at_most"), transaction.atomic():
        row.save(force_insert=True)
    with (
        pytest.raises(IntegrityError, match="commission_two_levels_at_most"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE distribution_commission SET level = 3")
    assert Commission.objects.count() == 1


def test_a_second_row_of_a_level_and_more_than_was_paid_are_refused_by_the_database():
    make.set_rules()
    counter.freight(0)
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    make.paid(buyer, [(counter.goods(1000), 1)])
    row = Commission.objects.get()
    row.pk, row.business_key = None, "twice"
    with pytest.raises(IntegrityError, match="commission_once_per_level"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(IntegrityError, match="commission_within_what_was_paid"), transaction.atomic():
        Commission.objects.update(amount_fen=1001)


def test_the_check_names_an_account_that_differs_from_its_ledger(promoter, capsys):
    call_command("check_commissions")
    Account.objects.filter(promoter=promoter).update(available_fen=999)
    with pytest.raises(CommandError, match="1 sums differ"):
        call_command("check_commissions")
    assert f"account {promoter.pk}: available_fen 999 but booked 1000" in capsys.readouterr().out
