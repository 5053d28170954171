"""A refund that WeChat refuses for good gets an end: two people, a proof, and the buyer told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.base.models import AuditEntry
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Payment, Refund, RefundEnding
from apps.payments.services import endings, refunds
from apps.wechat.pay import facts
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.aftersales import make as orders
from tests.apps.checkout import make as counter
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return User.objects.create_superuser("安娜")


@pytest.fixture
def bert() -> User:
    return User.objects.create_superuser("贝特")


@pytest.fixture
def order() -> Order:
    """An order that was refunded whole, whose money WeChat cannot return."""
    buyer, cup = counter.buyer(), counter.goods(1000, units=5)
    made = orders.paid(buyer, [(cup, 1)])
    orders.ship(made)
    orders.refund(made, {cup: 1})
    refund = Refund.objects.get()
    refunds.apply_result(result=facts.refund(make.refunded(refund, status="ABNORMAL")), at=AT)
    return orders.fresh(made)


def number() -> str:
    return Refund.objects.get().refund_no


def asked(by: User, way: str = "PAID_OUTSIDE") -> RefundEnding:
    return endings.ask(refund_no=number(), way=way, proof="微信转账 1000071 11月28日", operator=by, at=AT)


def sees(shopper_of: Callable[[Member], Any], order: Order) -> tuple[str, str, str, int]:
    seen = shopper_of(order.member).call("GET", f"/orders/{order.order_no}").json()
    (refund,) = seen["refunds"]
    return seen["status_text"], refund["status"], refund["status_text"], seen["money_back_fen"]


def test_paid_outside_is_done_for_the_buyer(
    wechat: Sandbox, order: Order, anna: User, bert: User, shopper_of: Any
) -> None:
    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款异常", 0)
    asked(anna)
    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款异常", 0)

    endings.grant(refund_no=number(), operator=bert, at=AT)

    assert sees(shopper_of, order) == ("已退款", "DONE", "商家已线下退款", 1000)
    refund = Refund.objects.get()
    assert (refund.status, refund.settled_at) == ("PAID_OUTSIDE", AT)
    assert Announcement.objects.filter(kind="RefundSettled").count() == 1
    assert (Payment.objects.get().refunded_fen, payment_facts.stuck().count()) == (0, 0)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "申请退款结案",
        "同意退款结案",
    ]
    with pytest.raises(payments.RefundTooMuch):
        payments.request_refund(
            payment_no=Payment.objects.get().payment_no, amount_fen=1, reason="", business_key="x", at=AT
        )


def test_written_back_the_buyer_reads_that_nothing_comes(
    wechat: Sandbox, order: Order, anna: User, bert: User, shopper_of: Any
) -> None:
    asked(anna, "WRITTEN_BACK")

    endings.grant(refund_no=number(), operator=bert, at=AT)

    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款已取消，如有疑问请联系商家", 0)
    assert Refund.objects.get().status == "WRITTEN_BACK"
    with pytest.raises(MoveRefused):
        refunds.resubmit(refund_no=number(), at=AT)


def test_whoever_asked_cannot_agree(wechat: Sandbox, order: Order, anna: User) -> None:
    ending = asked(anna)

    with pytest.raises(endings.SecondPersonNeeded):
        endings.grant(refund_no=number(), operator=anna, at=AT)
    with pytest.raises(IntegrityError, match="refund_ending_takes_two_people"):
        RefundEnding.objects.filter(pk=ending.pk).update(answered_by=anna, answered_at=AT, granted=True)


def test_one_end_is_asked_at_a_time_with_a_proof(order: Order, anna: User, bert: User) -> None:
    with pytest.raises(endings.ProofMissing):
        endings.ask(refund_no=number(), way="PAID_OUTSIDE", proof="  ", operator=anna, at=AT)
    asked(anna)

    with pytest.raises(endings.EndingAsked):
        asked(bert)


def test_a_no_leaves_the_refund_as_it_was_and_another_end_may_be_asked(
    wechat: Sandbox, order: Order, anna: User, bert: User
) -> None:
    asked(anna)
    endings.refuse(refund_no=number(), operator=bert, at=AT)
    with pytest.raises(endings.EndingGone):
        endings.grant(refund_no=number(), operator=bert, at=AT)

    asked(bert)
    endings.refuse(refund_no=number(), operator=bert, at=AT)  # taken back

    assert Refund.objects.get().status == "FAILED"
    assert list(RefundEnding.objects.values_list("granted", flat=True)) == [False]


def test_a_refund_that_is_under_way_or_taken_up_anew_has_no_end_of_its_own(order: Order, anna: User) -> None:
    first = number()
    refunds.resubmit(refund_no=first, at=AT)
    with pytest.raises(MoveRefused):
        asked(anna)
    refunds.apply_result(result=facts.refund(make.refunded(Refund.objects.get(), status="CLOSED")), at=AT)
    refunds.resubmit(refund_no=first, at=AT)

    with pytest.raises(endings.RefundedAnew):
        endings.ask(refund_no=first, way="PAID_OUTSIDE", proof="转账", operator=anna, at=AT)


def test_what_wechat_has_paid_meanwhile_is_not_paid_again(
    wechat: Sandbox, settings: Any, anna: User, bert: User
) -> None:
    """WeChat refused by mistake, an operator asks for an end; in the meantime the refund is there all the same."""
    from tests.apps.payments.test_refunds import surplus

    refund: Refund = surplus.__wrapped__(wechat, settings)
    refunds.submit_due(at=make.AT.now(tz=AT.tzinfo))
    Refund.objects.filter(pk=refund.pk).update(status="FAILED")
    asked(anna)

    with pytest.raises(endings.StillAtWechat):
        endings.grant(refund_no=refund.refund_no, operator=bert, at=AT)

    assert Refund.objects.get().status != "PAID_OUTSIDE"


def test_the_end_is_asked_and_agreed_on_the_page_of_the_refund(
    wechat: Sandbox, order: Order, anna: User, bert: User
) -> None:
    one, other = Client(), Client()
    one.force_login(anna)
    other.force_login(bert)
    pk = Refund.objects.get().pk
    ask = reverse("admin:payments_refund_ask_ending", args=[pk])
    grant = reverse("admin:payments_refund_grant_ending", args=[pk])

    assert "申请结案" in one.get(ask).content.decode()
    assert one.post(ask, {"way": "PAID_OUTSIDE", "proof": "微信转账 1000071"}).status_code == 302
    seen = str(RefundEnding.objects.get().pk)
    refused = one.post(grant, {"seen": seen})
    shown = other.get(grant).content.decode()

    assert (refused.status_code, "微信转账 1000071" in shown) == (409, True)
    assert other.post(grant, {"seen": seen}).status_code == 302
    assert Refund.objects.get().status == "PAID_OUTSIDE"
    page = other.get(reverse("admin:payments_refund_change", args=[pk])).content.decode()
    assert ("已线下退款" in page, "贝特" in page) == (True, True)


def test_operators_find_the_order_by_where_its_money_is(order: Order, anna: User) -> None:
    client = Client()
    client.force_login(anna)

    def state() -> str:
        return client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert "退款异常" in state()
    refunds.resubmit(refund_no=number(), at=AT)
    assert "退款中" in state()


def test_a_no_is_said_on_the_page_of_the_refund(order: Order, anna: User, bert: User) -> None:
    other = Client()
    other.force_login(bert)
    ending = asked(anna)
    refuse = reverse("admin:payments_refund_refuse_ending", args=[Refund.objects.get().pk])

    assert other.post(refuse, {"seen": str(ending.pk)}).status_code == 302
    ending.refresh_from_db()
    assert (ending.granted, ending.answered_by, Refund.objects.get().status) == (False, bert, "FAILED")
