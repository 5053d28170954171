"""Bills come whole or not at all: late, changed, cut off, without their sums, of a million lines."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest

from apps.books.models import Bill, BillLine
from apps.books.services import fetching
from apps.books.states import BillKind
from apps.wechat.pay import bills as wechat_bills
from apps.wechat.pay.bills import BadBill
from tests.apps.books import make
from tests.apps.books.make import DAY, NEXT_MORNING

pytestmark = pytest.mark.django_db


def test_what_a_bill_adds_up_to_must_be_what_it_says_or_nothing_is_kept() -> None:
    line = make.paid("SO1", 1200)
    for wrong in (
        ["2", "12.00", "0.00", "0.00", "0.07200", "12.00", "0.00"],
        ["1", "12.00", "0.00", "0.00", "0.07200", "12.01", "0.00"],
        ["1", "12.00", "0.00", "0.00", "0.07201", "12.00", "0.00"],
        ["one", "12.00", "0.00", "0.00", "0.07200", "12.00", "0.00"],
        ["1", "12.00"],
    ):
        with pytest.raises(BadBill):
            make.keep(BillKind.TRADE, [line], summary=wrong)
    assert not BillLine.objects.exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, "27/11/2026"), (9, "MAYBE"), (22, "viel"), (24, "12.001"), (24, "1e3"), (6, "9" * 65)],
)
def test_a_line_that_cannot_be_read_refuses_the_whole_bill_and_is_named(column: int, value: str) -> None:
    odd = make.paid("SO2", 1200)
    odd[column] = value
    with pytest.raises(BadBill, match="line 2"):
        make.keep(BillKind.TRADE, [make.paid("SO1", 1200), odd], summary=["2", *["0.00"] * 6])
    assert not BillLine.objects.exists()


def test_a_broken_download_leaves_what_was_there() -> None:
    make.keep(BillKind.TRADE, [make.paid("SO1", 1200)])
    with pytest.raises(BadBill):
        make.keep(BillKind.TRADE, [make.paid("SO2", 1200)], summary=["9", *["0.00"] * 6])
    assert list(BillLine.objects.values_list("our_no", flat=True)) == ["SO1"]
    assert Bill.objects.get().status == "FETCHED"


def test_a_bill_that_is_fetched_again_replaces_its_lines() -> None:
    make.keep(BillKind.TRADE, [make.paid("SO1", 1200), make.paid("SO2", 300)])
    make.keep(BillKind.TRADE, [make.paid("SO2", 300)])
    assert list(BillLine.objects.values_list("number", "our_no")) == [(1, "SO2")]


def test_what_copy_reads_as_its_own_signs_is_kept_as_it_is() -> None:
    odd = "SO\\1"
    make.keep(BillKind.TRADE, [make.paid(odd, 1200)])
    assert BillLine.objects.get().our_no == odd


def test_columns_are_found_by_their_names_and_a_remark_may_hold_commas() -> None:
    line = make.moved("退款", "RF1", -300)
    line[9] = "退款总金额3.00元,含手续费0.02元"
    quoted = make.text(BillKind.FUND, [line]).replace(f"`{line[9]}", f'"`{line[9]}"')
    file = wechat_bills.Bill(BillKind.FUND, io.BytesIO(quoted.encode()), "")
    assert [one.values["业务凭证号"] for one in file.lines()] == ["RF1"]
    assert file.summary["支出金额"] == "3.00"


def test_many_lines_are_written_in_pieces(monkeypatch: Any) -> None:
    monkeypatch.setattr(fetching, "_A_PIECE", 7)
    make.keep(BillKind.TRADE, [make.paid(f"SO{n}", 100) for n in range(20)])
    assert BillLine.objects.count() == 20


def test_the_books_open_with_today_and_a_days_bills_are_due_at_ten_of_the_next(monkeypatch: Any) -> None:
    asked: list[tuple[date, str]] = []

    def fetch(*, day: date, kind: str, at: Any) -> Bill:
        asked.append((day, kind))
        return Bill.objects.get(day=day, kind=kind)

    monkeypatch.setattr(fetching, "fetch", fetch)
    noon = make.NOON
    fetching.fetch_due(at=noon)
    assert (asked, Bill.objects.count()) == ([], 2)
    fetching.fetch_due(at=NEXT_MORNING - timedelta(minutes=31))
    assert asked == []
    fetching.fetch_due(at=NEXT_MORNING - timedelta(minutes=30))
    assert asked == [(DAY, "FUND"), (DAY, "TRADE")]
    fetching.fetch_due(at=noon + timedelta(days=3))
    assert sorted({row.day for row in Bill.objects.all()}) == [DAY + timedelta(days=n) for n in range(4)]
