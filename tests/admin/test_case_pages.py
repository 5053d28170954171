"""A difference on operators' pages: what the shop knows of its number, and its money given back or booked by two of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.aftersales.models import AfterSaleRules
from apps.base.models import AuditEntry
from apps.books.models import Case, Remedy
from apps.books.states import BillKind
from apps.payments.models import Payment, Refund
from apps.wechat.pay import client
from config.roles import ROLES
from tests.admin.browser import Browser
from tests.apps.books import make
from tests.apps.books.make import NOON
from tests.apps.books.test_comparing import captured, given_back
from tests.apps.books.test_remedies import said

pytestmark = pytest.mark.django_db

VIEW = "books.view_case"


@pytest.fixture(autouse=True)
def _wechat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "query_transaction", lambda *, transaction_id: said())


def somebody(name: str, *rights: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    for right in (*rights, "books.view_remedy"):
        app, _, codename = right.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    browser = Browser()
    browser.force_login(user)
    return browser


def at(case: Case, button: str = "change") -> str:
    return f"/admin/books/case/{case.pk}/{button}/"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def stray() -> Case:
    make.keep(BillKind.TRADE, [make.paid("POS1", 5000)])
    make.found()
    return Case.objects.get()


def answered(who: Client, case: Case, button: str) -> Any:
    return who.post(at(case, button), {"seen": f"{Remedy.objects.get(answered_at=None).pk}"}, follow=True)


def test_two_operators_give_a_stray_payment_back() -> None:
    case = stray()
    rights = (VIEW, "books.refund_case")
    asks, agrees, looks = somebody("出纳", *rights), somebody("会计", *rights), somebody("客服", VIEW)
    assert at(case, "refund") in text(asks.get(at(case)))
    assert at(case, "refund") not in text(looks.get(at(case)))
    assert looks.get(at(case, "refund")).status_code == looks.get(at(case, "grant")).status_code == 403
    assert "最多 50.00 元" in text(asks.get(at(case, "refund")))
    for fen, words in (("0", "金额不能低于 0.01 元"), ("50.01", "退款金额超过可退金额"), ("", "请填写此项")):
        told = text(asks.post(at(case, "refund"), {"amount_fen": fen, "reason": "门店误收款"}))
        assert words in told
    assert not Remedy.objects.exists()

    told = text(asks.post(at(case, "refund"), {"amount_fen": "50", "reason": "门店误收款"}, follow=True))
    assert "须由另一位同事复核" in told and at(case, "explain") not in told
    mine = asks.post(at(case, "grant"), {"seen": f"{Remedy.objects.get().pk}"})
    assert (mine.status_code, "须由申请人以外的人复核" in text(mine), Refund.objects.count()) == (
        409,
        True,
        0,
    )

    told = text(answered(agrees, case, "grant"))
    refund = Refund.objects.get()
    assert f"已发起原路退款，退款单 {refund.refund_no}" in told and "已转退款" in told
    audit = AuditEntry.objects.filter(subject="POS1").values_list("operator__username", "action")
    assert set(audit) == {("出纳", "申请原路退款"), ("会计", "复核原路退款")}
    page = f"/admin/payments/payment/{Payment.objects.get().pk}/change/"
    assert "非商城收款 POS1" in text(somebody("财务", "payments.view_payment").get(page))


def test_a_booking_asks_for_an_account_of_a_short_list_and_is_taken_back() -> None:
    make.keep(BillKind.FUND, [make.moved("平台补贴", "X1", 800)])
    make.found()
    case = Case.objects.get()
    who = somebody("会计", VIEW, "books.book_case")
    page = text(who.get(at(case, "book")))
    assert "6301 其他收入" in page and "1001 银行存款" in page and "2001" not in page
    wrong = who.post(at(case, "book"), {"account": "2001", "reason": "平台活动补贴"})
    assert wrong.status_code == 200 and not Remedy.objects.exists()
    assert "已入账" in text(
        who.post(at(case, "book"), {"account": "6301", "reason": "平台活动补贴"}, follow=True)
    )
    page = text(who.get(at(case)))
    assert "贷：6301 其他收入" in page and at(case, "unbook") in page and at(case, "book") not in page
    assert "重新待处理" in text(who.post(at(case, "unbook"), {"reason": "记错了科目"}, follow=True))
    assert [one.way for one in Remedy.objects.order_by("id")] == ["BOOK", "UNBOOK"]


def test_what_waits_is_found_and_refused_by_who_may() -> None:
    AfterSaleRules.objects.update_or_create(pk=1, defaults={"second_person_above_fen": 0})
    make.keep(BillKind.FUND, [make.moved("平台补贴", "X1", 800)])
    make.found()
    case = Case.objects.get()
    asks, agrees = somebody("出纳", VIEW, "books.book_case"), somebody("会计", VIEW, "books.book_case")
    refunds_only = somebody("退款专员", VIEW, "books.refund_case")
    told = text(asks.post(at(case, "book"), {"account": "6301", "reason": "平台活动补贴"}, follow=True))
    assert "超过双人复核起点" in told
    assert "X1" in text(agrees.get("/admin/books/case/?remedy=waiting"))
    assert refunds_only.get(at(case, "grant")).status_code == 403
    assert "差异保持原状" in text(answered(agrees, case, "refuse"))
    assert "已驳回" in text(agrees.get(at(case))) and "X1" not in text(
        agrees.get("/admin/books/case/?remedy=waiting")
    )


def test_the_page_shows_what_stands_under_the_number_and_what_has_the_same_amount() -> None:
    payment = captured(1200)
    alike = captured(300, wechat_no="4200009")
    refund = given_back(payment, 300)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200), make.refunded("CONSOLE1", 300)])
    make.found()
    case = Case.objects.get(kind="REFUND_UNKNOWN")
    page = text(somebody("会计", VIEW).get(at(case)))
    # By WeChat's number of the payment that the refund is of, and all that hangs on that.
    for number in (payment.payment_no, payment.order.order_no, refund.refund_no, alike.payment_no):
        assert number in page
    assert "单号 4200001、5030CONSOLE1、CONSOLE1" in page
    assert page.index("当日同金额") < page.index(alike.payment_no)
    Payment.objects.filter(pk=alike.pk).update(captured_at=NOON + timedelta(days=1))
    assert alike.payment_no not in text(somebody("出纳", VIEW).get(at(case)))


def test_who_keeps_the_books_may_refund_and_book() -> None:
    assert {"books.refund_case", "books.book_case"} <= set(ROLES["财务"])
