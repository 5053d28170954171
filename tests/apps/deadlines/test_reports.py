"""How promises were kept, by day: figures that can be added in the head."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.aftersales.services.answering import answer_delay
from apps.base.days import day_window
from apps.deadlines import reports
from apps.deadlines.services import fixing
from apps.deadlines.states import DelayChoice
from apps.orders.models import Order
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db

NOW = fulfillment.AT
HOUR = timedelta(hours=1)
MONDAY = date(2026, 3, 2)
TUESDAY_ENDS = datetime(2026, 3, 4, tzinfo=ZoneInfo("Asia/Shanghai"))


def leaves(order: Order, at: datetime) -> None:
    fulfillment.parcel(order, at=at)
    fixing.end(order_no=order.order_no, at=at)


def test_a_day_is_counted_by_what_was_promised_first_and_held_against_the_merchants_borders() -> None:
    leaves(make.paid(1), TUESDAY_ENDS - timedelta(seconds=1))  # the next day: kept
    leaves(make.paid(1), TUESDAY_ENDS)  # a day later: kept all the same
    leaves(make.paid(1), NOW + 49 * HOUR)  # late
    waits = make.paid(1)
    make.put_off(waits, date(2026, 3, 6))
    answer_delay(member=waits.member, order_no=waits.order_no, choice=DelayChoice.WAIT, at=NOW + HOUR)
    leaves(Order.objects.get(pk=waits.pk), NOW + 60 * HOUR)  # late, as was agreed
    make.paid(1)  # still here
    gone = make.paid(1)
    make.put_off(gone, date(2026, 3, 6))
    answer_delay(member=gone.member, order_no=gone.order_no, choice=DelayChoice.REFUND, at=NOW + HOUR)
    fixing.end(order_no=gone.order_no, at=NOW + HOUR)
    since, until = day_window(MONDAY)

    (line,) = reports.by_day(since=since, until=until, at=NOW + 72 * HOUR)

    assert line == reports.Line(
        day=MONDAY, owed=6, kept=2, late=3, agreed=1, gone=1, judged=5, next_day=1, out_of_stock=2
    )
    assert (reports.percent(line.next_day_bp), line.misses_next_day) == ("20.00%", True)
    assert (reports.percent(line.stock_out_bp), line.lacks_too_much) == ("33.33%", True)
    assert reports.by_day(since=until, until=until + timedelta(days=1), at=NOW) == []
    # What can still leave by the end of the next day is not judged yet.
    (early,) = reports.by_day(since=since, until=until, at=NOW)
    assert early.judged == 1


@pytest.mark.parametrize(("next_day", "out_of_stock", "beyond"), [(98, 5, False), (97, 6, True)])
def test_the_borders_themselves_are_within(next_day: int, out_of_stock: int, beyond: bool) -> None:
    line = reports.Line(None, 100, 100, 0, 0, 0, 100, next_day, out_of_stock)
    assert (line.misses_next_day, line.lacks_too_much) == (beyond, beyond)


def test_rates_are_told_to_the_nearest_and_held_against_the_borders_as_they_are() -> None:
    line = reports.Line(None, 23, 23, 0, 0, 0, 23, 22, 6)
    assert reports.percent(line.stock_out_bp) == "26.09%"
    # 97.998 per cent reads 98.00 %, and is less than 98 all the same; 5.002 per cent is more than 5.
    near = reports.Line(None, 50_000, 50_000, 0, 0, 0, 50_000, 48_999, 2_501)
    assert (near.next_day_bp, near.stock_out_bp) == (9_800, 500)
    assert (near.misses_next_day, near.lacks_too_much) == (True, True)
