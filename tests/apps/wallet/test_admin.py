"""The operators' pages of stored value: sums to read, packs that make sense, money through the services only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.wallet import services as wallet
from apps.wallet.models import Account, Pack
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, figures, funded, pack

pytestmark = pytest.mark.django_db
ACCOUNTS = "/admin/wallet/account/"
PACKS = "/admin/wallet/pack/"
OFF = "储值功能未开启"


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


@pytest.fixture
def page(admin_client: Client) -> Client:
    return admin_client


def on_sale() -> Pack:
    now = timezone.now()
    return pack(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))


def sent(**typed: Any) -> dict[str, Any]:
    return {"reason": "凭证号 8812", "token": str(uuid4()), **typed}


def correction(**typed: Any) -> dict[str, Any]:
    asked = {"part": "principal_change_fen", "sign": "-1", "amount_fen": "12.50", "step": "confirm"}
    return sent(**{**asked, **typed})


def typed_pack(**typed: Any) -> dict[str, Any]:
    return {
        "title": "充500送50",
        "principal_fen": "500",
        "bonus_fen": "50",
        "per_member": "0",
        "starts_at_0": "2026-11-23",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2026-11-24",
        "ends_at_1": "00:00:00",
        "enabled": "on",
        "position": "0",
        **typed,
    }


def test_a_paid_recharge_is_booked_for_a_member_who_never_had_an_account(page: Client, admin_user: User):
    owner, bought = members.member(), on_sale()
    form = sent(code=owner.public_id, pack=bought.pk)
    answer = page.post(f"{ACCOUNTS}recharge/", form, follow=True)
    assert "充值完成：本金 500.00 元，赠送金 50.00 元" in answer.content.decode()
    page.post(f"{ACCOUNTS}recharge/", form)
    account = Account.objects.get(member=owner)
    assert figures(account) == (50_000, 5_000, 0, 0)
    entry = account.entries.get()
    assert (entry.reason, entry.operator) == ("凭证号 8812", admin_user)
    assert AuditEntry.objects.filter(operator=admin_user, subject=owner.public_id).count() == 1


def test_a_correction_is_typed_in_yuan_and_booked_once(page: Client):
    account = funded(10_000, 1_000)
    form = correction()
    for _ in range(2):
        assert page.post(f"{ACCOUNTS}{account.pk}/adjust/", form).status_code == 302
    assert figures(account) == (8_750, 1_000, 0, 0)
    page.post(
        f"{ACCOUNTS}{account.pk}/adjust/", correction(part="bonus_change_fen", sign="1", amount_fen="3")
    )
    assert figures(account) == (8_750, 1_300, 0, 0)


def test_a_correction_is_shown_with_what_it_makes_of_the_account_before_it_is_booked(page: Client):
    account = funded(10_000, 1_000)
    answer = page.post(f"{ACCOUNTS}{account.pk}/adjust/", correction(step="preview"))
    facts = dict(answer.context["facts"])
    assert facts["本次调整"] == "本金减少 ¥12.50"
    assert (facts["目前可用本金"], facts["调整后可用本金"]) == ("¥100.00", "¥87.50")
    assert facts["目前可用赠送金"] == facts["调整后可用赠送金"] == "¥10.00"
    assert figures(account) == (10_000, 1_000, 0, 0)
    short = page.post(f"{ACCOUNTS}{account.pk}/adjust/", correction(step="preview", amount_fen="100.01"))
    assert short.status_code == 409
    assert "不足以扣减" in short.text


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"amount_fen": "100.01"}, "可用本金 100.00 元，不足以扣减 100.01 元"),
        ({"amount_fen": "0"}, "金额不能低于 0.01 元"),
        ({"amount_fen": "-5"}, "请填写金额，单位为元"),
        ({"amount_fen": "１"}, "请填写金额，单位为元"),
        ({"amount_fen": "1.005"}, "请填写金额，单位为元"),
        ({"amount_fen": "9" * 30}, "请填写金额，单位为元"),
        ({"sign": "1", "amount_fen": "4900.01"}, "账户余额不能超过 5000.00 元"),
        ({"sign": "7"}, "选择一个有效的选项"),
        ({"part": "held_bonus_fen"}, "选择一个有效的选项"),
        ({"reason": " "}, "请填写此项"),
        ({"token": "x"}, "页面已失效，请返回后重新打开"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_in_chinese(
    page: Client, typed: dict[str, str], reason: str
):
    account = funded(10_000)
    answer = page.post(f"{ACCOUNTS}{account.pk}/adjust/", correction(**typed))
    assert answer.status_code in {200, 409}
    assert reason in answer.content.decode()
    assert figures(account) == (10_000, 0, 0, 0)


def test_a_recharge_names_a_member_and_a_pack_on_offer(page: Client):
    over = pack(starts_at=NOW - timedelta(days=9), ends_at=NOW - timedelta(days=8))
    answer = page.post(f"{ACCOUNTS}recharge/", sent(code="NOBODY", pack=over.pk)).content.decode()
    assert "没有这个编号的会员" in answer
    assert "选择一个有效的选项" in answer


@pytest.mark.parametrize("row_id", ["0", "999", "abc", "9" * 40])
def test_an_account_that_does_not_exist_is_not_found(page: Client, row_id: str):
    assert page.get(f"{ACCOUNTS}{row_id}/adjust/").status_code == 404


def test_sums_and_ledger_are_shown_and_cannot_be_typed(page: Client):
    account = funded(12_345)
    shown = page.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert "¥123.45" in shown
    assert 'name="principal_fen"' not in shown
    assert page.post(f"{ACCOUNTS}{account.pk}/change/", {"principal_fen": 99}).status_code == 403
    entry = account.entries.get()
    assert page.post(f"/admin/wallet/entry/{entry.pk}/change/", {"reason": "x"}).status_code == 403
    for path in ("account", "entry", "spending"):
        assert page.get(f"/admin/wallet/{path}/add/").status_code == 403


def test_the_ledger_shows_changes_with_their_sign(page: Client):
    account = funded(10_000, 1_000)
    page.post(f"{ACCOUNTS}{account.pk}/adjust/", correction())
    shown = page.get("/admin/wallet/entry/").content.decode()
    assert "+¥100.00" in shown
    assert "+¥10.00" in shown
    assert "-¥12.50" in shown


def test_a_pack_is_typed_in_yuan(page: Client):
    answer = page.post(f"{PACKS}add/", typed_pack())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Pack.objects.get()
    assert (made.principal_fen, made.bonus_fen) == (50_000, 5_000)
    assert page.post(f"{PACKS}{made.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"principal_fen": "0"}, "金额不能低于 0.01 元"),
        ({"bonus_fen": "500.01"}, "赠送金额不能超过充值金额"),
        ({"principal_fen": "4950.01"}, "充值与赠送合计不能超过账户限额 5000.00 元"),
        ({"principal_fen": "5000.01"}, "金额不能超过 5000.00 元"),
        ({"ends_at_0": "2026-11-22"}, "结束时间必须晚于开始时间"),
        ({"per_member": "-1"}, "最小为"),
        ({"principal_fen": "五百"}, "请填写金额，单位为元"),
    ],
)
def test_a_pack_that_nobody_could_explain_is_refused_with_the_reason(
    page: Client, typed: dict[str, str], reason: str
):
    answer = page.post(f"{PACKS}add/", typed_pack(**typed))
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not Pack.objects.exists()


@pytest.mark.parametrize("path", ["account", "pack", "recharge", "spending", "entry"])
def test_every_list_says_so_while_stored_value_is_switched_off_and_stays_readable(
    page: Client, path: str, settings: Any
):
    account = funded(12_345)
    assert OFF not in page.get(f"/admin/wallet/{path}/").content.decode()
    settings.WALLET_ENABLED = False
    shown = page.get(f"/admin/wallet/{path}/").content.decode()
    assert OFF in shown
    assert ("¥123.45" in shown) == (path in {"account", "entry"})
    refused = page.post(f"{ACCOUNTS}recharge/", sent(code=account.member.public_id, pack=on_sale().pk))
    assert OFF in refused.content.decode()
    assert figures(account) == (12_345, 0, 0, 0)


@pytest.mark.parametrize("path", ["account", "spending", "entry"])
def test_every_list_takes_the_same_number_of_statements_for_one_row_and_ten(
    page: Client, path: str, django_assert_max_num_queries: Any
):
    def statements() -> int:
        with django_assert_max_num_queries(30) as counted:
            assert page.get(f"/admin/wallet/{path}/").status_code == 200
        return len(counted)

    def order(number: int) -> None:
        account = funded(100)
        with transaction.atomic():
            wallet.hold(order_no=f"SO{number}", member_id=account.member_id, amount_fen=10, at=NOW)

    order(0)
    statements()  # the first page of a session notes that it was used
    one = statements()
    for number in range(1, 10):
        order(number)
    assert statements() == one


def test_an_operator_who_may_only_look_books_nothing(client: Client):
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(
        Permission.objects.get(codename="view_account", content_type__app_label="wallet")
    )
    client.force_login(looker)
    account = funded(10_000)
    assert client.get(ACCOUNTS).status_code == 200
    assert client.post(f"{ACCOUNTS}{account.pk}/adjust/", correction()).status_code == 403
    recharge = sent(code=account.member.public_id, pack=on_sale().pk)
    assert client.post(f"{ACCOUNTS}recharge/", recharge).status_code == 403
    assert figures(account) == (10_000, 0, 0, 0)
