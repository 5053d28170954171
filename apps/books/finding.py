"""What the shop knows of a difference's number, and what has its amount on its day: shown, and matched by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q
from django.urls import reverse

from apps.base import days
from apps.books import case_selectors as case_facts
from apps.books import wording
from apps.books.models import BillLine, Case, JournalEntry
from apps.distribution.models import Withdrawal
from apps.orders.models import Order
from apps.payments.models import Payment, Refund
from apps.payments.states import PaymentStatus
from apps.wallet.models import Recharge
from mall.money import priced

# Of each kind at most so many: more are looked for on the kind's own page.
_MOST: Final = 10


class Document(NamedTuple):
    """One row of the shop's, or of another bill: what it is, its number and page, its amount in fen, how it stands, when."""

    what: str
    number: str
    page: str
    amount_fen: int | None
    stands: str
    at: datetime | None

    @property
    def amount(self) -> str:
        """As operators read it."""
        return "" if self.amount_fen is None else priced(self.amount_fen)


class Group(NamedTuple):
    """Documents that were found in one way; ``none`` says so where there are none."""

    title: str
    documents: Sequence[Document]
    none: str


def found(case: Case) -> list[Group]:
    """What stands under the number, ours and WeChat's, and then what has the same amount on the same day."""
    numbers = _numbers(case)
    same = [*_by_number(case, numbers)]
    known = {(one.what, one.number) for one in same}
    alike = [one for one in _by_amount(case) if (one.what, one.number) not in known]
    return [
        Group(f"单号 {'、'.join(sorted(numbers))}", same, "商城没有这个单号的单据"),
        Group("当日同金额", alike, "当日没有同金额的单据"),
    ]


def _numbers(case: Case) -> set[str]:
    numbers = {case.number}
    for line in case_facts.lines_of(case)[:_MOST]:
        numbers |= {line.our_no, line.wechat_no, line.paid_no}
    return numbers - {""}


def _by_number(case: Case, numbers: Iterable[str]) -> Iterator[Document]:
    listed = sorted(numbers)
    of_payment = Q(payment_no__in=listed) | Q(transaction_id__in=listed)
    payments = list(Payment.objects.filter(of_payment).order_by("id")[:_MOST])
    yield from map(_payment, payments)
    of_refund = Q(refund_no__in=listed) | Q(payment__in=[row.pk for row in payments])
    yield from map(_refund, Refund.objects.filter(of_refund).order_by("id")[:_MOST])
    yield from map(_withdrawal, Withdrawal.objects.filter(withdrawal_no__in=listed))
    bills = [*listed, *(row.bill_no for row in payments)]
    for order in Order.objects.filter(order_no__in=bills):
        fen, at = order.payable_fen, order.paid_at
        yield _document("订单", order, order.order_no, fen=fen, at=at)
    for recharge in Recharge.objects.filter(recharge_no__in=bills):
        fen, at = recharge.principal_fen, recharge.paid_at
        yield _document("充值单", recharge, recharge.recharge_no, fen=fen, at=at)
    of_line = Q(our_no__in=listed) | Q(paid_no__in=listed)
    for line in BillLine.objects.filter(of_line).select_related("bill")[:_MOST]:
        number, stands = line.our_no or line.wechat_no, wording.said(line.said)
        yield _document(str(line.bill), line, number, fen=line.amount_fen, stands=stands, at=line.at)
    for other in case_facts.of_same_money(case).exclude(pk=case.pk):
        stands = f"{other.get_kind_display()}，{other.get_status_display()}"
        at = other.opened_at
        yield _document("对账差异", other, other.number, fen=other.wechat_fen, stands=stands, at=at)
    for entry in JournalEntry.objects.filter(number__in=listed)[:_MOST]:
        stands, at = str(entry.get_kind_display()), entry.occurred_at
        yield _document("会计凭证", entry, entry.number, stands=stands, at=at)


def _by_amount(case: Case) -> Iterator[Document]:
    """Rows of the case's Shanghai day with its amount, each asked for by a time that has an index."""
    start, end = days.day_window(case.day)
    fen = abs(case.wechat_fen if case.wechat_fen is not None else case.shop_fen or 0)
    unpaid = {PaymentStatus.OPEN: "started_at", PaymentStatus.CLOSED: "closed_at"}
    captured = Payment.objects.filter(captured_at__gte=start, captured_at__lt=end, captured_fen=fen)
    yield from map(_payment, captured.order_by("id")[:_MOST])
    for status, column in unpaid.items():
        within = {f"{column}__gte": start, f"{column}__lt": end}
        attempts = Payment.objects.filter(status=status, amount_fen=fen, **within)
        yield from map(_payment, attempts.order_by("id")[:_MOST])
    refunds = Refund.objects.filter(settled_at__gte=start, settled_at__lt=end, amount_fen=fen)
    yield from map(_refund, refunds.order_by("id")[:_MOST])
    withdrawals = Withdrawal.objects.filter(ended_at__gte=start, ended_at__lt=end, amount_fen=fen)
    yield from map(_withdrawal, withdrawals.order_by("id")[:_MOST])


def _payment(row: Payment) -> Document:
    fen, at = row.captured_fen or row.amount_fen, row.captured_at or row.started_at
    return _document("支付单", row, row.payment_no, fen=fen, at=at)


def _refund(row: Refund) -> Document:
    at = row.settled_at or row.requested_at
    return _document("退款单", row, row.refund_no, fen=row.amount_fen, at=at)


def _withdrawal(row: Withdrawal) -> Document:
    at = row.ended_at or row.requested_at
    return _document("推客提现", row, row.withdrawal_no, fen=row.amount_fen, at=at)


def _document(
    what: str, row: Any, number: str, *, fen: int | None = None, stands: str = "", at: datetime | None
) -> Document:
    of = row._meta
    page = reverse(f"admin:{of.app_label}_{of.model_name}_change", args=[row.pk])
    return Document(what, number, page, fen, stands or str(row.get_status_display()), at)
