"""WeChat's bill beside the shop's rows: to the fen, each difference by its kind, and nothing where both agree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.books.models import Bill, Case
from apps.books.services import cases
from apps.books.states import BillKind
from apps.payments.models import Payment, Refund
from apps.payments.states import PaymentStatus, RefundStatus
from mall.lifecycle import MoveRefused
from tests.apps.books import make
from tests.apps.books.make import DAY, NEXT_MORNING, NOON
from tests.apps.distribution import make as promoters
from tests.apps.payments import make as payments
from tests.apps.wallet.make import operator

pytestmark = pytest.mark.django_db


def captured(fen: int = 1200, *, wechat_no: str = "4200001", at: Any = NOON) -> Payment:
    """A payment of an order that arrived at noon of the day."""
    return payments.attempt(
        payments.order(price_fen=fen, at=at),
        at=at,
        status=PaymentStatus.CAPTURED,
        captured_fen=fen,
        captured_at=at,
        transaction_id=wechat_no,
    )


def given_back(payment: Payment, fen: int, *, status: str = RefundStatus.SETTLED) -> Refund:
    settled_at = NOON + timedelta(hours=1) if status == RefundStatus.SETTLED else None
    return Refund.objects.create(
        refund_no=f"RF{payment.payment_no}",
        payment=payment,
        status=status,
        amount_fen=fen,
        reason="买家退款",
        business_key=f"test:{payment.payment_no}",
        requested_at=NOON,
        due_at=NOON,
        settled_at=settled_at,
    )


def test_a_day_on_which_both_say_the_same_has_no_difference() -> None:
    payment = captured(1200)
    refund = given_back(payment, 500)
    lines = [make.paid(payment.payment_no, 1200), make.refunded(refund.refund_no, 500)]
    bill = make.keep(BillKind.TRADE, lines)
    assert (bill.lines_count, bill.in_fen, bill.out_fen, bill.fee_millifen) == (2, 1200, 500, 4200)
    assert make.found() == []
    assert not Case.objects.exists()


def test_a_payment_that_the_shop_does_not_know_is_a_case_with_wechats_number() -> None:
    make.keep(BillKind.TRADE, [make.paid("SO-NOBODYS", 1200)])
    assert make.found() == [("PAYMENT_UNKNOWN", "SO-NOBODYS", 1200, None)]
    assert Case.objects.get().evidence == "账单第 1 行，微信单号 4200001"


def test_a_payment_of_which_nobody_told_the_shop_is_found() -> None:
    payment = payments.attempt(payments.order(price_fen=1200, at=NOON), at=NOON)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200)])
    assert make.found() == [("PAYMENT_UNHEARD", payment.payment_no, 1200, None)]


def test_one_fen_more_or_another_number_of_wechats_is_a_difference() -> None:
    payment = captured(1200)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1201)])
    assert make.found() == [("PAYMENT_AMOUNT", payment.payment_no, 1201, 1200)]
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200, wechat_no="4200002")])
    assert make.found() == [("PAYMENT_AMOUNT", payment.payment_no, 1200, 1200)]


def test_money_that_the_shop_counted_and_wechat_did_not_is_a_difference_of_its_own_day_only() -> None:
    payment = captured(1200)
    captured(800, wechat_no="4200009", at=NOON + timedelta(days=1))
    captured(700, wechat_no="4200008", at=NOON - timedelta(days=1))
    make.keep(BillKind.TRADE, [make.paid("SO-NOBODYS", 100)])
    assert ("PAYMENT_MISSING", payment.payment_no, None, 1200) in make.found()
    assert Case.objects.filter(kind="PAYMENT_MISSING").count() == 1


def test_a_midnight_belongs_to_the_day_that_begins() -> None:
    midnight = NOON - timedelta(hours=12)
    payment = captured(1200, at=midnight)
    captured(800, wechat_no="4200009", at=midnight + timedelta(days=1))
    make.keep(BillKind.TRADE, [make.paid("SO-NOBODYS", 100)])
    missing = [one[1] for one in make.found() if one[0] == "PAYMENT_MISSING"]
    assert missing == [payment.payment_no]


@pytest.mark.parametrize(
    ("fen", "said", "status", "kind"),
    [
        (501, "SUCCESS", RefundStatus.SETTLED, "REFUND_AMOUNT"),
        (500, "SUCCESS", RefundStatus.PROCESSING, "REFUND_STATE"),
        (500, "FAIL", RefundStatus.SETTLED, "REFUND_STATE"),
    ],
)
def test_a_refund_of_another_amount_or_another_end_is_a_difference(
    fen: int, said: str, status: str, kind: str
) -> None:
    payment = captured(1200)
    refund = given_back(payment, 500, status=status)
    lines = [make.paid(payment.payment_no, 1200), make.refunded(refund.refund_no, fen, state=said)]
    make.keep(BillKind.TRADE, lines)
    assert make.found() == [(kind, refund.refund_no, fen, 500)]


@pytest.mark.parametrize("ended", [None, RefundStatus.PAID_OUTSIDE, RefundStatus.WRITTEN_BACK])
def test_a_refund_that_went_to_the_shops_account_agrees_with_both_bills_however_it_ends(
    ended: str | None,
) -> None:
    payment = captured(1200)
    refund = given_back(payment, 500, status=RefundStatus.PROCESSING)
    back_at = NOON + timedelta(hours=1)
    Refund.objects.update(status=RefundStatus.AT_SHOP, at_shop_at=back_at)
    if ended is not None:
        settled_at = back_at if ended == RefundStatus.PAID_OUTSIDE else None
        Refund.objects.update(status=ended, settled_at=settled_at)
    paid, back = make.paid(payment.payment_no, 1200), make.refunded(refund.refund_no, 500)
    make.keep(BillKind.TRADE, [paid])
    assert make.found() == [("REFUND_MISSING", refund.refund_no, None, 500)]
    make.keep(BillKind.TRADE, [paid, back])
    make.keep(
        BillKind.FUND,
        [make.moved("交易", payment.payment_no, 1200), make.moved("退款", refund.refund_no, -500)],
    )
    assert make.found() == []

    make.keep(BillKind.TRADE, [paid, make.refunded(refund.refund_no, 500, state="FAIL")])
    assert make.found() == [("REFUND_STATE", refund.refund_no, 500, 500)]


def test_a_refund_under_way_on_both_sides_is_none() -> None:
    payment = captured(1200)
    refund = given_back(payment, 500, status=RefundStatus.PROCESSING)
    lines = [make.paid(payment.payment_no, 1200), make.refunded(refund.refund_no, 500, state="PROCESSING")]
    make.keep(BillKind.TRADE, lines)
    assert make.found() == []


def test_a_refund_that_one_side_alone_knows_is_a_difference() -> None:
    payment = captured(1200)
    refund = given_back(payment, 500)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200), make.refunded("RF-NOBODYS", 300)])
    assert sorted(make.found()) == [
        ("REFUND_MISSING", refund.refund_no, None, 500),
        ("REFUND_UNKNOWN", "RF-NOBODYS", 300, None),
    ]


def test_refunds_of_the_time_before_the_first_bill_are_not_missed() -> None:
    payment = captured(1200)
    refund = given_back(payment, 500)
    Refund.objects.filter(pk=refund.pk).update(requested_at=NOON - timedelta(days=1))
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200)])
    assert make.found() == []


def test_the_balance_moves_by_what_was_paid_refunded_and_withdrawn_less_wechats_fee() -> None:
    payment = captured(1200)
    refund = given_back(payment, 500)
    promoter = promoters.promoter()
    promoters.give(promoter, 100_000)
    withdrawal = promoters.withdraw(promoter, 5_000)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200), make.refunded(refund.refund_no, 500)])
    moves = [
        make.moved("交易", payment.payment_no, 1200),
        make.moved("扣除交易手续费", payment.payment_no, -7),
        make.moved("退款", refund.refund_no, -497),
        make.moved("商家转账", withdrawal.withdrawal_no, -5_000),
    ]
    bill = make.keep(BillKind.FUND, moves)
    assert (bill.in_fen, bill.out_fen) == (1200, 5504)
    assert make.found() == []


def test_a_movement_without_a_document_of_another_sum_or_of_an_unknown_kind_needs_a_word() -> None:
    payment = captured(1200)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200)])
    moves = [
        make.moved("交易", payment.payment_no, 1100),
        make.moved("退款", "RF-NOBODYS", -300),
        make.moved("提现", "CASH1", -100_000),
    ]
    make.keep(BillKind.FUND, moves)
    assert sorted(make.found()) == [
        ("FUND_AMOUNT", payment.payment_no, 1100, 1200),
        ("FUND_OTHER", "CASH1", -100_000, None),
        ("FUND_UNEXPLAINED", "RF-NOBODYS", -300, None),
    ]


def test_a_difference_is_one_case_however_often_the_day_is_compared_and_goes_when_both_agree() -> None:
    payment = payments.attempt(payments.order(price_fen=1200, at=NOON), at=NOON)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200)])
    make.found()
    make.found()
    assert make.statuses() == {"PAYMENT_UNHEARD": "OPEN"}
    Payment.objects.update(
        status=PaymentStatus.CAPTURED, captured_fen=1200, captured_at=NOON, transaction_id="4200001"
    )
    assert make.found() == []
    assert make.statuses() == {"PAYMENT_UNHEARD": "GONE"}


def test_what_comes_back_is_open_again() -> None:
    payment = captured(1200)
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1201)])
    make.found()
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1200)])
    make.found()
    Case.objects.update(operator=operator())
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, 1201)])
    make.found()
    case = Case.objects.get()
    assert (case.status, case.closed_at, case.operator) == ("OPEN", None, None)


def test_what_somebody_explained_is_told_no_more_and_stays_on_record() -> None:
    make.keep(BillKind.FUND, [make.moved("提现", "CASH1", -100_000)])
    assert len(make.found()) == 1
    case = Case.objects.get()
    cases.explain(case_id=case.pk, note="提现到对公账户", operator=operator(), at=NEXT_MORNING)
    assert make.found() == []
    case.refresh_from_db()
    assert (case.status, case.note, str(case.operator)) == ("EXPLAINED", "提现到对公账户", "掌柜")


def test_a_difference_needs_a_reason_in_words_and_is_explained_once() -> None:
    make.keep(BillKind.FUND, [make.moved("提现", "CASH1", -100_000)])
    make.found()
    case_id = Case.objects.get().pk
    with pytest.raises(cases.NoteTooShort):
        cases.explain(case_id=case_id, note="ok", operator=operator(), at=NEXT_MORNING)
    cases.explain(case_id=case_id, note="提现到对公账户", operator=operator(), at=NEXT_MORNING)
    with pytest.raises(MoveRefused):
        cases.explain(case_id=case_id, note="提现到对公账户", operator=operator(), at=NEXT_MORNING)


def test_a_fund_bill_alone_says_nothing_of_payments_that_are_open_cases() -> None:
    make.keep(BillKind.TRADE, [make.paid("SO-NOBODYS", 1200)])
    make.found()
    make.keep(BillKind.FUND, [make.moved("提现", "CASH1", -100_000)])
    Bill.objects.filter(kind=BillKind.TRADE).delete()
    make.found()
    assert make.statuses() == {"PAYMENT_UNKNOWN": "OPEN", "FUND_OTHER": "OPEN"}


def test_a_day_without_a_bill_is_not_compared() -> None:
    with pytest.raises(cases.NothingArrived):
        cases.reconcile(day=DAY, at=NEXT_MORNING)
