"""Sending many orders at once: printed lists, and a file of numbers that is looked at, then taken in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.base.models import AuditEntry
from apps.fulfillment.import_form import ImportForm
from apps.fulfillment.models import Parcel
from apps.orders.models import Order
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db
IMPORT = "/admin/fulfillment/parcel/import/"


def printed(page: Client, action: str, *orders: Order) -> Any:
    chosen = [str(order.pk) for order in orders]
    return page.post("/admin/orders/order/", {"action": action, "_selected_action": chosen})


def test_lists_of_chosen_orders_are_printed_and_who_printed_addresses_is_known(page: Client) -> None:
    waiting, sent = make.paid_order(2), make.paid_order(1)
    make.parcel(sent)
    for action in ("print_pick_list", "print_slips"):
        answer = printed(page, action, waiting, sent)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-")
        assert "no-store" in answer["Cache-Control"]
    assert [row.subject for row in AuditEntry.objects.filter(action="打印装箱单")] == [waiting.order_no]
    refused = page.get(printed(page, "print_slips", sent)["Location"]).content.decode()
    assert "所选订单中没有可以发货的订单" in refused


def test_a_file_is_shown_as_what_it_would_do_and_taken_in_when_that_is_confirmed(page: Client) -> None:
    order = make.paid_order(2)
    text = f"订单号,快递公司,快递单号\n{order.order_no},顺丰速运,SF1234567890\n"
    file = SimpleUploadedFile("numbers.csv", text.encode("gbk"), "text/csv")
    shown = page.post(IMPORT, {"file": file}).content.decode()
    assert f"{order.order_no} SF SF1234567890" in shown
    assert not Parcel.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown))
    answer = page.post(IMPORT, {**hidden, "step": "confirm"}, follow=True)
    assert "已发出 1 个包裹，0 行此前已导入" in answer.content.decode()
    assert Parcel.objects.get().carrier.code == "SF"


def test_a_wrong_file_is_refused_with_its_rows_and_a_large_one_unread(page: Client) -> None:
    wrong = SimpleUploadedFile("a.csv", "订单号,快递公司,快递单号\nSO1,顺丰,1.23E+14\n".encode())
    shown = page.post(IMPORT, {"file": wrong}).content.decode()
    assert "第 2 行：「1.23E+14」已被 Excel 改写" in shown
    large = SimpleUploadedFile("a.xlsx", b"PK\x03\x04" + b"\0" * 3_000_000)
    form = ImportForm({}, {"file": large})
    large.file.close()  # whoever read it would fail
    assert form.errors["file"] == ["文件不能超过 2 MB，请分成几份"]
