"""A shopper complains at WeChat about an order; the shop hears of it, answers, refunds, and the complaint is over."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.complaints.models import Complaint
from apps.complaints.services import hearing
from apps.orders.models import Order
from apps.payments.services import refunds
from apps.wechat.sandbox.control import Sandbox
from tests.admin.browser import Browser
from tests.apps.checkout import make as counter
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> Client:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("客服"))
    return browser


def press(operator: Client, row: Complaint, button: str, **typed: str) -> Any:
    address = f"/admin/complaints/complaint/{row.pk}/{button}/"
    token = operator.get(address).context["form"]["token"].value()
    answer = operator.post(address, {**typed, "token": str(token)})
    assert answer.status_code == 302
    return operator.get(answer["Location"]).content.decode()


def polled(**now: Any) -> list[dict[str, Any]]:
    """Ask WeChat, as the clock does; the complaint, once it stands so. A call of WeChat's may be at it at this moment."""
    hearing.poll_due(at=timezone.now())
    return list(Complaint.objects.filter(**now).values("complaint_id"))


def test_a_shopper_complains_is_answered_and_has_the_money_back(
    shopper: Shopper, wechat: Sandbox, operator: Client
) -> None:
    counter.freight(0)
    order_no = shopper.orders(counter.goods(6800, units=5).pk)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    call_command("register_complaints")
    payment_no = Order.objects.get(order_no=order_no).payments.get().payment_no

    number = wechat.complain(payment_no, "杯子碎了", problem_type="REFUND", pictures=1)
    wechat.wait(lambda: list(Complaint.objects.filter(complaint_id=number).values()))
    hearing.read_due(at=timezone.now())

    row = Complaint.objects.get()
    listed = operator.get("/admin/complaints/complaint/?waiting=yes").content.decode()
    assert number in listed
    assert "剩 23 小时" in listed
    page = operator.get(f"/admin/complaints/complaint/{row.pk}/change/").content.decode()
    assert order_no in page
    assert "杯子碎了" in page
    of_order = operator.get(f"/admin/orders/order/{Order.objects.get().pk}/change/").content.decode()
    assert f"/admin/complaints/complaint/{row.pk}/change/" in of_order
    picture = operator.get(f"/admin/complaints/complaint/{row.pk}/picture/1/")
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert operator.get(f"/admin/complaints/complaint/{row.pk}/picture/2/").status_code == 404

    assert "已回复买家" in press(operator, row, "reply", text="马上为您退款")
    assert "同意退款" in press(operator, row, "approve-refund", days="0")
    aftersales.refund_unshipped(order_no=order_no, reason="投诉", operator=None, at=timezone.now())
    refunds.submit_due(at=timezone.now())
    wechat.wait(lambda: [one for one in wechat.complaints() if one["state"] == "PROCESSED"])
    shopper.waits_for(order_no, "REFUNDED")
    wechat.wait(lambda: polled(status="PROCESSED"))

    row.refresh_from_db()
    assert (row.status, row.refunded, row.answer_by) == ("PROCESSED", True, None)
    assert wechat.complain_again(number, "谢谢，不过包装也坏了") == "PROCESSING"
    wechat.wait(lambda: polled(answer_by__isnull=False))
    assert "已告诉微信处理完成" in press(operator, row, "complete")
    assert wechat.complaint(number)["state"] == "PROCESSED"
