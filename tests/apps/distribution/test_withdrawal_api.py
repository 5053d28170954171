"""Withdrawals over HTTP: what is answered, what is refused, and what operators make of it on their page."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.distribution.models import Promoter, Withdrawal
from apps.distribution.services import withdrawals
from apps.wechat.sandbox.control import Sandbox
from tests.admin.browser import Browser
from tests.apps.distribution import make
from tests.apps.members import make as members
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
PATH = "/me/promoter/withdrawals"


@pytest.fixture
def rich(wechat: Sandbox) -> Promoter:
    """A promoter whom WeChat knows, with 5,000 yuan."""
    make.set_rules(withdraw_min_fen=100)
    promoter = make.promoter(make.member("=苏晚晴", openid=wechat.login("苏晚晴").openid))
    make.give(promoter, 500_000)
    return promoter


@pytest.fixture
def shopper(rich: Promoter) -> Shopper:
    return Shopper(members.access_token(rich.member))


def withdraw(shopper: Shopper, key: str = "K1", **body: Any) -> Any:
    return shopper.call("POST", PATH, body, idempotency_key=key)


def test_a_small_one_is_answered_with_the_page_to_confirm_it_on(
    shopper: Shopper, wechat: Sandbox, settings: Any
) -> None:
    answer = withdraw(shopper, amount_fen=5_000)

    body = answer.json()
    assert (answer.status_code, body["status"], body["amount_fen"]) == (201, "CONFIRM", 5_000)
    assert (body["mch_id"], body["app_id"]) == (settings.WECHATPAY_MCHID, settings.WECHAT_APPID)
    assert [one["package_info"] for one in wechat.transfers()] == [body["package_info"]]
    assert shopper.call("GET", PATH).json()["results"] == [body]
    assert withdraw(shopper, amount_fen=5_000).json() == body
    me = shopper.call("GET", "/me/promoter").json()
    assert (me["available_fen"], me["withdrawing_fen"]) == (495_000, 5_000)


def test_wechat_being_away_keeps_nobody_from_withdrawing(shopper: Shopper, wechat: Sandbox) -> None:
    wechat.fault("timeout_before", path="/v3/*")
    body = withdraw(shopper, amount_fen=5_000).json()
    assert (body["status"], "package_info" in body, body["confirm_until"]) == ("PAYING", False, None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount_fen": -1}, 400, "invalid"),
        ({"amount_fen": 0}, 400, "invalid"),
        ({"amount_fen": 0.5}, 400, "invalid"),
        ({"amount_fen": "5000"}, 400, "invalid"),
        ({"amount_fen": True}, 400, "invalid"),
        ({"amount_fen": None}, 400, "invalid"),
        ({"amount_fen": float("nan")}, 400, None),
        ({"amount_fen": 10**30}, 400, "invalid"),
        ({}, 400, "invalid"),
        ({"amount_fen": 200_000}, 400, "real_name_required"),
        ({"amount_fen": 200_000, "real_name": ""}, 400, "real_name_required"),
        ({"amount_fen": 200_000, "real_name": " \u200b "}, 400, "real_name_required"),
        ({"amount_fen": 200_000, "real_name": "·"}, 400, "real_name_required"),
        ({"amount_fen": 200_000, "real_name": "长" * 51}, 400, "invalid"),
        ({"amount_fen": 200_000, "real_name": "张\x00三"}, 400, "invalid"),
        ({"amount_fen": 10**9, "real_name": "张三丰"}, 409, "not_enough_commission"),
        ({"amount_fen": 500_001, "real_name": "张三丰"}, 409, "not_enough_commission"),
        ({"amount_fen": 99}, 409, "withdrawal_limits"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_and_nothing_is_stored(
    shopper: Shopper, rich: Promoter, wechat: Sandbox, body: dict[str, Any], status: int, code: str | None
) -> None:
    answer = withdraw(shopper, **body)

    assert answer.status_code == status
    assert code in {answer.json()["code"], None}
    assert (Withdrawal.objects.count(), make.money(rich)) == (0, {"available": 500_000})
    assert wechat.transfers() == []


def test_a_key_is_needed_and_stands_for_one_amount(shopper: Shopper) -> None:
    assert shopper.call("POST", PATH, {"amount_fen": 5_000}).json()["code"] == "idempotency_key_required"
    withdraw(shopper, amount_fen=5_000)
    again = withdraw(shopper, amount_fen=6_000)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_key_reused")


def test_who_is_no_promoter_has_nothing_to_withdraw_and_sees_nobodys() -> None:
    stranger = Shopper(members.access_token(make.member()))
    assert withdraw(stranger, amount_fen=500).json()["code"] == "not_enough_commission"
    assert stranger.call("GET", PATH).json()["results"] == []


def waiting(rich: Promoter, fen: int = 150_000) -> Withdrawal:
    return make.withdraw(rich, fen, at=timezone.now())


def press(browser: Browser, row: Withdrawal, button: str, **typed: str) -> Any:
    page = reverse(f"admin:distribution_withdrawal_{button}", args=[row.pk])
    shown = browser.get(page)
    seen = shown.context["seen"] if shown.context and "seen" in shown.context else ""
    return browser.post(page, {"step": "do", "seen": seen, **typed}, follow=True)


def test_two_people_let_a_large_one_pass_and_both_are_written_down(
    rich: Promoter, admin_client: Browser
) -> None:
    row = waiting(rich)
    press(admin_client, row, "approve")
    row.refresh_from_db()
    assert row.waits_for_second
    assert press(admin_client, row, "second").status_code == 409

    other = Browser()
    other.force_login(User.objects.create_superuser("复核人"))
    press(other, row, "second")
    row.refresh_from_db()
    assert (row.status, str(row.seconded_by)) == ("PAYING", "复核人")
    acts = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert acts[-2:] == ["通过提现", "复核通过"]


def test_a_rejected_one_tells_the_promoter_why(
    rich: Promoter, shopper: Shopper, admin_client: Browser
) -> None:
    press(admin_client, waiting(rich), "reject", reason="请先补签协议")
    (mine,) = shopper.call("GET", PATH).json()["results"]
    assert (mine["status"], mine["reason"]) == ("REJECTED", "请先补签协议")
    assert make.money(rich) == {"available": 500_000}


def test_what_waits_for_its_user_is_taken_back_on_its_page(
    rich: Promoter, shopper: Shopper, admin_client: Browser, wechat: Sandbox
) -> None:
    number = withdraw(shopper, amount_fen=5_000).json()["withdrawal_no"]
    press(admin_client, Withdrawal.objects.get(), "cancel")
    assert [(one["out_bill_no"], one["state"]) for one in wechat.transfers()] == [(number, "CANCELLED")]
    assert make.money(rich) == {"available": 500_000}


def test_the_months_statement_has_a_line_for_each_promoter_and_nothing_that_a_spreadsheet_would_run(
    rich: Promoter, admin_client: Browser
) -> None:
    at = timezone.now()
    for fen in (5_000, 6_000):
        row = make.withdraw(rich, fen, at=at)
        withdrawals.learn(transfer=make.told(row, "SUCCESS"), at=at)
    failed = make.withdraw(rich, 7_000, at=at)
    withdrawals.learn(transfer=make.told(failed, "FAIL"), at=at)
    old = make.withdraw(rich, 8_000, at=at - timedelta(days=70))
    withdrawals.learn(transfer=make.told(old, "SUCCESS"), at=at - timedelta(days=70))

    month = f"{timezone.localtime(at):%Y-%m}"
    address = reverse("admin:withdrawal_statement", args=[month])
    answer = admin_client.get(f"{address}?as=csv")
    head, *lines = b"".join(answer).decode().splitlines()
    openid = rich.member.openid
    assert lines == [
        f"{rich.member.public_id},'=苏晚晴,,{openid[:8]}****{openid[-4:]},2,110.00",
    ]
    assert head == "\ufeff推客编号,昵称,姓名,收款 openid,到账笔数,到账金额（元）"
    with ZipFile(BytesIO(b"".join(admin_client.get(address)))) as book:
        told = book.read("xl/worksheets/sheet1.xml").decode()
    assert ("<t>=苏晚晴</t>" in told, "<v>110.00</v>" in told, "<f>" in told) == (True, True, False)
    assert AuditEntry.objects.filter(action="下载提现月报", subject=month).count() == 2
    assert admin_client.get(reverse("admin:withdrawal_statement", args=["1999-01"])).status_code == 404
