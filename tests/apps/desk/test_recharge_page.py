"""The operators' page of recharges: all about one on one page, refunded and closed by the services only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.checkout import paying
from apps.fulfillment.models import ShippingUpload
from apps.payments.models import Payment, Refund
from apps.wallet.models import Account, Recharge
from tests.apps.payments import make as money
from tests.apps.wallet.make import NOW, figures, pack, placed

pytestmark = pytest.mark.django_db
LIST = "/admin/wallet/recharge/"


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


@pytest.fixture
def page(admin_client: Client) -> Client:
    return admin_client


def paid() -> Recharge:
    recharge = placed()
    paying.confirm_payment(transaction=money.paid(money.recharge_attempt(recharge)), at=NOW)
    recharge.refresh_from_db()
    return recharge


def sent(amount: str, **typed: str) -> dict[str, str]:
    return {"principal_fen": amount, "reason": "会员要求", "token": str(uuid4()), **typed}


def text(page: Client, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_page_says_where_the_money_is(page: Client) -> None:
    recharge = paid()
    page.post(f"{LIST}{recharge.pk}/refund/", sent("100"))
    Refund.objects.update(status="FAILED", last_error="用户账户异常")
    ShippingUpload.objects.create(
        bill_kind="recharge", bill_no=recharge.recharge_no, status="FAILED", last_error="10060004 不可发货"
    )

    shown = text(page, f"{LIST}{recharge.pk}/change/")

    payment, refund = Payment.objects.get(), Refund.objects.get()
    for said in (
        *("部分退款", "充500送50", "¥500.00", "¥50.00", payment.payment_no, refund.refund_no),
        *("用户账户异常", "不可发货（10060004）", "会员要求", "¥400.00，同时收回赠送金 ¥40.00"),
        *("本金 +¥500.00，赠送金 +¥50.00", "本金 -¥100.00，赠送金 -¥10.00", "重新上传发货信息"),
    ):
        assert said in shown, said
    assert "储值账户" in shown
    assert recharge.recharge_no in text(page, f"{LIST}?waiting=1")


def test_what_waits_for_nobody_is_not_in_the_list_of_what_waits(page: Client) -> None:
    recharge = paid()
    assert recharge.recharge_no in text(page, LIST)
    assert recharge.recharge_no not in text(page, f"{LIST}?waiting=1")


def test_a_refund_is_typed_in_yuan_and_sent_twice_goes_back_once(page: Client, admin_user: User) -> None:
    recharge = paid()
    address = f"{LIST}{recharge.pk}/refund/"
    assert 'value="500.00"' in text(page, address)
    form = sent("123.45")
    for _ in range(2):
        answer = page.post(address, form, follow=True)
        assert "123.45 元将原路退回" in answer.content.decode()
    assert figures(Account.objects.get()) == (37_655, 3_765, 0, 0)
    assert Refund.objects.get().amount_fen == 12_345
    audit = AuditEntry.objects.get(action="充值退款")
    assert (audit.operator, audit.subject) == (admin_user, recharge.recharge_no)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"principal_fen": "500.01"}, "此充值单目前最多可退 500.00 元"),
        ({"principal_fen": "0"}, "金额不能低于 0.01 元"),
        ({"principal_fen": "五百"}, "请填写金额，单位为元"),
        ({"reason": " "}, "请填写此项"),
        ({"token": "x"}, "页面已失效，请返回后重新打开"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused_in_chinese(
    page: Client, typed: dict[str, str], reason: str
) -> None:
    recharge = paid()
    answer = page.post(f"{LIST}{recharge.pk}/refund/", {**sent("1"), **typed})
    assert answer.status_code in {200, 409}
    assert reason in answer.content.decode()
    assert Refund.objects.count() == 0


def test_only_the_buttons_that_lead_somewhere_are_there(page: Client) -> None:
    unpaid, credited = placed(at=timezone.now(), of=_on_sale()), paid()
    doors = {
        row.pk: {door for door in ("refund", "close", "upload") if f"{row.pk}/{door}" in shown}
        for row in (unpaid, credited)
        for shown in [text(page, f"{LIST}{row.pk}/change/")]
    }
    assert doors == {unpaid.pk: {"close"}, credited.pk: {"refund"}}


def test_an_unpaid_recharge_is_closed_by_hand_and_a_paid_one_is_not(page: Client, admin_user: User) -> None:
    unpaid, credited = placed(), paid()
    answer = page.post(f"{LIST}{unpaid.pk}/close/", {}, follow=True)
    assert "充值单已关闭。" in answer.content.decode()
    refused = page.post(f"{LIST}{credited.pk}/close/", {})
    assert "只有待付款的充值单可以关闭" in refused.content.decode()
    assert [row.status for row in Recharge.objects.order_by("id")] == ["CLOSED", "PAID"]
    audit = AuditEntry.objects.get(action="关闭充值单")
    assert (audit.operator, audit.subject) == (admin_user, unpaid.recharge_no)


def test_nothing_is_added_changed_or_deleted_by_hand(page: Client) -> None:
    recharge = paid()
    assert page.get(f"{LIST}add/").status_code == 403
    assert page.post(f"{LIST}{recharge.pk}/change/", {"status": "CLOSED"}).status_code == 403
    assert page.post(f"{LIST}{recharge.pk}/delete/", {"post": "yes"}).status_code == 403
    assert page.get(f"{LIST}999/refund/").status_code == 404


def test_an_operator_who_may_only_look_refunds_nothing(client: Client) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_recharge"))
    client.force_login(looker)
    recharge = paid()
    assert client.get(f"{LIST}{recharge.pk}/change/").status_code == 200
    for door in ("refund", "close", "upload"):
        assert client.post(f"{LIST}{recharge.pk}/{door}/", sent("1")).status_code == 403
    assert Refund.objects.count() == 0


def test_lists_of_payments_and_uploads_say_what_they_are_for(page: Client) -> None:
    recharge, order = paid(), money.order()
    money.attempt(order)
    ShippingUpload.objects.create(bill_kind="recharge", bill_no=recharge.recharge_no)
    shown = text(page, "/admin/payments/payment/")
    assert f"充值 {recharge.recharge_no}" in shown
    assert f"订单 {order.order_no}" in shown
    only = text(page, "/admin/payments/payment/?paid_for=recharge")
    assert (recharge.recharge_no in only, order.order_no in only) == (True, False)
    assert recharge.recharge_no in text(page, f"/admin/payments/payment/?q={recharge.recharge_no}")
    payment = Payment.objects.get(bill_no=recharge.recharge_no)
    assert f"充值 {recharge.recharge_no}" in text(page, f"/admin/payments/payment/{payment.pk}/change/")
    assert recharge.recharge_no in text(page, "/admin/fulfillment/shippingupload/")
    upload = ShippingUpload.objects.get()
    assert recharge.recharge_no in text(page, f"/admin/fulfillment/shippingupload/{upload.pk}/change/")


def test_the_account_leads_to_its_recharges(page: Client) -> None:
    recharge = paid()
    account = Account.objects.get()
    shown = text(page, f"/admin/wallet/account/{account.pk}/change/")
    address = f"{LIST}?q={recharge.member.public_id}"
    assert address in shown
    assert recharge.recharge_no in text(page, address)


def test_the_list_takes_the_same_number_of_statements_for_one_row_and_ten(
    page: Client, django_assert_max_num_queries: Any
) -> None:
    def statements(address: str) -> int:
        with django_assert_max_num_queries(30) as counted:
            text(page, address)
        return len(counted)

    addresses = [LIST, "/admin/payments/payment/"]
    paid()
    for address in addresses:
        statements(address)
    one = [statements(address) for address in addresses]
    for _ in range(9):
        paid()
    assert [statements(address) for address in addresses] == one


def test_the_first_page_tells_what_was_paid_in_today(page: Client, settings: Any) -> None:
    now = timezone.now()
    recharge = placed(at=now, of=_on_sale())
    paying.confirm_payment(transaction=money.paid(money.recharge_attempt(recharge)), at=now)
    shown = text(page, "/admin/")
    assert "今日储值充值" in shown
    assert "¥500.00" in shown
    settings.WALLET_ENABLED = False
    assert "今日储值充值" not in text(page, "/admin/")


def _on_sale() -> Any:
    now = timezone.now()
    return pack(starts_at=now - timedelta(days=365), ends_at=now + timedelta(days=365))
