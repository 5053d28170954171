"""Codes on operators' pages stand behind Chinese words: complaints, differences, bills, refunds, also in rows of before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apps.books.models import Bill, BillLine, Case
from apps.checkout import paying
from apps.complaints.models import ComplaintAct
from apps.complaints.states import ActKind, ActStatus
from apps.outbox import services as outbox
from apps.payments.models import Refund, RefundStep
from apps.wechat.errors import PayRequestInvalid
from tests.apps.complaints import make as complaints
from tests.apps.payments import make as payments

pytestmark = pytest.mark.django_db


def read(admin_client: Any, of: str, pk: int) -> str:
    return str(admin_client.get(f"/admin/{of}/{pk}/change/").content.decode())


def test_a_complaints_history_and_what_was_sent_say_it_in_words(admin_client: Any) -> None:
    row = complaints.kept(complaints.told(), complaints.entry("1", "MERCHANT_CONFIRM_COMPLETE", ""))
    now, who = timezone.now(), User.objects.create_user("kefu")
    ComplaintAct.objects.create(
        complaint=row, token="t", kind=ActKind.REPLY, text="好", status=ActStatus.FAILED, operator=who, at=now,
        settled_at=now, fault="PARAM_ERROR 内容含敏感词",
    )  # fmt: skip
    page = read(admin_client, "complaints/complaint", row.pk)
    assert "商家确认处理完成（MERCHANT_CONFIRM_COMPLETE）" in page
    assert "内容含敏感词（PARAM_ERROR）" in page


def test_a_difference_and_a_bill_say_it_in_words(admin_client: Any) -> None:
    now = timezone.now()
    case = Case.objects.create(
        day=now.date(), kind="PAYMENT_UNHEARD", number="PY1", opened_at=now, wechat_fen=1,
        evidence="账单第 1 行为 REFUND SUCCESS；支付单 OPEN",
    )  # fmt: skip
    assert "行为退款成功（REFUND SUCCESS）；支付单待支付（OPEN）" in read(admin_client, "books/case", case.pk)
    kept = f"PayRequestInvalid: {PayRequestInvalid('PARAM_ERROR', 'bill_date')}"
    bill = Bill.objects.create(day=now.date(), kind="TRADE", status="FAILED", due_at=now, last_error=kept)
    assert "微信支付不接受这次请求（PayRequestInvalid" in read(admin_client, "books/bill", bill.pk)
    line = BillLine.objects.create(
        bill=bill, number=1, kind="REFUND", said="REFUND FAIL", amount_fen=1, at=now
    )
    assert "退款失败（REFUND FAIL）" in read(admin_client, "books/billline", line.pk)


def test_the_steps_of_a_refund_say_it_in_words(admin_client: Any) -> None:
    attempt = payments.attempt(payments.order(price_fen=1234))
    paid = payments.paid(attempt, amount_fen=1200)
    paying.confirm_payment(transaction=paid, at=timezone.now(), from_query=True)
    outbox.deliver_due(at=timezone.now())
    refund = Refund.objects.get()
    RefundStep.objects.create(
        refund=refund, step="PUT_OFF", status=refund.status, at=timezone.now(),
        note="wechat_unavailable: connection broke, effect unknown",
    )  # fmt: skip
    page = read(admin_client, "payments/refund", refund.pk)
    assert "微信服务暂时不可用，请稍后重试（wechat_unavailable: connection broke, effect unknown）" in page
