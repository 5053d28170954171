"""Two people confirm at once, or one while the day is compared again: one refund, one booking, never both. Real threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from apps.aftersales.models import AfterSaleRules
from apps.books.models import Case, JournalEntry, Remedy
from apps.books.services import cases, journal, remedies
from apps.books.states import Account, BillKind
from apps.payments.models import Payment, Refund
from apps.wechat.pay import client
from tests.apps.books import make
from tests.apps.books.make import DAY, NEXT_MORNING
from tests.apps.books.test_remedies import said
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

AT = NEXT_MORNING + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _wechat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "query_transaction", lambda *, transaction_id: said())


@pytest.fixture
def people() -> list[User]:
    AfterSaleRules.objects.update_or_create(pk=1, defaults={"second_person_above_fen": 0})
    return [User.objects.create_user(f"同事{n}") for n in range(4)]


def granting(case: Case, who: User) -> Callable[[], str]:
    def grant() -> str:
        remedies.grant(case_id=case.pk, operator=who, at=AT)
        return "granted"

    return grant


def gone() -> str:
    """The day is compared again, after what differed has become right."""
    cases.reconcile(day=DAY, at=AT)
    return "compared"


def unlocked(case_id: int) -> Case:
    return cases.found(case_id)


def a_stray(asks: User) -> Case:
    make.keep(BillKind.TRADE, [make.paid("POS1", 5000)])
    make.found()
    case = Case.objects.get()
    remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=asks, at=AT)
    return case


def a_movement(asks: User) -> Case:
    make.keep(BillKind.FUND, [make.moved("平台补贴", "X1", 800)])
    make.found()
    case = Case.objects.get()
    remedies.ask_booking(
        case_id=case.pk, account=Account.OTHER_INCOME, reason="平台活动补贴", operator=asks, at=AT
    )
    return case


def becomes_right() -> None:
    """The bill comes again, and has nothing any more that differs."""
    make.keep(BillKind.FUND, [make.moved("扣除交易手续费", "Y1", -1)])


def test_three_people_confirm_one_refund_at_once(people: list[User]) -> None:
    case = a_stray(people[0])
    assert all_answers([granting(case, who) for who in people[1:]]) == {"granted": 1, "remedy_gone": 2}
    assert (Payment.objects.count(), Refund.objects.count()) == (1, 1)


def test_three_people_confirm_one_booking_at_once(people: list[User]) -> None:
    case = a_movement(people[0])
    assert all_answers([granting(case, who) for who in people[1:]]) == {"granted": 1, "remedy_gone": 2}
    journal.post(first=DAY, until=AT + timedelta(minutes=1), at=AT)
    assert JournalEntry.objects.filter(kind="CASE").count() == 1


def test_three_ask_for_the_same_refund_at_once(people: list[User]) -> None:
    case = a_stray(people[0])
    remedies.refuse(case_id=case.pk, operator=people[0], at=AT)

    def asking(who: User) -> Callable[[], str]:
        def ask() -> str:
            remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=who, at=AT)
            return "asked"

        return ask

    assert all_answers([asking(who) for who in people[1:]]) == {"asked": 1, "remedy_waits": 2}


def test_a_difference_is_booked_or_gone_never_both(people: list[User]) -> None:
    for _ in range(6):
        case = a_movement(people[0])
        becomes_right()
        outcome = all_answers([granting(case, people[1]), gone])
        case.refresh_from_db()
        granted = Remedy.objects.get().granted
        if outcome.get("granted"):
            assert (case.status, granted) == ("BOOKED", True)
        else:
            assert outcome == {"move_refused": 1, "compared": 1}
            assert (case.status, granted) == ("GONE", None)
        Remedy.objects.all().delete()
        Case.objects.all().delete()


def test_without_the_lock_a_difference_that_is_gone_is_booked_all_the_same(people: list[User]) -> None:
    case = a_movement(people[0])
    becomes_right()
    carry_out = remedies._carry_out

    def late(*args: Any, **told: Any) -> None:
        """Whoever confirms has looked; now the day is compared and the difference is gone."""
        assert all_answers([gone]) == {"compared": 1}
        carry_out(*args, **told)

    with patch.object(remedies, "_locked", unlocked), patch.object(remedies, "_carry_out", late):
        remedies.grant(case_id=case.pk, operator=people[1], at=AT)
    case.refresh_from_db()
    assert (case.status, Remedy.objects.get().granted) == ("GONE", True)  # both
