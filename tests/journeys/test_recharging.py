"""Stored value bought and spent over HTTP: from the packs to an order paid and undone; and the days it goes wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apps.aftersales import services as aftersales
from apps.checkout import asking, closing, recharging
from apps.fulfillment.models import ShippingUpload
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.wallet import selectors as wallet_facts
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.wallet.make import operator, pack
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


@pytest.fixture
def packs(shopper: Shopper) -> list[Any]:
    """充500送50 is on offer."""
    now = timezone.now()
    pack(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1), per_member=2)
    return list(shopper.does("GET", "/wallet/packs")["results"])


def places(shopper: Shopper, packs: list[Any], key: str = "recharge-1") -> str:
    wanted = {"pack_id": packs[0]["id"], "expected_principal_fen": packs[0]["principal_fen"]}
    placed = shopper.does("POST", "/wallet/recharges", wanted, idempotency_key=key)
    return str(placed["recharge_no"])


def pays(shopper: Shopper, recharge_no: str) -> str:
    asked = shopper.does("POST", f"/wallet/recharges/{recharge_no}/pay")
    return str(shopper.wechat.pay(shopper.openid, asked))


def sees(shopper: Shopper, recharge_no: str) -> Any:
    return shopper.does("GET", f"/me/wallet/recharges/{recharge_no}")


def waits(shopper: Shopper, recharge_no: str, status: str) -> Any:
    """Look at the recharge until it has the status."""
    return shopper.wechat.wait(
        lambda: [one for one in [sees(shopper, recharge_no)] if one["status"] == status]
    )[0]


def has(shopper: Shopper) -> tuple[int, int]:
    wallet = shopper.does("GET", "/me/wallet")
    return wallet["principal_fen"], wallet["bonus_fen"]


def test_a_recharge_pays_an_order_comes_back_with_it_and_is_refunded(
    shopper: Shopper, wechat: Sandbox, packs: list[Any]
) -> None:
    cup = counter.goods(11_000, units=3)
    assert (packs[0]["title"], packs[0]["left"]) == ("充500送50", 2)

    recharge_no = places(shopper, packs)
    assert places(shopper, packs) == recharge_no
    assert (sees(shopper, recharge_no)["status"], has(shopper)) == ("UNPAID", (0, 0))
    transaction_id = pays(shopper, recharge_no)
    credited = waits(shopper, recharge_no, "PAID")
    assert (credited["principal_fen"], credited["bonus_fen"]) == (50_000, 5_000)
    assert has(shopper) == (50_000, 5_000)
    assert shopper.does("POST", f"/wallet/recharges/{recharge_no}/pay") == {"paid": True}
    assert [row["left"] for row in shopper.does("GET", "/wallet/packs")["results"]] == [1]

    outbox.deliver_due(at=timezone.now())
    (told,) = wechat.shipments()
    assert (told["transaction_id"], told["logistics_type"]) == (transaction_id, 3)

    choice = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "address_id": shopper.writes_address(),
        "use_balance": True,
    }
    order_no = shopper.places(choice)["order_no"]
    assert has(shopper) == (40_000, 4_000)
    assert shopper.does("POST", f"/orders/{order_no}/pay") == {"paid": True}
    assert len(wechat.transactions()) == 1  # only the recharge was ever asked of WeChat

    now = timezone.now()
    aftersales.refund_unshipped(order_no=order_no, reason="不要了", operator=operator(), at=now)
    assert has(shopper) == (50_000, 5_000)

    recharging.refund(
        recharge_no=recharge_no,
        principal_fen=50_000,
        cause="1",
        reason="会员退充值",
        operator=User.objects.get(),
        at=now,
    )
    refunds.submit_due(at=now)
    wechat.wait(lambda: [row for row in wechat.refunds() if row["status"] == "SUCCESS"])
    (back,) = wechat.refunds()
    assert (back["refund_fen"], back["total_fen"]) == (50_000, 50_000)
    assert (waits(shopper, recharge_no, "REFUNDED")["refunded_bonus_fen"], has(shopper)) == (5_000, (0, 0))
    kinds = [entry["kind"] for entry in shopper.does("GET", "/me/wallet/entries")["results"]]
    assert kinds == ["REFUND", "RESTORE", "HOLD", "RECHARGE"]
    assert wallet_facts.unbalanced() == []


def test_a_recharge_whose_notify_was_lost_is_found_by_asking(
    shopper: Shopper, wechat: Sandbox, packs: list[Any]
) -> None:
    recharge_no = places(shopper, packs)
    wechat.fault("notify_lost")
    pays(shopper, recharge_no)
    assert sees(shopper, recharge_no)["status"] == "UNPAID"

    asking.query_unheard(at=timezone.now() + timedelta(seconds=61))

    assert (sees(shopper, recharge_no)["status"], has(shopper)) == ("PAID", (50_000, 5_000))
    number = wechat.transactions()[0]["out_trade_no"]
    wechat.resend(number)  # it turns up after all
    wechat.wait_for_notify(number)
    assert has(shopper) == (50_000, 5_000)


def test_a_recharge_that_is_paid_after_it_was_closed_goes_back_whole(
    shopper: Shopper, wechat: Sandbox, packs: list[Any]
) -> None:
    recharge_no = places(shopper, packs)
    shopper.does("POST", f"/wallet/recharges/{recharge_no}/pay")
    assert shopper.does("POST", f"/wallet/recharges/{recharge_no}/cancel")["status"] == "CLOSED"
    (row,) = wechat.transactions()
    wechat.pay_although_closed(row["out_trade_no"])
    wechat.wait_for_notify(row["out_trade_no"])

    later = timezone.now() + timedelta(minutes=1)
    outbox.deliver_due(at=later)
    refunds.submit_due(at=later)

    wechat.wait(lambda: [one for one in wechat.refunds() if one["status"] == "SUCCESS"])
    (back,) = wechat.refunds()
    assert (back["refund_fen"], back["total_fen"]) == (50_000, 50_000)
    assert (sees(shopper, recharge_no)["status"], has(shopper)) == ("CLOSED", (0, 0))
    assert ShippingUpload.objects.count() == 0


def test_a_lying_and_stuttering_wechat_credits_a_recharge_once(
    shopper: Shopper, wechat: Sandbox, packs: list[Any]
) -> None:
    first, second = places(shopper, packs), places(shopper, packs, "recharge-2")
    wechat.fault("notify_reordered")
    wechat.fault("notify_wrong_signature")
    wechat.fault("notify_wrong_amount", amount_fen=1)
    wechat.fault("notify_repeated", copies=3)

    for recharge_no in (first, second):
        pays(shopper, recharge_no)

    for recharge_no in (first, second):
        waits(shopper, recharge_no, "PAID")
    assert has(shopper) == (100_000, 10_000)
    assert wechat.refunds() == []


def test_who_lets_the_time_run_out_begins_anew(shopper: Shopper, wechat: Sandbox, packs: list[Any]) -> None:
    first, second = places(shopper, packs), places(shopper, packs, "recharge-2")
    wanted = {"pack_id": packs[0]["id"]}
    refused = shopper.call("POST", "/wallet/recharges", wanted, idempotency_key="recharge-3")
    assert (refused.status, refused.body["code"]) == (409, "pack_limit_reached")
    assert refused.body["details"] == {"limit": 2, "unpaid": [first, second]}

    closing.close_expired(at=timezone.now() + timedelta(minutes=31))

    assert sees(shopper, first)["status"] == "CLOSED"
    assert places(shopper, packs, "recharge-3") not in {first, second}
    late = shopper.call("POST", f"/wallet/recharges/{first}/pay")
    assert (late.status, late.body["code"]) == (409, "recharge_not_payable")


def test_a_recharge_of_somebody_else_is_not_there(
    shopper: Shopper, shop: str, wechat: Sandbox, packs: list[Any]
) -> None:
    recharge_no = places(shopper, packs)
    stranger = Shopper(shop, wechat, "老王")
    stranger.logs_in()
    for method, path in [
        ("GET", f"/me/wallet/recharges/{recharge_no}"),
        ("POST", f"/wallet/recharges/{recharge_no}/pay"),
        ("POST", f"/wallet/recharges/{recharge_no}/cancel"),
    ]:
        answer = stranger.call(method, path)
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert stranger.does("GET", "/me/wallet/recharges") == {"results": [], "next": None}
    assert len(shopper.does("GET", "/me/wallet/recharges")["results"]) == 1
