"""Refunds that WeChat cannot bring home: sent to a bank card, told step by step, shown to whoever has to act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.base.models import AuditEntry
from apps.checkout import paying
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import abnormal, console, endings, giving_back, notifications, refunds
from apps.wechat.errors import WechatUnavailable
from apps.wechat.pay import client, facts, notify
from apps.wechat.pay.client import BankCard
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members
from tests.apps.payments import make

pytestmark = pytest.mark.django_db
CARD = BankCard(bank_type="ICBC_DEBIT", account="6222020200112233445", owner="林小满")


def now() -> datetime:
    return datetime.now(tz=UTC)


@pytest.fixture
def refund(wechat: Sandbox, settings: Any) -> Refund:
    """Ten yuan on their way back at the sandbox, which tells nothing by itself."""
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    at = now()
    shopper = wechat.login("小茶")
    order = make.order(price_fen=1000, at=at, owner=members.member(openid=shopper.openid))
    params = paying.pay(member=order.member, order_no=order.order_no, at=at)
    assert isinstance(params, dict)
    wechat.pay(shopper.openid, params)
    (paid,) = payments.close_open(order.payments.all(), at=at)
    Order.objects.filter(pk=order.pk).update(status="CLOSED", closed_at=at)
    paying.confirm_payment(transaction=paid, at=at, from_query=True)
    row = giving_back.refund_surplus(payment_no=paid.out_trade_no, at=at)
    assert row is not None
    return row


def ended(wechat: Sandbox, refund: Refund, status: str, *, after: timedelta) -> Refund:
    """WeChat is asked once it has come so far."""
    wechat.wait(lambda: [row for row in wechat.refunds() if row["status"] == status])
    refunds.query_due(at=now() + after)
    refund.refresh_from_db()
    return refund


def abnormally(wechat: Sandbox, refund: Refund) -> Refund:
    wechat.fault("refund_abnormal")
    refunds.submit_due(at=now())
    return ended(wechat, refund, "ABNORMAL", after=timedelta(minutes=5))


def test_an_abnormal_refund_is_sent_to_the_buyers_card_under_its_number_and_arrives_once(
    wechat: Sandbox, refund: Refund
) -> None:
    abnormally(wechat, refund)
    assert (refund.status, refund.abnormal_at is not None) == ("FAILED", True)
    number = refund.refund_no
    who = fulfillment.operator()

    abnormal.apply(refund_no=number, card=CARD, operator=who, at=now())
    refund.refresh_from_db()
    assert (refund.status, refund.abnormal_at) == ("PROCESSING", None)
    ended(wechat, refund, "SUCCESS", after=timedelta(hours=1))

    assert (refund.status, Payment.objects.get().refunded_fen) == ("SETTLED", 1000)
    assert [row["out_refund_no"] for row in wechat.refunds()] == [number]
    assert list(refund.steps.values_list("step", flat=True)) == [
        "REQUEST",
        "SUBMIT",
        "ABNORMAL",
        "REAPPLY",
        "SETTLE",
    ]
    assert refund.steps.get(step="REAPPLY").operator == who
    assert refund.steps.get(step="SETTLE").note == "ICBC_DEBIT借记卡3445"
    # Neither the books of operators nor the calls to WeChat have the card in the clear.
    assert CARD.account not in str(list(AuditEntry.objects.values()) + wechat.calls("abnormal"))


def sent_to_the_shop(wechat: Sandbox, refund: Refund) -> Refund:
    """WeChat has carried it out, to the shop's account."""
    abnormally(wechat, refund)
    abnormal.apply(refund_no=refund.refund_no, card=None, operator=fulfillment.operator(), at=now())
    return ended(wechat, refund, "SUCCESS", after=timedelta(hours=1))


def test_what_went_to_the_shops_account_is_not_back_at_the_buyer_and_waits_for_somebody(
    wechat: Sandbox, refund: Refund
) -> None:
    sent_to_the_shop(wechat, refund)

    assert (refund.status, refund.settled_at, refund.at_shop_at is not None) == ("AT_SHOP", None, True)
    assert Payment.objects.get().refunded_fen == 0
    assert not Announcement.objects.filter(kind="RefundSettled").exists()
    assert list(payment_facts.needing_somebody()) == list(payment_facts.stuck()) == [refund]
    assert refund.steps.last().note == "商户结算银行账户"
    page = Client()
    page.force_login(User.objects.create_superuser("财务"))
    shown = page.get(reverse("admin:payments_refund_change", args=[refund.pk])).content.decode()
    assert ("已退回商户，待转给买家" in shown, "申请结案" in shown) == (True, True)
    # Said again, or asked for again, it is the same.
    result = client.query_refund(out_refund_no=refund.refund_no)
    assert refunds.apply_result(result=result, at=now()).status == "AT_SHOP"
    with pytest.raises(abnormal.NotAbnormal):
        abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=fulfillment.operator(), at=now())
    with pytest.raises(MoveRefused):
        refunds.resubmit(refund_no=refund.refund_no, at=now())


def test_what_went_to_the_shops_account_is_done_once_two_people_say_that_it_was_paid_on(
    wechat: Sandbox, refund: Refund
) -> None:
    sent_to_the_shop(wechat, refund)
    one, other = User.objects.create_superuser("安娜"), User.objects.create_superuser("贝特")
    number = refund.refund_no
    endings.ask(refund_no=number, way="PAID_OUTSIDE", proof="微信转账 1000071", operator=one, at=now())
    with pytest.raises(endings.SecondPersonNeeded):
        endings.grant(refund_no=number, operator=one, at=now())

    endings.grant(refund_no=number, operator=other, at=now())

    refund.refresh_from_db()
    assert (refund.status, refund.settled_at is not None) == ("PAID_OUTSIDE", True)
    assert Announcement.objects.filter(kind="RefundSettled").count() == 1
    assert (payment_facts.needing_somebody().count(), payment_facts.unbalanced()) == (0, [])
    result = client.query_refund(out_refund_no=number)  # what WeChat repeats undoes nothing
    assert refunds.apply_result(result=result, at=now()).status == "PAID_OUTSIDE"


def test_the_shops_account_is_known_by_wechats_words_too_of_notifications_as_well(
    wechat: Sandbox, refund: Refund
) -> None:
    """Somebody had it sent there in the merchant console: we never asked for it."""
    abnormally(wechat, refund)
    content = make.refunded(refund, user_received_account="商户基本账户", refund_id=refund.wechat_refund_id)
    told = notify.Notification(id="N1", event_type="REFUND.SUCCESS", original_type="refund", resource=content)

    kept = notifications.keep(notification=told, at=now())
    refunds.apply_result(result=facts.refund(kept.resource), at=now())

    refund.refresh_from_db()
    assert (refund.status, refund.sent_to) == ("AT_SHOP", "")
    told = notify.Notification(
        id="N2",
        event_type="REFUND.SUCCESS",
        original_type="refund",
        resource={**content, "user_received_account": "招商银行信用卡0403"},
    )
    assert "user_received_account" not in notifications.keep(notification=told, at=now()).resource


def test_the_console_s_refund_to_the_shops_account_waits_for_somebody(
    wechat: Sandbox, refund: Refund
) -> None:
    refunds.submit_due(at=now())
    ended(wechat, refund, "SUCCESS", after=timedelta(minutes=5))
    Refund.objects.all().update(status="CLOSED", settled_at=None)
    Payment.objects.update(refunded_fen=0)
    refund.refresh_from_db()
    content = make.refunded(refund, user_received_account="商户基本账户", out_refund_no="CONSOLE1")

    row = console.hear(result=facts.refund(content), at=now())

    assert (row.origin, row.status, row.settled_at) == ("CONSOLE", "AT_SHOP", None)
    assert (row in payment_facts.needing_somebody(), Payment.objects.get().refunded_fen) == (True, 0)


def test_an_application_without_an_answer_is_asked_about_before_another_account_is_named(
    wechat: Sandbox, refund: Refund
) -> None:
    abnormally(wechat, refund)
    wechat.fault("timeout_after_commit", path="*/apply-abnormal-refund")
    who = fulfillment.operator()
    with pytest.raises(WechatUnavailable):
        abnormal.apply(refund_no=refund.refund_no, card=None, operator=who, at=now())
    refund.refresh_from_db()
    assert (refund.status, refund.sent_to) == ("FAILED", "MERCHANT_BANK_CARD")

    with pytest.raises(abnormal.NotAbnormal):
        abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=who, at=now())

    ended(wechat, refund, "SUCCESS", after=timedelta(hours=1))
    assert refund.status == "AT_SHOP"


def test_only_what_wechat_calls_abnormal_is_sent_elsewhere(wechat: Sandbox, refund: Refund) -> None:
    refunds.submit_due(at=now())
    with pytest.raises(abnormal.NotAbnormal):
        abnormal.apply(refund_no=refund.refund_no, card=None, operator=fulfillment.operator(), at=now())


def test_what_wechat_would_not_take_changes_nothing_and_can_be_tried_again(
    wechat: Sandbox, refund: Refund
) -> None:
    abnormally(wechat, refund)
    path = "*/apply-abnormal-refund"
    wechat.fault("http_status", path=path, status=400, code="PARAM_ERROR", message="银行卡号有误")
    who = fulfillment.operator()
    with pytest.raises(abnormal.AbnormalRefused) as refused:
        abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=who, at=now())
    assert "银行卡号有误" in refused.value.text
    refund.refresh_from_db()
    assert refund.status == "FAILED"
    assert (
        abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=who, at=now()).status == "PROCESSING"
    )


@pytest.mark.parametrize(
    "bank_type", ["工商银行", "icbc_debit", "ICBC", "ICBC_CREDIT", "ICBC-DEBIT", "A" * 11 + "_DEBIT"]
)
def test_a_bank_is_told_as_wechat_calls_it(bank_type: str) -> None:
    with pytest.raises(abnormal.CardInvalid, match="_DEBIT"):
        abnormal.card(bank_type=bank_type, account=CARD.account, owner=CARD.owner)
    assert abnormal.card(bank_type="ICBC_DEBIT", account=CARD.account, owner=CARD.owner) == CARD


def test_who_sends_it_twice_sends_it_once(wechat: Sandbox, refund: Refund) -> None:
    abnormally(wechat, refund)
    who = fulfillment.operator()
    abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=who, at=now())
    with pytest.raises(abnormal.NotAbnormal):
        abnormal.apply(refund_no=refund.refund_no, card=CARD, operator=who, at=now())
    assert len(wechat.refunds()) == 1


def test_refunds_that_wait_for_somebody_are_counted_and_those_that_go_on_are_not(
    wechat: Sandbox, refund: Refund
) -> None:
    def waiting() -> int:
        return payment_facts.needing_somebody().count()

    assert waiting() == 0
    wechat.fault("not_enough")
    refunds.submit_due(at=now())
    assert waiting() == 1  # the balance is to be topped up
    wechat.fault("refund_abnormal")
    refunds.submit_due(at=now() + timedelta(minutes=3))
    assert waiting() == 0
    ended(wechat, refund, "ABNORMAL", after=timedelta(minutes=10))
    assert waiting() == 1
    steps = list(refund.steps.values_list("step", flat=True))
    assert steps == ["REQUEST", "PUT_OFF", "SUBMIT", "ABNORMAL"]


def test_being_put_off_for_the_same_reason_is_told_once(wechat: Sandbox, refund: Refund) -> None:
    wechat.fault("not_enough", times=3)
    for minutes in (0, 3, 10):
        refunds.submit_due(at=now() + timedelta(minutes=minutes))
    assert list(refund.steps.values_list("step", flat=True)) == ["REQUEST", "PUT_OFF"]


def test_the_button_asks_for_a_card_once_and_refuses_what_is_under_way_again(
    wechat: Sandbox, refund: Refund
) -> None:
    abnormally(wechat, refund)
    page = Client()
    page.force_login(User.objects.create_superuser("财务"))
    address = reverse("admin:payments_refund_apply_abnormal", args=[refund.pk])

    assert "申请异常退款" in page.get(address).content.decode()
    incomplete = page.post(address, {"to": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT"})
    assert (incomplete.status_code, "退到银行卡时必填" in incomplete.content.decode()) == (409, True)
    typed = {
        "to": "USER_BANK_CARD",
        "bank_type": CARD.bank_type,
        "account": CARD.account,
        "owner": CARD.owner,
    }
    assert page.post(address, typed).status_code == 302

    refund.refresh_from_db()
    assert refund.status == "PROCESSING"
    assert page.post(address, typed).status_code == 409
    assert CARD.account not in str(list(AuditEntry.objects.values()))
