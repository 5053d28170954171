"""Money of another system of the same merchant, over the real wire: found, given back by two, and out of the books."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.models import Case, JournalEntry
from apps.books.services import cases, fetching, journal, remedies
from apps.books.states import BillKind
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import refunds
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "POS*20261127|1"  # a number as only other systems make them


def noon_after(wechat: Sandbox, day: date) -> datetime:
    """Let WeChat's clock be at noon of the day after: that day is over."""
    noon = days.day_window(day)[1] + timedelta(hours=12)
    wechat.put_clock_ahead((noon - timezone.now()).total_seconds())
    return noon


def compared(day: date, *, at: datetime) -> list[tuple[str, str, int | None]]:
    """Fetch a day's bills, compare them, and return what differs."""
    for kind in BillKind:
        fetching.fetch(day=day, kind=kind, at=at)
    told: list[tuple[str, str, int | None]] = []
    cases.reconcile(day=day, at=at, tell=lambda one: told.append((one.kind, one.number, one.wechat_fen)))
    return told


def standing() -> dict[str, int]:
    rows = journal_facts.balances(first=date(2026, 1, 1), last=date(2100, 1, 1))
    return {row.account.name: row.closing_fen for row in rows if row.closing_fen}


def test_money_that_is_none_of_ours_is_found_given_back_by_two_people_and_balances_the_books(
    shopper: Shopper, wechat: Sandbox
) -> None:
    order_no = shopper.orders(counter.goods(1200).pk)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    stray_id = wechat.pay_elsewhere(wechat.login("路人").openid, NUMBER, amount_fen=5000)
    today = days.shop_day(timezone.now())
    noon = noon_after(wechat, today)

    assert compared(today, at=noon) == [
        ("FUND_UNEXPLAINED", NUMBER, 5000),
        ("PAYMENT_UNKNOWN", NUMBER, 5000),
    ]
    asks, agrees = User.objects.create_user("出纳"), User.objects.create_user("会计")
    case = Case.objects.get(kind="PAYMENT_UNKNOWN")
    remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=asks, at=noon)
    assert not Refund.objects.exists()
    remedies.grant(case_id=case.pk, operator=agrees, at=noon)

    assert set(Case.objects.values_list("status", "note")) == {("RETURNED", "门店误收款")}
    refunds.submit_due(at=noon)
    refund = Refund.objects.get()
    wechat.wait_for_notify(NUMBER)
    for _ in range(9):
        wechat.resend(NUMBER, event="REFUND.SUCCESS")
    wechat.wait(lambda: [row for row in wechat.notifies(NUMBER) if len(row["attempts"]) >= 10])
    payment = Payment.objects.get(payment_no=NUMBER)
    refund.refresh_from_db()
    assert (refund.status, payment.refunded_fen, payment.transaction_id) == ("SETTLED", 5000, stray_id)
    told = Notification.objects.get(event_type="REFUND.SUCCESS")
    assert told.handled_at and "payer" not in told.resource

    tomorrow = today + timedelta(days=1)
    later = noon_after(wechat, tomorrow)
    assert (compared(today, at=later), compared(tomorrow, at=later)) == ([], [])
    journal.post_due(at=later)
    assert standing() == {"WECHAT": 1193, "PREPAID": -1200, "FEE": 7}
    end = days.day_window(tomorrow)[1]
    assert list(journal.differences(first=today, until=end, at=later)) == []
    assert list(journal_facts.unbalanced()) == []
    assert JournalEntry.objects.filter(number=NUMBER).count() == 1
    for command in ("check_invariants", "check_payments"):
        call_command(command)
