"""What is done about a difference's money: given back or booked, once, by two people where it must, and out of the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from apps.aftersales.models import AfterSaleRules
from apps.base import days
from apps.base.models import AuditEntry
from apps.books import case_selectors as case_facts
from apps.books import journal_selectors as journal_facts
from apps.books.models import Case, JournalEntry, Remedy
from apps.books.services import cases, journal, remedies
from apps.books.states import Account, BillKind
from apps.checkout import bills, paying
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import captures, console, endings, refunds, strays
from apps.wechat.pay import client, facts
from mall.errors import ShopError
from mall.lifecycle import MoveRefused
from tests.apps.books import make
from tests.apps.books.make import DAY, NEXT_MORNING
from tests.apps.books.test_comparing import captured
from tests.apps.payments import make as wechat

pytestmark = pytest.mark.django_db

AT = NEXT_MORNING + timedelta(hours=1)
LATER = AT + timedelta(days=1)


@pytest.fixture
def asks() -> User:
    return User.objects.create_user("出纳")


@pytest.fixture
def agrees() -> User:
    return User.objects.create_user("会计")


def said(fen: int = 5000, **changes: Any) -> facts.Transaction:
    """What WeChat says of the payment that is none of ours."""
    bare = Payment(payment_no="POS1", amount_fen=fen)
    return wechat.paid(bare, transaction_id="4200001", appid="wx-of-another", **changes)


@pytest.fixture(autouse=True)
def _wechat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "query_transaction", lambda *, transaction_id: said())


def stray(*more: list[str], fen: int = 5000) -> Case:
    """The day's bills have 50 yuan under a number of another system."""
    make.keep(BillKind.TRADE, [make.paid("POS1", fen), *more])
    make.keep(BillKind.FUND, [make.moved("交易", "POS1", fen)])
    make.found()
    return Case.objects.get(kind="PAYMENT_UNKNOWN")


def moved(kind: str, fen: int) -> Case:
    """A movement of the fund bill that only the merchant makes."""
    make.keep(BillKind.FUND, [make.moved(kind, "X1", fen)])
    make.found()
    return Case.objects.get()


def balances() -> dict[str, int]:
    """Post what happened, prove that it comes out the same anew, and say what stands where."""
    journal.post(first=DAY, until=LATER, at=LATER)
    until = days.day_window(days.shop_day(LATER))[1]
    assert (
        list(journal.differences(first=DAY, until=until, at=LATER)) == list(journal_facts.unbalanced()) == []
    )
    rows = journal_facts.balances(first=date(2026, 1, 1), last=date(2027, 1, 1))
    return {row.account.name: row.closing_fen for row in rows if row.closing_fen}


def give_back(case: Case, fen: int, asks: User, agrees: User) -> Refund:
    remedies.ask_refund(case_id=case.pk, amount_fen=fen, reason="门店误收款", operator=asks, at=AT)
    return Refund.objects.get(refund_no=remedies.grant(case_id=case.pk, operator=agrees, at=AT).refund_no)


def test_a_refund_waits_for_a_second_person_and_is_then_one_of_the_shops_own(
    asks: User, agrees: User
) -> None:
    case = stray()
    remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=asks, at=AT)
    assert not Refund.objects.exists() and not Payment.objects.exists()
    with pytest.raises(endings.SecondPersonNeeded, match="申请人以外的人"):
        remedies.grant(case_id=case.pk, operator=asks, at=AT)

    remedies.grant(case_id=case.pk, operator=agrees, at=AT)

    payment, refund = Payment.objects.get(), Refund.objects.get()
    assert (payment.payment_no, payment.captured_fen, payment.bill_kind) == ("POS1", 5000, "stray")
    assert (payment.surplus_reason, payment.order) == ("STRAY", None)
    assert (refund.amount_fen, refund.status, refund.reason) == (5000, "REQUESTED", "门店误收款")
    assert make.statuses() == {"PAYMENT_UNKNOWN": "RETURNED", "FUND_UNEXPLAINED": "RETURNED"}
    assert make.found() == []
    told = set(AuditEntry.objects.filter(subject="POS1").values_list("operator__username", "action"))
    assert told == {("出纳", "申请原路退款"), ("会计", "复核原路退款")}


def test_parts_go_back_until_nothing_is_left(asks: User, agrees: User) -> None:
    case = stray()
    for fen in (2000, 3000):
        give_back(case, fen, asks, agrees)
    with pytest.raises(payments.RefundTooMuch) as refused:
        remedies.ask_refund(case_id=case.pk, amount_fen=1, reason="门店误收款", operator=asks, at=AT)
    assert refused.value.details == {"refundable_fen": 0}
    assert (Payment.objects.count(), Refund.objects.aggregate(sum=Sum("amount_fen"))["sum"]) == (1, 5000)
    # Posted once, whole, though two refunds were made of it.
    assert balances() == {"WECHAT": 5000, "REFUND_DUE": -5000, "FEE": 7, "SETTLING": -7}
    assert JournalEntry.objects.filter(kind="STRAY").count() == 1


def test_the_stray_and_its_refund_leave_nothing_behind(asks: User, agrees: User) -> None:
    refund = give_back(stray(), 5000, asks, agrees)
    told = facts.refund(wechat.refunded(refund, success_time=AT.isoformat()))
    for _ in range(10):
        console.hear(result=told, at=AT)
    make.keep(
        BillKind.TRADE, [make.paid("POS1", 5000), make.refunded(refund.refund_no, 5000, payment_no="POS1")]
    )
    make.keep(BillKind.FUND, [make.moved("交易", "POS1", 5000), make.moved("退款", refund.refund_no, -5000)])
    assert make.found() == []
    # What stays is WeChat's fee of both lines, which this fund bill does not have.
    assert balances() == {"FEE": 4, "SETTLING": -4}


def test_what_the_bills_say_went_back_in_the_console_is_not_given_again(asks: User, agrees: User) -> None:
    case = stray(
        make.refunded("CONSOLE1", 1500, payment_no="POS1"), make.refunded("FAILED1", 900, state="FAIL")
    )
    assert case_facts.returnable(case) == ("4200001", 5000, 3500)
    with pytest.raises(payments.RefundTooMuch):
        remedies.ask_refund(case_id=case.pk, amount_fen=3501, reason="门店误收款", operator=asks, at=AT)
    give_back(case, 3500, asks, agrees)
    # Once WeChat is asked about the console's, it is one of the payment's, and counted once.
    payment = Payment.objects.get()
    bare = Refund(refund_no="CONSOLE1", payment=payment, amount_fen=1500)
    console.hear(result=facts.refund(wechat.refunded(bare)), at=AT)
    assert case_facts.returnable(Case.objects.get(pk=case.pk)) == ("4200001", 5000, 0)


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        (said(4999), remedies.NotAsBilled),
        (said(trade_state="CLOSED"), remedies.NotAsBilled),
        (said(trade_state="REFUND"), remedies.ReturnedElsewhere),
        (said(mchid="1900000009"), captures.NotOurPayment),
    ],
)
def test_nothing_goes_back_where_wechat_says_something_else(
    told: Any, refusal: type[ShopError], monkeypatch: pytest.MonkeyPatch, asks: User, agrees: User
) -> None:
    case = stray()
    remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=asks, at=AT)
    monkeypatch.setattr(client, "query_transaction", lambda *, transaction_id: told)
    with pytest.raises(refusal):
        remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert (Payment.objects.count(), Refund.objects.count()) == (0, 0)
    assert (Case.objects.get(pk=case.pk).status, Remedy.objects.get().granted) == ("OPEN", None)


def test_a_payment_of_the_shops_own_is_never_taken_for_a_stray(asks: User, agrees: User) -> None:
    case = stray()
    remedies.ask_refund(case_id=case.pk, amount_fen=5000, reason="门店误收款", operator=asks, at=AT)
    of_order = captured(5000)
    Payment.objects.filter(pk=of_order.pk).update(payment_no="POS1")
    with pytest.raises(strays.PaymentKnown, match="重新对账"):
        remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert make.found() == []
    with pytest.raises((MoveRefused, remedies.NotReturnable)):
        remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert not Refund.objects.exists()


def test_a_stray_goes_back_by_nothing_else_and_is_not_taken_twice(asks: User, agrees: User) -> None:
    give_back(stray(), 2000, asks, agrees)
    of_stray = Payment.objects.get()
    told = wechat.paid(of_stray, transaction_id="4200001")
    assert paying.confirm_payment(transaction=told, at=AT).outcome == payments.Outcome.ALREADY
    outbox.deliver_due(at=AT)
    assert (Refund.objects.get().amount_fen, outbox_left()) == (2000, 0)
    assert bills.of(of_stray.bill_kind).page("POS1") == "/admin/books/case/?q=POS1"


def outbox_left() -> int:
    return Delivery.objects.exclude(status="DONE").count()


@pytest.mark.parametrize("fen", [0, -1, 5001])
def test_zero_and_more_than_was_paid_are_refused(fen: int, asks: User) -> None:
    case = stray()
    with pytest.raises(payments.RefundTooMuch, match="退款金额超过可退金额"):
        remedies.ask_refund(case_id=case.pk, amount_fen=fen, reason="门店误收款", operator=asks, at=AT)
    assert not Remedy.objects.exists()


def ask_refund(case: Case, who: User, reason: str = "门店误收款") -> None:
    remedies.ask_refund(case_id=case.pk, amount_fen=100, reason=reason, operator=who, at=AT)


def book(case: Case, who: User, reason: str = "平台活动补贴", account: str = Account.OTHER_INCOME) -> Remedy:
    return remedies.ask_booking(case_id=case.pk, account=account, reason=reason, operator=who, at=AT)


def unbook(case: Case, who: User, reason: str = "记错了科目") -> Remedy:
    return remedies.ask_unbooking(case_id=case.pk, reason=reason, operator=who, at=AT)


@pytest.mark.parametrize("act", [ask_refund, book])
def test_no_reason_a_closed_difference_and_one_that_waits_are_refused(
    act: Callable[..., Any], asks: User
) -> None:
    case = stray()
    with pytest.raises(remedies.RemedyReasonMissing, match="请写明原因"):
        act(case, asks, "  无 ")
    ask_refund(case, asks)
    with pytest.raises(cases.RemedyWaits, match="等待复核"):
        act(case, asks)
    with pytest.raises(cases.RemedyWaits):
        cases.explain(case_id=case.pk, note="另一系统的收款", operator=asks, at=AT)
    remedies.refuse(case_id=case.pk, operator=asks, at=AT)
    cases.explain(case_id=case.pk, note="另一系统的收款", operator=asks, at=AT)
    with pytest.raises(MoveRefused, match="当前状态"):
        act(case, asks)
    assert not Remedy.objects.exists() and not Refund.objects.exists()


def test_who_asked_takes_it_back_and_another_says_no(asks: User, agrees: User) -> None:
    case = stray()
    ask_refund(case, asks)
    remedies.refuse(case_id=case.pk, operator=agrees, at=AT)
    assert (Remedy.objects.get().granted, Case.objects.get(pk=case.pk).status) == (False, "OPEN")
    for answer in (remedies.grant, remedies.refuse):
        with pytest.raises(remedies.RemedyGone):
            answer(case_id=case.pk, operator=agrees, at=AT)


def test_a_movement_is_booked_out_of_where_the_bill_put_it_and_back(asks: User) -> None:
    case = moved("平台补贴", 800)
    assert balances() == {"WECHAT": 800, "OTHER_MOVES": -800}

    book(case, asks)

    assert Case.objects.get().status == "BOOKED"
    assert balances() == {"WECHAT": 800, "OTHER_INCOME": -800}
    assert make.found() == []  # nobody is reminded of it
    with pytest.raises(MoveRefused):
        book(case, asks)

    unbook(case, asks)

    assert (Case.objects.get().status, Case.objects.get().closed_at) == ("OPEN", None)
    assert balances() == {"WECHAT": 800, "OTHER_MOVES": -800}
    book(case, asks, account=Account.BANK)
    assert balances() == {"WECHAT": 800, "BANK": -800}


def test_a_booking_above_the_amount_of_refunds_takes_two_people(asks: User, agrees: User) -> None:
    AfterSaleRules.objects.update_or_create(pk=1, defaults={"second_person_above_fen": 799})
    case = moved("技术服务费", -800)
    book(case, asks, account=Account.FEE)
    assert Case.objects.get().status == "OPEN" and balances() == {"WECHAT": -800, "OTHER_MOVES": 800}
    with pytest.raises(endings.SecondPersonNeeded):
        remedies.grant(case_id=case.pk, operator=asks, at=AT)
    remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert balances() == {"WECHAT": -800, "FEE": 800}
    unbook(case, asks)
    assert Case.objects.get().status == "BOOKED"
    remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert balances() == {"WECHAT": -800, "OTHER_MOVES": 800}


def test_money_that_both_bills_tell_of_is_booked_once(asks: User) -> None:
    stray()
    make.keep(BillKind.FUND, [make.moved("交易", "POS1", 4993)])  # less its fee of 7
    Case.objects.filter(kind="FUND_UNEXPLAINED").delete()
    make.found()
    book(Case.objects.get(kind="FUND_UNEXPLAINED"), asks, account=Account.OTHER_DUE)
    assert make.statuses() == {"PAYMENT_UNKNOWN": "BOOKED", "FUND_UNEXPLAINED": "BOOKED"}
    assert balances() == {"WECHAT": 4993, "FEE": 7, "OTHER_DUE": -5000}
    unbook(Case.objects.get(kind="PAYMENT_UNKNOWN"), asks)
    assert make.statuses() == {"PAYMENT_UNKNOWN": "OPEN", "FUND_UNEXPLAINED": "OPEN"}


def test_what_is_booked_is_not_given_back_before_the_booking_is_taken_back(asks: User, agrees: User) -> None:
    case = stray()
    book(case, asks, account=Account.OTHER_DUE)
    with pytest.raises(MoveRefused):
        ask_refund(case, asks)
    unbook(case, asks)
    give_back(case, 5000, asks, agrees)
    assert balances()["REFUND_DUE"] == -5000


def test_a_refund_that_nobody_knows_and_wrong_amounts_leave_1122_even(asks: User) -> None:
    payment = captured(1200)
    make.keep(
        BillKind.TRADE,
        [make.paid(payment.payment_no, 1000), make.refunded("UNKNOWN1", 300)],
    )
    make.keep(
        BillKind.FUND,
        [make.moved("交易", payment.payment_no, 1000), make.moved("退款", "UNKNOWN1", -300)],
    )
    make.found()
    book(Case.objects.get(kind="PAYMENT_AMOUNT"), asks, account=Account.OTHER_LOSS)
    book(Case.objects.get(kind="REFUND_UNKNOWN"), asks, account=Account.REFUNDED)
    assert set(make.statuses().values()) == {"BOOKED"}
    assert balances() == {
        "WECHAT": 700,
        "PREPAID": -1200,
        "OTHER_LOSS": 200,
        "REFUNDED": 300,
        "FEE": 4,
        "SETTLING": -4,
    }


def test_what_stands_where_it_belongs_and_unfit_accounts_are_not_booked(asks: User) -> None:
    with pytest.raises(remedies.NotBookable, match="没有可入账的金额"):
        book(moved("提现", -800), asks)
    Case.objects.all().delete()
    with pytest.raises(remedies.AccountUnfit, match="不能记入该科目"):
        book(moved("技术服务费", -800), asks, account=Account.STORED_VALUE)
    assert not Remedy.objects.exists()


def test_a_line_without_a_number_and_a_number_that_looks_like_one_are_told_apart(asks: User) -> None:
    bare = make.moved("提现", "", -800)
    bare[1] = ""
    make.keep(BillKind.FUND, [bare, make.moved("技术服务费", "L1", -300)])
    make.found()
    line, named = Case.objects.exclude(number="L1").get(), Case.objects.get(number="L1")
    assert [one.amount_fen for one in case_facts.lines_of(line)] == [-800]
    assert [one.amount_fen for one in case_facts.lines_of(named)] == [-300]
    assert (case_facts.bookable(line), case_facts.bookable(named) is None) == (None, False)


def test_a_difference_that_is_gone_carries_nothing_out(asks: User, agrees: User) -> None:
    AfterSaleRules.objects.update_or_create(pk=1, defaults={"second_person_above_fen": 0})
    case = moved("平台补贴", 800)
    book(case, asks)
    make.keep(BillKind.FUND, [make.moved("提现", "Y1", -100)])
    make.found()
    assert Case.objects.get(pk=case.pk).status == "GONE"
    with pytest.raises(MoveRefused):
        remedies.grant(case_id=case.pk, operator=agrees, at=AT)
    assert Remedy.objects.get().granted is None


def test_a_refund_that_wechat_closed_gets_another_number_and_no_more_money(asks: User, agrees: User) -> None:
    refund = give_back(stray(), 5000, asks, agrees)
    refunds.apply_result(result=facts.refund(wechat.refunded(refund, status="CLOSED")), at=AT)
    again = refunds.resubmit(refund_no=refund.refund_no, operator=asks, at=AT)
    assert (again.amount_fen, again.payment.payment_no) == (5000, "POS1")
    assert case_facts.returnable(Case.objects.get(kind="PAYMENT_UNKNOWN")) == ("4200001", 5000, 0)
