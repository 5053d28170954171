"""Operators see the money in yuan and in Chinese, change none of it, and may have a case taken up again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.checkout import paying
from apps.outbox import services as outbox
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import refunds
from apps.wechat.models import PushMessage
from apps.wechat.pay import facts
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db

OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"


@pytest.fixture
def desk() -> Client:
    """The desk of somebody who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def failed_refund() -> Refund:
    """12.34 yuan of a surplus that WeChat could not pay out, a notification about it, and a push."""
    attempt = make.attempt(make.order(price_fen=1234))
    paying.confirm_payment(transaction=make.paid(attempt, amount_fen=1200), at=AT, from_query=True)
    outbox.deliver_due(at=AT)
    refund = Refund.objects.get()
    refunds.apply_result(result=facts.refund(make.refunded(refund, status="ABNORMAL")), at=AT)
    Notification.objects.create(notify_id="N1", event_type="REFUND.ABNORMAL", resource={}, received_at=AT)
    PushMessage.objects.create(
        message_key="k", kind="subscribe", content={"FromUserName": OPENID}, received_at=AT
    )
    return refund


@pytest.mark.parametrize("model", [Payment, Refund, Notification, PushMessage])
def test_every_list_and_page_opens_and_none_can_be_changed(
    desk: Client, failed_refund: Refund, model: Any
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model.objects.get()

    listed = desk.get(reverse(f"{name}_changelist"))
    page = desk.get(reverse(f"{name}_change", args=[row.pk]))

    assert (listed.status_code, page.status_code) == (200, 200)
    assert desk.get(reverse(f"{name}_add")).status_code == 403
    assert desk.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert desk.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert OPENID not in page.content.decode()


def test_money_is_shown_in_yuan_and_surplus_can_be_picked_out(desk: Client, failed_refund: Refund) -> None:
    shown = desk.get(reverse("admin:payments_payment_changelist"), {"is_surplus__exact": "1"})

    text = shown.content.decode()
    assert "¥12.34" in text
    assert "¥12.00" in text
    assert "金额不符" in text


def act(client: Client, model: str, action: str, row: Any) -> str:
    answer = client.post(
        reverse(f"admin:payments_{model}_changelist"),
        {"action": action, "_selected_action": [row.pk]},
        follow=True,
    )
    return answer.content.decode()


def test_a_failed_refund_may_be_submitted_again_once(desk: Client, failed_refund: Refund) -> None:
    assert "已重新排队 1 笔退款" in act(desk, "refund", "submit_again", failed_refund)
    failed_refund.refresh_from_db()
    assert failed_refund.status == "REQUESTED"

    assert "当前状态下不能进行此操作" in act(desk, "refund", "submit_again", failed_refund)


def test_a_closed_refund_that_is_submitted_again_names_who_did_it(
    desk: Client, failed_refund: Refund
) -> None:
    Refund.objects.filter(pk=failed_refund.pk).update(status="CLOSED")

    act(desk, "refund", "submit_again", failed_refund)

    anew = Refund.objects.get(business_key=f"after:{failed_refund.refund_no}")
    step = anew.steps.get(step="REQUEST")
    assert step.operator == User.objects.get(is_superuser=True)


def test_an_open_notification_may_be_taken_up_again(desk: Client, failed_refund: Refund) -> None:
    row = Notification.objects.get()

    assert "已重新排队 1 条通知" in act(desk, "notification", "handle_again", row)

    row.refresh_from_db()
    assert row.due_at is not None


def test_who_may_only_look_cannot_act(failed_refund: Refund) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(looker)

    act(client, "refund", "submit_again", failed_refund)

    failed_refund.refresh_from_db()
    assert failed_refund.status == "FAILED"
