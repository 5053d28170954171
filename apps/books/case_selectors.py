"""What may be done about a difference: how much of it went back, on which accounts it may stand, and what is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from django.db.models import Q, QuerySet, Sum

from apps.books.models import BillLine, Case, Remedy
from apps.books.states import Account, BillKind, CaseKind, CaseStatus, LineKind, RemedyWay
from apps.payments.models import Payment, Refund
from apps.payments.services import giving_back

# On which accounts a difference may stand that somebody has looked into: of money that came in, and of money that went out.
# None of those that the members' ledgers are compared with (``config/invariants``).
_OWED: Final = (Account.OTHER_DUE, Account.OTHER_INCOME)
_ACCOUNTS: Final[Mapping[str, tuple[Sequence[Account], Sequence[Account]]]] = {
    CaseKind.PAYMENT_UNKNOWN: (_OWED, ()),
    CaseKind.PAYMENT_AMOUNT: (
        (*_OWED, Account.REFUND_DUE),
        (Account.VOUCHERS, Account.FEE, Account.OTHER_LOSS),
    ),
    CaseKind.REFUND_UNKNOWN: (
        (),
        (Account.OTHER_DUE, Account.REFUND_DUE, Account.REFUNDED, Account.OTHER_LOSS),
    ),
    CaseKind.REFUND_AMOUNT: (
        (Account.REFUND_DUE, Account.OTHER_INCOME),
        (Account.REFUND_DUE, Account.REFUNDED, Account.OTHER_LOSS),
    ),
    CaseKind.FUND_UNEXPLAINED: (
        (*_OWED, Account.BANK),
        (Account.OTHER_DUE, Account.COMMISSION, Account.BANK, Account.OTHER_LOSS),
    ),
    CaseKind.FUND_AMOUNT: (_OWED, (Account.FEE, Account.COMMISSION, Account.OTHER_LOSS)),
    CaseKind.FUND_OTHER: (
        (Account.BANK, *_OWED),
        (Account.BANK, Account.FEE, Account.OTHER_DUE, Account.OTHER_LOSS),
    ),
}
_OF_REFUNDS: Final = frozenset({CaseKind.REFUND_UNKNOWN, CaseKind.REFUND_AMOUNT})
_OF_TRADE: Final = frozenset(kind for kind in _ACCOUNTS if not kind.startswith("FUND_"))
# The merchant's own 提现 is posted to the bank with its bill (``postings``): nothing of it is left to be booked.
_TAKEN_OUT: Final = "提现"
# What a line without any number is called (``selectors``).
_LINE: Final = re.compile(r"L[0-9]{1,18}")
_WENT_NOWHERE: Final = "REFUND FAIL"


class Bookable(NamedTuple):
    """What of a difference may be booked: the account that it stands on now is debited, in fen; negative is a credit."""

    base: Account
    amount_fen: int
    accounts: Sequence[Account]


class Returnable(NamedTuple):
    """A payment that is none of ours: WeChat's number, what was paid, and what of it has not gone back, in fen."""

    transaction_id: str
    paid_fen: int
    left_fen: int


def bookable(case: Case) -> Bookable | None:
    """What of a difference may be booked, None where nothing may.

    The fund bill has the same money as the trade bill, less its fee, which is posted of itself: where both differ it is
    the trade bill's sum. All but what only the merchant does was posted against 微信待结算.
    """
    told = _of_trade(case) or case
    amount_fen = (told.wechat_fen or 0) - (told.shop_fen or 0)
    if told.kind in _OF_REFUNDS:
        amount_fen = -amount_fen
    came, went = _ACCOUNTS.get(told.kind, ((), ()))
    accounts = came if amount_fen > 0 else went
    if not amount_fen or not accounts or (told.kind == CaseKind.FUND_OTHER and _is_taken_out(told)):
        return None
    base = Account.OTHER_MOVES if told.kind == CaseKind.FUND_OTHER else Account.SETTLING
    return Bookable(base, amount_fen, accounts)


def returnable(case: Case) -> Returnable | None:
    """The payment of a difference that is none of ours and may go back; None for any other difference."""
    if case.kind != CaseKind.PAYMENT_UNKNOWN or case.status not in {CaseStatus.OPEN, CaseStatus.RETURNED}:
        return None
    line = lines_of(case).filter(bill__kind=BillKind.TRADE, kind=LineKind.PAYMENT).first()
    if line is None or not line.wechat_no:
        return None
    known = Payment.objects.filter(transaction_id=line.wechat_no).first()
    back_fen = giving_back.back_fen_of(known) if known is not None else 0
    left_fen = line.amount_fen - back_fen - _unknown_back_fen(line.wechat_no)
    return Returnable(line.wechat_no, line.amount_fen, max(left_fen, 0))


def lines_of(case: Case) -> QuerySet[BillLine]:
    """The lines of the day's bills that a difference is about."""
    named = Q(our_no=case.number) | Q(our_no="", wechat_no=case.number)
    if _LINE.fullmatch(case.number):  # also a number that another system may have given
        named |= Q(our_no="", wechat_no="", pk=int(case.number[1:]))
    return BillLine.objects.filter(named, bill__day=case.day)


def of_same_money(case: Case) -> QuerySet[Case]:
    """Every difference about the same number: both bills tell of the same money."""
    return Case.objects.filter(kind__in=CaseKind.values, number=case.number).order_by("id")


def waiting(case: Case) -> Remedy | None:
    """What was asked for about the same money, and waits for its second person."""
    return _of_number(case).filter(answered_at=None).first()


def booked(case: Case) -> Remedy | None:
    """The booking of the same money that was not taken back."""
    made = _of_number(case).filter(way=RemedyWay.BOOK, granted=True)
    return made.exclude(undone_by__granted=True).first()


def _of_number(case: Case) -> QuerySet[Remedy]:
    return Remedy.objects.filter(case__number=case.number).select_related("case", "asked_by")


def _of_trade(case: Case) -> Case | None:
    """The trade bill's difference about the money of one of the fund bill's."""
    if case.kind not in {CaseKind.FUND_UNEXPLAINED, CaseKind.FUND_AMOUNT}:
        return None
    found = Case.objects.filter(kind__in=_OF_TRADE, number=case.number)
    return found.exclude(status=CaseStatus.GONE).order_by("id").first()


def _is_taken_out(case: Case) -> bool:
    return any(_TAKEN_OUT in line.said for line in lines_of(case).filter(kind=LineKind.OTHER))


def _unknown_back_fen(transaction_id: str) -> int:
    """What bills say went back of a payment by refunds that the shop does not know."""
    lines = BillLine.objects.filter(paid_no=transaction_id).exclude(said=_WENT_NOWHERE)
    ours = Refund.objects.filter(payment__transaction_id=transaction_id).values("refund_no")
    total: int = lines.exclude(our_no__in=ours).aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return total
