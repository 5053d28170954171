"""The board of deadlines and its report, as operators see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.deadlines.models import Deadline, Delay
from tests.apps.deadlines import make

pytestmark = pytest.mark.django_db

BOARD = "/admin/deadlines/deadline/"
HOUR = timedelta(hours=1)


def test_what_burns_first_stands_first_and_each_filter_is_the_words_that_are_shown(
    page: Client, manager: User
) -> None:
    now = timezone.now()
    fresh, late = make.paid(1, at=now), make.paid(1, at=now - 50 * HOUR)
    near = make.paid(1, at=now - 40 * HOUR)
    Deadline.objects.filter(order=near).update(warned_at=now)
    with CaptureQueriesContext(connection) as asked:
        rows = page.get(BOARD, {"standing": "open"}).context["cl"].result_list
    assert [row.order.order_no for row in rows] == [late.order_no, near.order_no, fresh.order_no]
    # The rows, their number, and the number that the sidebar bears.
    assert len([one for one in asked if 'FROM "deadlines_deadline"' in one["sql"]]) == 3
    for standing, expected, word in (
        ("pressing", [late, near], "即将超时"),
        ("late", [late], "已超"),
        ("wechat", [late], "已超微信时限"),
        ("over", [], ""),
    ):
        answer = page.get(BOARD, {"standing": standing})
        assert [row.order_id for row in answer.context["cl"].result_list] == [one.pk for one in expected]
        assert word in answer.content.decode()


def test_an_operator_puts_an_order_off_on_its_page_and_is_told_by_when_the_buyer_answers(
    page: Client, manager: User
) -> None:
    order = make.paid(1, at=timezone.now())
    address = f"/admin/orders/order/{order.pk}/put-off/"
    wrong = page.post(address, {"reason": "STOCK_OUT", "ships_on": "2020-01-01", "note": ""})
    assert "新的发货日须晚于" in wrong.content.decode()
    day = timezone.localdate() + timedelta(days=9)
    done = page.post(address, {"reason": "STOCK_OUT", "ships_on": f"{day}", "note": ""}, follow=True)
    assert "已通知买家" in done.content.decode()
    assert Delay.objects.get().operator == manager
    assert "微信时限" in page.get(f"/admin/orders/order/{order.pk}/change/").content.decode()


def test_the_report_is_read_and_taken_along_by_who_may(
    page: Client, manager: User, operator_with: Callable[..., Client]
) -> None:
    make.paid(1, at=timezone.now() - 100 * HOUR)
    shown = page.get(f"{BOARD}report/").content.decode()
    assert "次日发货率" in shown and "0.00%" in shown
    sheet = page.get(f"{BOARD}report/", {"sheet": "days", "as": "csv"})
    text = b"".join(sheet.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[0].startswith("日期,应发订单,按时,超时")
    assert AuditEntry.objects.filter(action="导出发货时限履约报表").count() == 1
    reader = operator_with("deadlines.view_deadline")
    assert reader.get(f"{BOARD}report/").status_code == 200
    assert reader.get(f"{BOARD}report/", {"sheet": "days"}).status_code == 403
