"""WeChat's bills of yesterday beside the shop's books, over the real wire: what agrees, what does not, and what is done."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.base import days
from apps.books.management.commands import fetch_bills
from apps.books.models import Bill, BillLine, Case
from apps.books.services import cases
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def the_next_noon(wechat: Sandbox) -> date:
    """Let WeChat's clock be at noon of tomorrow; today is over then."""
    now = timezone.now()
    today = days.shop_day(now)
    noon = days.day_window(today)[1] + timedelta(hours=12)
    wechat.put_clock_ahead((noon - now).total_seconds())
    return today


@pytest.fixture(autouse=True)
def _commands_clock(monkeypatch: Any) -> None:
    """The command's clock goes with WeChat's: today is over for it, and its bills are written."""
    clock = SimpleNamespace(
        now=lambda: days.day_window(days.shop_day(timezone.now()))[1] + timedelta(hours=12)
    )
    monkeypatch.setattr(fetch_bills, "timezone", clock)


def fetch(day: date) -> None:
    call_command("fetch_bills", day=day)


def reconcile(day: date, capsys: Any) -> list[dict[str, Any]]:
    """The lines that the command prints; its exit status is 1 where there is any."""
    capsys.readouterr()
    try:
        call_command("reconcile", day=day)
        failed = False
    except CommandError:
        failed = True
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert failed == bool(lines)
    return lines


def test_a_day_of_payments_agrees_with_wechats_bills(shopper: Shopper, wechat: Sandbox, capsys: Any) -> None:
    cup = counter.goods(1200, units=5)
    for _ in range(2):
        order_no = shopper.orders(cup.pk)["order_no"]
        shopper.pays(order_no)
        shopper.waits_for(order_no, "PAID")
    day = the_next_noon(wechat)

    fetch(day)

    assert reconcile(day, capsys) == []
    trade = Bill.objects.get(kind="TRADE")
    assert (trade.lines_count, trade.in_fen, trade.fee_millifen) == (2, 2400, 14_400)
    assert BillLine.objects.filter(bill__kind="FUND").count() == 4  # two payments, their fees


def test_a_payment_of_which_no_word_came_is_found_asked_about_and_the_order_is_paid(
    shopper: Shopper, wechat: Sandbox, capsys: Any
) -> None:
    wechat.fault("notify_lost", times=9)
    order_no = shopper.orders(counter.goods(1200).pk)["order_no"]
    shopper.pays(order_no)
    day = the_next_noon(wechat)
    fetch(day)

    (line,) = reconcile(day, capsys)
    assert (line["kind"], line["wechat_fen"], line["day"]) == ("PAYMENT_UNHEARD", 1200, f"{day}")
    wechat.put_clock_ahead(0)
    who = User.objects.create_superuser("财务")
    case = cases.ask_wechat(case_id=Case.objects.get().pk, operator=who, at=timezone.now())

    assert case.operator == who
    assert (case.status, shopper.sees(order_no)["status"]) == ("GONE", "PAID")
    assert reconcile(day, capsys) == []


def test_a_line_that_is_missing_in_wechats_bill_is_found(
    shopper: Shopper, wechat: Sandbox, capsys: Any
) -> None:
    cup = counter.goods(1200, units=5)
    for _ in range(2):
        order_no = shopper.orders(cup.pk)["order_no"]
        shopper.pays(order_no)
        shopper.waits_for(order_no, "PAID")
    day = the_next_noon(wechat)
    wechat.fault("bill_line_missing")

    fetch(day)

    (line,) = reconcile(day, capsys)
    assert (line["kind"], line["wechat_fen"], line["shop_fen"]) == ("PAYMENT_MISSING", None, 1200)


@pytest.mark.parametrize(("fault", "why"), [("bill_changed", "another hash"), ("bill_cut", "columns of 27")])
def test_a_bill_that_was_changed_or_cut_is_refused_and_fetched_whole_the_next_time(
    fault: str, why: str, shopper: Shopper, wechat: Sandbox, capsys: Any
) -> None:
    order_no = shopper.orders(counter.goods(1200).pk)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    day = the_next_noon(wechat)
    wechat.fault(fault)

    with pytest.raises(CommandError, match="TRADE"):
        fetch(day)

    bill = Bill.objects.get(kind="TRADE")
    assert (bill.status, why in bill.last_error, bill.lines.count()) == ("FAILED", True, 0)
    fetch(day)
    assert reconcile(day, capsys) == []


def test_a_bill_that_is_not_written_yet_waits_and_an_empty_day_is_no_fault(
    shopper: Shopper, wechat: Sandbox, capsys: Any
) -> None:
    day = the_next_noon(wechat)
    fetch(day)
    assert reconcile(day, capsys) == []
    assert set(Bill.objects.values_list("status", flat=True)) == {"EMPTY"}

    early = days.day_window(day)[1] + timedelta(hours=9)
    wechat.put_clock_ahead((early - timezone.now()).total_seconds())
    Bill.objects.all().delete()
    with pytest.raises(CommandError, match="TRADE, FUND"):
        fetch(day)
    waiting = Bill.objects.get(kind="TRADE")
    assert (waiting.status, waiting.last_error) == ("WAITING", "微信正在生成账单")
    assert waiting.due_at - datetime.now(tz=waiting.due_at.tzinfo) > timedelta(minutes=29)
    with pytest.raises(CommandError, match="bill_missing"):
        call_command("reconcile", day=day)
