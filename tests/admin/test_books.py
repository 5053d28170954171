"""The books on operators' pages: a balance that balances, months, what an order brought, and who may take them along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.base import days
from apps.base.models import AuditEntry
from apps.books.models import CostRate, JournalEntry
from apps.books.services import journal, rates
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold() -> JournalEntry:
    """An order of two cups at 50 that left just now, at today's date."""
    now = timezone.now()
    CostRate.objects.create(since=days.shop_day(now) - timedelta(days=1), postage_fen=600, packing_fen=80)
    cup = counter.goods(5_000)
    type(cup).objects.update(cost_fen=2_000)
    fulfillment.carriers()
    order = counter.order(*counter.buyer(), [(cup, 2)], at=now)
    counter.pay(order, at=now)
    fulfillment.parcel(sale.fresh(order), at=now)
    journal.post(first=days.shop_day(now), until=now + timedelta(minutes=1), at=now)
    return JournalEntry.objects.get(kind="SALE")


def test_the_pages_show_what_was_posted(admin_client: Client, sold: JournalEntry) -> None:
    entry = admin_client.get(f"/admin/books/journalentry/{sold.pk}/change/").content.decode()
    balance = admin_client.get("/admin/books/journalentry/balance/").content.decode()
    months = admin_client.get("/admin/books/journalentry/months/").content.decode()
    profit = admin_client.get("/admin/books/soldorder/").content.decode()

    assert "预收款（待发货、定金）" in entry and "¥100.00" in entry
    assert "借贷平衡" in balance and "借贷不平衡" not in balance
    assert "-¥40.00" in months and "收入小计" in months
    # 100 less goods at 40, sending at 6.80, and WeChat's 0.6 %, which no bill has said yet.
    assert "¥52.60" in profit and "¥0.60（估）" in profit


def test_sheets_are_for_who_may_export_and_are_written_down(
    admin_client: Client, sold: JournalEntry, operator_with: Callable[..., Client]
) -> None:
    reader = operator_with("books.view_journalentry", "books.view_soldorder")
    paths = {
        "journalentry/balance/?sheet=1&": "销售收入",
        "journalentry/months/?sheet=1&": "销售收入",
        "journalentry/export/?": "销售收入",
        "soldorder/export/?": sold.order_no,
    }
    for path, expected in paths.items():
        asked = f"/admin/books/{path}as=csv"
        assert reader.get(asked).status_code == 403
        answer: Any = admin_client.get(asked)
        assert expected in b"".join(answer.streaming_content).decode()
    assert AuditEntry.objects.filter(subject="账簿").count() == len(paths)


def test_what_sending_costs_is_said_for_days_to_come_and_never_for_those_that_were_posted(
    admin_client: Client, sold: JournalEntry
) -> None:
    def add(since: Any) -> str:
        told = {
            "since": f"{since}",
            "postage_fen": "5.50",
            "packing_fen": "1",
            "insurance_fen": "0.6",
            "fee_bp": "0.54",
        }
        return admin_client.post("/admin/books/costrate/add/", told, follow=True).content.decode()

    today = days.shop_day(timezone.now())
    assert "之前的包裹可能已经入账" in add(today)
    add(today + timedelta(days=1))
    assert CostRate.objects.order_by("-since").values_list("postage_fen", "fee_bp")[0] == (550, 54)
    begun = CostRate.objects.order_by("since")[0]
    told = {
        "since": f"{begun.since}",
        "postage_fen": "1",
        "packing_fen": "1",
        "insurance_fen": "0",
        "fee_bp": "0.6",
    }
    assert admin_client.post(f"/admin/books/costrate/{begun.pk}/change/", told).status_code == 403
    begun.postage_fen = 1_00
    with pytest.raises(rates.RateRefused, match="已生效的费率不能修改"):
        rates.save(begun, at=timezone.now())
