"""What the sandbox process sends to the shop, read by the client from the bytes that came over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import push
from apps.wechat.pay import client, facts, notify
from apps.wechat.sandbox.control import Sandbox
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Heard, Reply, Script

NUMBER = "SO20250101000001"


@pytest.fixture
def shop() -> Iterator[Script]:
    """The shop's address, listening and content with anything."""
    with scripted.serving() as script:
        script.say(*[Reply(body=b"success", headers={"Content-Type": "text/plain"}) for _ in range(20)])
        yield script


def pay(sandbox: Sandbox, shop: Script) -> str:
    openid = sandbox.login("小明").openid
    now = datetime.now(tz=UTC)
    prepay_id = client.prepay(
        out_trade_no=NUMBER,
        description="手工陶瓷茶杯",
        amount_fen=1200,
        openid=openid,
        expires_at=now + timedelta(minutes=30),
        notify_url=f"{shop.base}/wechat/pay/notify",
    )
    return sandbox.pay(openid, client.sign_for_client(prepay_id, at=now))


def heard(sandbox: Sandbox, shop: Script) -> Heard:
    sandbox.wait(lambda: [{"heard": True}] if shop.heard else [])
    return shop.heard[0]


def read(one: Heard) -> notify.Notification:
    return notify.read(headers=one.headers, body=one.body, at=datetime.now(tz=UTC))


def test_a_payments_notify_is_read(sandbox: Sandbox, shop: Script) -> None:
    transaction_id = pay(sandbox, shop)

    told = read(heard(sandbox, shop))

    paid = facts.transaction(told.resource)
    assert (told.event_type, told.original_type) == ("TRANSACTION.SUCCESS", "transaction")
    assert (paid.out_trade_no, paid.transaction_id, paid.amount_total_fen) == (NUMBER, transaction_id, 1200)


def test_a_refunds_notify_is_read(sandbox: Sandbox, shop: Script) -> None:
    transaction_id = pay(sandbox, shop)
    heard(sandbox, shop)
    shop.heard.clear()

    client.refund(
        transaction_id=transaction_id,
        out_refund_no="RF1",
        refund_fen=600,
        total_fen=1200,
        reason="不想要了",
        notify_url=f"{shop.base}/wechat/refund/notify",
    )

    told = read(heard(sandbox, shop))
    refunded = facts.refund(told.resource)
    assert told.event_type == "REFUND.SUCCESS"
    assert (refunded.out_refund_no, refunded.status, refunded.refund_fen) == ("RF1", "SUCCESS", 600)


@pytest.mark.parametrize(
    "kind",
    [
        "notify_signtest",
        "notify_wrong_signature",
        "notify_old_timestamp",
        "notify_unknown_serial",
        "notify_garbage",
    ],
)
def test_a_notify_that_lies_is_refused(sandbox: Sandbox, shop: Script, kind: str) -> None:
    sandbox.fault(kind)
    pay(sandbox, shop)

    with pytest.raises(wechat_errors.NotifyRefused):
        read(heard(sandbox, shop))


@pytest.mark.parametrize("style", ["json", "xml"])
def test_a_push_is_read_in_either_format(sandbox: Sandbox, shop: Script, style: str) -> None:
    sandbox.push_to(f"{shop.base}/wechat/push", format=style)
    sandbox.push("trade_manage_remind_shipping", content={"transaction_id": "4200", "msg": "请尽快发货"})

    one = heard(sandbox, shop)
    message = push.read(one.query, one.body, at=datetime.now(tz=UTC))

    assert message["Event"] == "trade_manage_remind_shipping"
    assert (message["transaction_id"], message["msg"]) == ("4200", "请尽快发货")


@pytest.mark.parametrize("style", ["json", "xml"])
def test_a_customers_text_is_handed_over_in_the_format_in_which_it_came(
    sandbox: Sandbox, shop: Script, style: str
) -> None:
    def answered(one: Heard) -> Reply:
        at = datetime.now(tz=UTC)
        message = push.read(one.query, one.body, at=at)
        text, _ = push.answer(message, query=one.query, body=one.body, at=at, random=b"0123456789abcdef")
        return Reply(body=text.encode(), headers={})

    shop.replies.clear()
    shop.say(answered)
    sandbox.push_to(f"{shop.base}/wechat/push", format=style)
    openid = sandbox.login("小明").openid

    sandbox.write(openid, "在吗")

    sandbox.wait(lambda: [row for row in sandbox.pushes() if row["state"] == "ACCEPTED"])
    (delivery,) = sandbox.pushes()
    assert (delivery["event"], delivery["content"]["Content"]) == ("text", "在吗")
    told = delivery["attempts"][0]["answer"]
    assert ("<Encrypt>" in told, '"Encrypt"' in told) == (style == "xml", style == "json")


def test_the_sandboxs_check_of_the_push_url_is_answered(sandbox: Sandbox, shop: Script) -> None:
    shop.replies.clear()
    shop.say(lambda one: Reply(body=push.verify_url(one.query).encode(), headers={}))
    sandbox.push_to(f"{shop.base}/wechat/push")

    assert sandbox.verify_push_url()["ok"] is True
