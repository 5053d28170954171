"""The trade bill: yesterday's payments and refunds, in WeChat's columns."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.merchant import Merchant

BEIJING = timezone(timedelta(hours=8))


def _ask(merchant: Merchant, day: str, **query: str) -> requests.Response:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return merchant.call("GET", f"/v3/bill/tradebill?bill_date={day}{more}")


def _download(merchant: Merchant, address: str) -> requests.Response:
    return merchant.call("GET", address.removeprefix(merchant.base_url))


@pytest.fixture
def yesterday(sandbox: Sandbox, merchant: Merchant) -> str:
    """A day on which 12.00 was paid and 5.00 given back; now it is noon of the next."""
    openid = sandbox.login("小明").openid
    paid = sandbox.pay(openid, merchant.prepaid_params(openid, "SO20250101"))
    merchant.refund(paid, "RF1", 500)
    now = datetime.now(tz=UTC).astimezone(BEIJING)
    noon = (now + timedelta(days=1)).replace(hour=12, minute=0, second=0)
    sandbox.put_clock_ahead((noon - now).total_seconds())
    return f"{now:%Y-%m-%d}"


def test_the_bill_has_a_line_for_each_payment_and_refund(merchant: Merchant, yesterday: str) -> None:
    answer = _ask(merchant, yesterday, bill_type="ALL").json()
    bill = _download(merchant, answer["download_url"])
    assert "Wechatpay-Signature" not in bill.headers
    assert hashlib.sha1(bill.content, usedforsecurity=False).hexdigest() == answer["hash_value"]
    head, paid, refunded, summary_head, summary = (line.split(",") for line in bill.text.splitlines())
    first = dict(zip(head, paid, strict=True))
    second = dict(zip(head, refunded, strict=True))
    assert (first["商户订单号"], first["交易状态"], first["订单金额"]) == (
        "`SO20250101",
        "`SUCCESS",
        "`12.00",
    )
    assert (first["手续费"], first["费率"], first["微信退款单号"]) == ("`0.07200", "`0.60%", "`0")
    assert (second["商户退款单号"], second["退款金额"], second["手续费"]) == ("`RF1", "`5.00", "`-0.03000")
    total = dict(zip(summary_head, summary, strict=True))
    assert (total["总交易单数"], total["订单总金额"], total["退款总金额"]) == ("`2", "`12.00", "`5.00")
    assert total["手续费总金额"] == "`0.04200"


def test_a_bill_can_be_of_one_kind_and_compressed(merchant: Merchant, yesterday: str) -> None:
    answer = _ask(merchant, yesterday, bill_type="SUCCESS", tar_type="GZIP").json()
    text = gzip.decompress(_download(merchant, answer["download_url"]).content).decode()
    assert hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() == answer["hash_value"]
    assert (len(text.splitlines()), "退款金额" in text.splitlines()[0]) == (4, False)
    refunds = _ask(merchant, yesterday, bill_type="REFUND").json()
    head = _download(merchant, refunds["download_url"]).text.splitlines()[0]
    assert "退款成功时间" in head


def test_a_bill_that_is_not_there_says_why(sandbox: Sandbox, merchant: Merchant, yesterday: str) -> None:
    day = datetime.strptime(yesterday, "%Y-%m-%d").replace(tzinfo=BEIJING)
    for wrong in ("", "2025-13-01", "20250101", f"{day + timedelta(days=1):%Y-%m-%d}", "2020-01-01"):
        assert _ask(merchant, wrong).json()["code"] == "PARAM_ERROR"
    assert _ask(merchant, f"{day - timedelta(days=1):%Y-%m-%d}").json()["code"] == "NO_STATEMENT_EXIST"
    early = (day + timedelta(days=1, hours=9)).timestamp() - datetime.now(tz=UTC).timestamp()
    sandbox.put_clock_ahead(early)
    assert _ask(merchant, yesterday).json()["code"] == "STATEMENT_CREATING"
    assert _download(merchant, "/v3/billdownload/file?token=invented").json()["code"] == "INVALID_REQUEST"
