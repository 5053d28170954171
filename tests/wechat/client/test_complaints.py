"""消费者投诉 2.0, client and sandbox over the real wire: listed, read, answered, approved, completed, open again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from apps.base import days
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client, complaints
from apps.wechat.sandbox.control import ControlRefused, Sandbox
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client.scripted import Script, signed

NUMBER = "PY0123456789ABCD"
PHONE = "13800138000"


@pytest.fixture
def paid(sandbox: Sandbox) -> str:
    openid = sandbox.login("小明").openid
    now = datetime.now(tz=UTC)
    prepay_id = client.prepay(
        out_trade_no=NUMBER,
        description="茶杯",
        amount_fen=6800,
        openid=openid,
        expires_at=now + timedelta(hours=1),
        notify_url="http://127.0.0.1:9/wechat/pay/notify",
    )
    return sandbox.pay(openid, client.sign_for_client(prepay_id, at=now))


def today() -> date:
    return days.shop_day(datetime.now(tz=UTC))


def test_a_complaint_is_read_with_its_payment_its_pictures_and_the_phone_number_opened(
    sandbox: Sandbox, paid: str
) -> None:
    number = sandbox.complain(NUMBER, "杯子碎了", problem_type="REFUND", pictures=2, phone=PHONE)

    read = complaints.detail(complaint_id=number)

    assert (read.state, read.text, read.phone) == ("PENDING", "杯子碎了", PHONE)
    assert (read.out_trade_no, read.transaction_id, read.amount_fen) == (NUMBER, paid, 6800)
    assert (read.problem_type, read.wanted_fen, read.times) == ("REFUND", 6800, 1)
    assert PHONE not in repr(read)
    assert PHONE not in str(sandbox.calls("/v3/merchant-service"))
    found = complaints.picture(read.pictures[1])
    assert found is not None
    assert found[1] == "image/png"
    with pytest.raises(wechat_errors.WechatBadAnswer):
        complaints.picture("https://example.com/a.png")


def test_the_list_has_pages_and_asks_for_days(sandbox: Sandbox, paid: str) -> None:
    for number in range(52):
        sandbox.complain(NUMBER, f"投诉 {number}")

    first = complaints.listed(since=today(), until=today(), offset=0)
    second = complaints.listed(since=today(), until=today(), offset=50)

    assert (first.total, len(first.rows), len(second.rows)) == (52, 50, 2)
    assert second.rows[-1].text == "投诉 0"
    before = today() - timedelta(days=1)
    assert complaints.listed(since=before, until=before, offset=0).rows == ()
    with pytest.raises(wechat_errors.PayRequestInvalid):
        complaints.listed(since=today() - timedelta(days=30), until=today(), offset=0)


def test_a_line_that_cannot_be_read_hides_no_other(account: Identity, wechat: Script) -> None:
    good = {
        "complaint_id": "2002018001",
        "complaint_state": "PENDING",
        "complaint_time": "2026-11-23T12:00:00+08:00",
    }
    strange = [{}, {**good, "complaint_time": "gestern"}, {**good, "complaint_id": "../1"}, "x"]
    wechat.say(signed(account, json.dumps({"data": [*strange, good], "total_count": 5}).encode()))

    page = complaints.listed(since=today(), until=today(), offset=0)

    assert [row.complaint_id for row in page.rows] == ["2002018001"]
    assert (page.count, page.total) == (5, 5)
    sealed_for_another = complaints.read({**good, "payer_phone": "AAAA", "complaint_media_list": [3]})
    assert (sealed_for_another.phone, sealed_for_another.pictures) == ("", ())


def test_it_is_answered_completed_and_may_come_back(sandbox: Sandbox, paid: str) -> None:
    number = sandbox.complain(NUMBER, "没有收到")
    with pytest.raises(wechat_errors.PayRequestInvalid):
        complaints.complete(complaint_id=number)

    complaints.reply(complaint_id=number, text="今天补发")
    assert complaints.detail(complaint_id=number).state == "PROCESSING"
    complaints.complete(complaint_id=number)
    assert complaints.detail(complaint_id=number).state == "PROCESSED"
    assert sandbox.complain_again(number, "还是没有") == "PROCESSING"

    read = complaints.detail(complaint_id=number)
    assert (read.state, read.has_news) == ("PROCESSING", True)
    said = [(entry.who, entry.text) for entry in complaints.history(complaint_id=number)]
    assert said == [("投诉人", "还是没有"), ("商家", ""), ("商家", "今天补发"), ("投诉人", "没有收到")]


def test_a_refund_is_approved_once_and_its_arrival_ends_the_complaint(sandbox: Sandbox, paid: str) -> None:
    number = sandbox.complain(NUMBER, "想退款", problem_type="REFUND")

    complaints.approve_refund(complaint_id=number, within_days=0)
    with pytest.raises(wechat_errors.PayRequestInvalid):
        complaints.reject_refund(complaint_id=number, reason="已寄出")
    client.refund(
        transaction_id=paid,
        out_refund_no="RF01",
        refund_fen=6800,
        total_fen=6800,
        reason="投诉",
        notify_url="http://127.0.0.1:9/wechat/refund/notify",
    )

    sandbox.wait(lambda: [row for row in sandbox.complaints() if row["state"] == "PROCESSED"])
    assert complaints.detail(complaint_id=number).refunded


def test_what_cannot_be_is_refused(sandbox: Sandbox, paid: str) -> None:
    number = sandbox.complain(NUMBER, "没有收到")

    with pytest.raises(ValueError, match="characters"):
        complaints.reply(complaint_id=number, text="字" * 201)
    with pytest.raises(ValueError, match="number"):
        complaints.detail(complaint_id="../refund")
    with pytest.raises(wechat_errors.PayOrderNotFound):
        complaints.detail(complaint_id="2002018000")
    with pytest.raises(wechat_errors.PayRequestInvalid):
        complaints.approve_refund(complaint_id=number, within_days=0)  # it asks for none
    sandbox.fault("complaint_words")
    with pytest.raises(wechat_errors.PayRequestInvalid):
        complaints.reply(complaint_id=number, text="违禁词")
    with pytest.raises(ControlRefused):
        sandbox.complain("PY-nobody-paid", "没有收到")
    sandbox.fault("timeout_after_commit", path="/v3/merchant-service/complaints-v2/*/response")
    with pytest.raises(wechat_errors.WechatUnavailable) as lost:
        complaints.reply(complaint_id=number, text="今天补发")
    assert lost.value.effect_unknown


def test_wechat_is_told_where_to_call(sandbox: Sandbox) -> None:
    assert complaints.notify_address() == ""

    complaints.call_at(url="http://127.0.0.1:9/wechat/complaints/notify", known=False)
    complaints.call_at(url="http://127.0.0.1:8/wechat/complaints/notify", known=True)

    assert complaints.notify_address() == "http://127.0.0.1:8/wechat/complaints/notify"
