"""A promoter earns, withdraws, confirms and has it; does not confirm and has it back; waits for the merchant's money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.distribution.models import Commission, Promoter
from apps.distribution.services import bindings, promoters, settlement, transferring
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.fulfillment import make as fulfillment
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)

MONEY = ("available_fen", "withdrawing_fen", "withdrawn_fen", "debt_fen")


@pytest.fixture
def promoter(shopper: Shopper, shop: str, wechat: Sandbox) -> Shopper:
    """小满 promotes: 周周 bought for 500 yuan by her, has it, and the after-sales window is over. 50 yuan are hers."""
    make.set_rules(freeze_days=0, withdraw_min_fen=100)
    counter.freight(0)
    mine: Promoter = promoters.appoint(member_id=Member.objects.get().pk, at=timezone.now())
    friend = Shopper(shop, wechat, "周周")
    friend.logs_in()
    visitor = Member.objects.exclude(pk=mine.member_id).get()
    bindings.bind_by_code(member_id=visitor.pk, code=mine.code, at=timezone.now())
    order_no = friend.orders(counter.goods(50_000, units=5).pk)["order_no"]
    friend.pays(order_no)
    friend.waits_for(order_no, "PAID")
    fulfillment.carriers()
    fulfillment.parcel(Order.objects.get(order_no=order_no), at=timezone.now())
    outbox.deliver_due(at=timezone.now())
    friend.does("POST", f"/orders/{order_no}/receive")
    outbox.deliver_due(at=timezone.now())
    settlement.settle_due(at=timezone.now() + timedelta(seconds=1))
    assert [row.status for row in Commission.objects.all()] == ["AVAILABLE"]
    return shopper


def money(promoter: Shopper) -> tuple[int, ...]:
    me = promoter.does("GET", "/me/promoter")
    return tuple(me[name] for name in MONEY)


def withdraws(promoter: Shopper, key: str = "K1") -> Any:
    return promoter.does("POST", "/me/promoter/withdrawals", {"amount_fen": 5_000}, idempotency_key=key)


def latest(promoter: Shopper) -> Any:
    return promoter.does("GET", "/me/promoter/withdrawals")["results"][0]


def test_she_earns_withdraws_confirms_and_wechat_tells_that_it_arrived(
    promoter: Shopper, wechat: Sandbox
) -> None:
    assert money(promoter) == (5_000, 0, 0, 0)
    asked = withdraws(promoter)
    assert (asked["status"], money(promoter)) == ("CONFIRM", (0, 5_000, 0, 0))

    wechat.confirm_transfer(promoter.openid, asked["package_info"])
    wechat.wait_for_notify(asked["withdrawal_no"])

    ended = latest(promoter)
    assert (ended["status"], "package_info" in ended, money(promoter)) == ("DONE", False, (0, 0, 5_000, 0))
    call_command("check_withdrawals")


@pytest.mark.parametrize("kind", ["notify_repeated", "notify_wrong_signature", "notify_old_timestamp"])
def test_whatever_becomes_of_the_news_the_money_arrives_once(
    promoter: Shopper, wechat: Sandbox, kind: str
) -> None:
    asked = withdraws(promoter)
    wechat.fault(kind, event="MCHTRANSFER.*")
    wechat.confirm_transfer(promoter.openid, asked["package_info"])
    wechat.wait(lambda: [one for one in wechat.transfers() if one["state"] == "SUCCESS"])

    transferring.carry_on(at=timezone.now() + timedelta(minutes=4))
    assert (latest(promoter)["status"], money(promoter)) == ("DONE", (0, 0, 5_000, 0))
    call_command("check_withdrawals")


def test_news_that_names_another_amount_is_refused_and_the_question_tells(
    promoter: Shopper, wechat: Sandbox
) -> None:
    asked = withdraws(promoter)
    wechat.fault("notify_wrong_amount", event="MCHTRANSFER.*")
    wechat.confirm_transfer(promoter.openid, asked["package_info"])
    wechat.wait(lambda: [one for one in wechat.notifies(asked["withdrawal_no"]) if one["attempts"]])
    assert money(promoter) == (0, 5_000, 0, 0)

    transferring.carry_on(at=timezone.now() + timedelta(minutes=4))
    assert (latest(promoter)["status"], money(promoter)) == ("DONE", (0, 0, 5_000, 0))


def test_she_does_not_confirm_and_has_it_available_again(promoter: Shopper, wechat: Sandbox) -> None:
    asked = withdraws(promoter)
    wechat.fault("notify_lost", event="MCHTRANSFER.*")
    wechat.lapse_transfer(asked["withdrawal_no"])

    transferring.carry_on(at=timezone.now() + timedelta(minutes=4))
    ended = latest(promoter)
    assert (ended["status"], ended["reason"]) == ("FAILED", "超过 24 小时未确认收款，金额已退回")
    assert money(promoter) == (5_000, 0, 0, 0)
    assert withdraws(promoter, "K2")["status"] == "CONFIRM"


def test_the_merchant_has_no_money_and_she_has_hers_later_under_the_same_number(
    promoter: Shopper, wechat: Sandbox
) -> None:
    wechat.fault("transfer_not_enough")
    asked = withdraws(promoter)
    assert (asked["status"], money(promoter)) == ("PAYING", (0, 5_000, 0, 0))

    transferring.carry_on(at=timezone.now() + timedelta(minutes=3))
    offered = latest(promoter)
    assert (offered["status"], offered["withdrawal_no"]) == ("CONFIRM", asked["withdrawal_no"])
    wechat.confirm_transfer(promoter.openid, offered["package_info"])
    wechat.wait_for_notify(asked["withdrawal_no"])
    assert (latest(promoter)["status"], money(promoter)) == ("DONE", (0, 0, 5_000, 0))
    assert [one["out_bill_no"] for one in wechat.transfers()] == [asked["withdrawal_no"]]
