"""Of which days WeChat has bills, at the form, the command and the clock; and what is done about one that will not come."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from apps.base.models import AuditEntry
from apps.books import forms
from apps.books import selectors as book_facts
from apps.books.management.commands import fetch_bills
from apps.books.models import Bill
from apps.books.services import fetching
from apps.wechat.pay import bills as wechat_bills
from tests.apps.books import make
from tests.apps.books.make import DAY, NEXT_MORNING

pytestmark = pytest.mark.django_db
EARLY = NEXT_MORNING - timedelta(minutes=31)
NONE_OF = [date(2020, 1, 1), DAY - timedelta(days=92), DAY + timedelta(days=1), date(2027, 1, 1)]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: Any) -> None:
    for module in (forms, fetch_bills):
        monkeypatch.setattr(module, "timezone", SimpleNamespace(now=lambda: NEXT_MORNING))


@pytest.mark.parametrize("day", NONE_OF)
def test_a_day_of_which_wechat_has_no_bill_is_refused_at_form_and_command(day: date) -> None:
    form = forms.FetchForm({"day": f"{day}"})
    assert not form.is_valid()
    assert form.errors["day"] == ["微信只有 2026-08-28 到 2026-11-27 的账单：保留三个月，次日 10 点后生成"]
    with pytest.raises(CommandError, match="2026-08-28 to 2026-11-27") as refused:
        call_command("fetch_bills", day=day)
    assert (refused.value.returncode, Bill.objects.exists()) == (2, False)


def test_the_first_and_the_last_day_are_taken_and_yesterday_only_from_ten_on() -> None:
    assert forms.FetchForm({"day": "2026-08-28"}).is_valid()
    assert forms.FetchForm({"day": f"{DAY}"}).is_valid()
    assert not fetching.has_bill(DAY, at=EARLY)
    with pytest.raises(fetching.DayWithoutBill, match="到 2026-11-26 的账单"):
        fetching.require_bill(DAY, at=EARLY)
    # Three months before a 31st is the last day of a shorter month.
    assert fetching.first_day(at=NEXT_MORNING.replace(year=2026, month=5, day=31)) == date(2026, 2, 28)


def test_rows_of_impossible_days_are_not_asked_for_and_keep_no_day_from_being_noted(monkeypatch: Any) -> None:
    asked: list[date] = []

    def fetch(*, day: date, kind: str, at: Any) -> Bill:
        asked.append(day)
        return Bill.objects.get(day=day, kind=kind)

    monkeypatch.setattr(fetching, "fetch", fetch)
    for day in (date(2020, 1, 1), date(2027, 1, 1)):
        Bill.objects.create(day=day, kind="TRADE", status="FAILED", due_at=make.NOON)
    fetching.fetch_due(at=NEXT_MORNING)
    assert set(asked) == {day for day in asked if fetching.has_bill(day, at=NEXT_MORNING)}
    assert DAY in asked
    noted = Bill.objects.exclude(status="FAILED").order_by("day").values_list("day", flat=True)
    assert (noted[0], noted.last()) == (date(2026, 8, 28), DAY + timedelta(days=1))


def test_a_bill_that_will_not_come_is_explained_once_and_reminds_nobody() -> None:
    who = User.objects.create_user("caiwu")
    wrong = Bill.objects.create(day=date(2020, 1, 1), kind="TRADE", status="FAILED", due_at=make.NOON)
    due = Bill.objects.create(day=DAY, kind="FUND", due_at=make.NOON)
    assert list(book_facts.missing()) == [wrong]

    def explain(bill: Bill, note: str = "填错了日期") -> Bill:
        return fetching.explain(bill_id=bill.pk, note=note, operator=who, at=NEXT_MORNING)

    with pytest.raises(fetching.BillNoteTooShort):
        explain(wrong, "错")
    with pytest.raises(fetching.BillNotDue):
        explain(due)
    explain(wrong)
    with pytest.raises(fetching.BillNotDue):
        explain(wrong)
    with pytest.raises(fetching.BillNotFound):
        fetching.explain(bill_id=0, note="填错了日期", operator=who, at=NEXT_MORNING)
    wrong.refresh_from_db()
    assert (wrong.status, wrong.last_error) == ("CLOSED", "已说明：填错了日期")
    assert not book_facts.missing().exists()
    entry = AuditEntry.objects.get(operator=who)
    assert (entry.action, entry.subject, entry.note) == ("说明账单", "2020-01-01 交易账单", "填错了日期")


def test_the_command_says_that_a_refused_file_changed_nothing(monkeypatch: Any, capsys: Any) -> None:
    make.keep("TRADE", [make.paid("SO1", 1200), make.paid("SO2", 300)])

    def cut(*, kind: str, day: date) -> Any:
        raise wechat_bills.BadBill("ends before its summary")

    monkeypatch.setattr(wechat_bills, "fetched", cut)
    with pytest.raises(CommandError, match="TRADE, FUND"):
        call_command("fetch_bills", day=DAY)
    assert capsys.readouterr().out.splitlines() == [
        "TRADE: REFUSED, 2 lines of 2026-11-28 02:30 UTC stay as they were: "
        "账单文件不完整或与微信公布的不符，未采用（ends before its summary）",
        "FUND: FAILED: 账单文件不完整或与微信公布的不符，未采用（ends before its summary）",
    ]
