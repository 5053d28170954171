"""The double-entry books, read: balances, months, what an order brought, and whether the ledgers say the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import F, Max, Min, Q, Sum

from apps.base import days
from apps.books.models import Bill, BookDay, CostRate, JournalEntry, JournalLine
from apps.books.states import OF_PROFIT, Account
from apps.distribution.models import Entry as CommissionEntry
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.points import selectors as point_facts
from apps.points.models import Entry as PointsEntry
from apps.wallet.models import Entry as WalletEntry
from mall import money


class Balance(NamedTuple):
    """An account over a time, in fen: what stood on it before (debits less credits), and what came to either side."""

    account: Account
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        """What stands on it afterwards, debits less credits."""
        return self.opening_fen + self.debit_fen - self.credit_fen


class Apart(NamedTuple):
    """A liability that the books have otherwise than the room's own ledger."""

    account: str
    day: date
    booked_fen: int
    ledger_fen: int


class Profit(NamedTuple):
    """What an order brought and cost, in fen; ``fee_said`` is whether WeChat's bill said the fee, or it is by the rate."""

    income_fen: int
    freight_fen: int
    allowance_fen: int
    refunded_fen: int
    cost_fen: int
    cost_known: bool
    postage_fen: int
    packing_fen: int
    insurance_fen: int
    commission_fen: int
    fee_fen: int
    fee_said: bool

    @property
    def net_fen(self) -> int:
        """What of its price came in and stayed."""
        return self.income_fen + self.freight_fen - self.allowance_fen - self.refunded_fen

    @property
    def profit_fen(self) -> int:
        """What is left of that."""
        return self.net_fen - (
            self.cost_fen
            + self.postage_fen
            + self.packing_fen
            + self.insurance_fen
            + self.commission_fen
            + self.fee_fen
        )


# WeChat's fee of an order's payments and of what went back of them, as far as its bills have come.
_FEES: Final = """
SELECT sale.order_no,
       (SELECT sum(line.fee_millifen) FROM books_billline AS line JOIN books_bill AS bill ON bill.id = line.bill_id
         WHERE bill.kind = 'TRADE' AND (
               line.kind = 'PAYMENT' AND line.our_no IN (
                   SELECT payment_no FROM payments_payment WHERE order_id = sale.id AND NOT is_surplus)
               OR line.kind = 'REFUND' AND line.our_no IN (
                   SELECT refund.refund_no FROM payments_refund AS refund
                     JOIN payments_payment AS payment ON payment.id = refund.payment_id
                    WHERE payment.order_id = sale.id AND NOT payment.is_surplus)))::bigint,
       coalesce((SELECT sum(captured_fen - refunded_fen) FROM payments_payment
                  WHERE order_id = sale.id AND NOT is_surplus), 0)::bigint,
       NOT EXISTS (SELECT FROM orders_orderline WHERE order_id = sale.id AND cost_fen IS NULL)
  FROM orders_order AS sale WHERE sale.order_no = ANY(%s)
"""


def next_to_close() -> date | None:
    """The first Shanghai day that is not closed; the day of the shop's first fact where none is, None without any."""
    last = BookDay.objects.aggregate(last=Max("day"))["last"]
    if last is not None:
        return last + timedelta(days=1)
    found = (
        Payment.objects.aggregate(first=Min("captured_at")),
        Order.objects.aggregate(first=Min("paid_at")),
        WalletEntry.objects.aggregate(first=Min("at")),
        PointsEntry.objects.aggregate(first=Min("at")),
        CommissionEntry.objects.aggregate(first=Min("at")),
    )
    moments = [one["first"] for one in found if one["first"] is not None]
    return days.shop_day(min(moments)) if moments else None


def billed_late(*, before: date) -> Sequence[date]:
    """The closed Shanghai days before that one of which a bill came since it began: fetched by hand, or late."""
    since, _ = days.day_window(before)
    late = Bill.objects.filter(day__lt=before, fetched_at__gte=since, day__in=BookDay.objects.values("day"))
    return list(late.order_by("day").values_list("day", flat=True).distinct())


def last_closed() -> BookDay | None:
    """The last day that was closed."""
    return BookDay.objects.order_by("-day").first()


def balances(*, first: date, last: date) -> list[Balance]:
    """Every account over the days from the first to the last, both counted: one statement."""
    within = Q(day__gte=first)
    found = {
        row["account"]: row
        for row in JournalLine.objects.filter(day__lte=last)
        .order_by()
        .values("account")
        .annotate(
            opening=Sum(F("debit_fen") - F("credit_fen"), filter=Q(day__lt=first), default=0),
            debit=Sum("debit_fen", filter=within, default=0),
            credit=Sum("credit_fen", filter=within, default=0),
        )
    }
    none = {"opening": 0, "debit": 0, "credit": 0}
    rows = ((account, found.get(account.value, none)) for account in Account)
    return [Balance(account, row["opening"], row["debit"], row["credit"]) for account, row in rows]


def by_month(*, first: date, last: date) -> Mapping[date, Mapping[Account, int]]:
    """What each account of the profit brought (credits less debits) in each month of these days, by its first day."""
    rows = (
        JournalLine.objects.filter(day__gte=first, day__lte=last, account__in=OF_PROFIT)
        .order_by()
        .values_list("day", "account")
        .annotate(fen=Sum(F("credit_fen") - F("debit_fen")))
    )
    months: dict[date, dict[Account, int]] = {}
    for day, account, fen in rows:
        month = months.setdefault(day.replace(day=1), dict.fromkeys(OF_PROFIT, 0))
        month[Account(account)] += fen
    return dict(sorted(months.items()))


def profits(entries: Sequence[JournalEntry]) -> dict[str, Profit]:
    """What the orders of these sales brought and cost, by order number: three statements."""
    numbers = [entry.order_no for entry in entries]
    sums = _sums_of(numbers)
    fee_bp = _fee_bp({entry.day for entry in entries})
    with connection.cursor() as cursor:
        cursor.execute(_FEES, [numbers])
        told = {number: rest for number, *rest in cursor.fetchall()}
    found = {}
    for entry in entries:
        number = entry.order_no
        fee_millifen, paid_fen, cost_known = told.get(number, (None, 0, False))
        said = fee_millifen is not None
        by_rate_fen = money.share_bp(max(paid_fen, 0), bp=fee_bp[entry.day])
        found[number] = _profit(
            sums.get(number, {}),
            cost_known=cost_known,
            fee_fen=money.fen_around(fee_millifen) if said else by_rate_fen,
            fee_said=said or paid_fen == 0,
        )
    return found


def _fee_bp(days_asked: Collection[date]) -> dict[date, int]:
    """WeChat's rate on each of these days, the usual one where nobody said; one statement."""
    said = list(CostRate.objects.order_by("-since").values_list("since", "fee_bp"))
    usual: int = CostRate().fee_bp
    return {day: next((bp for since, bp in said if since <= day), usual) for day in days_asked}


def _profit(sums: Mapping[str, int], *, cost_known: bool, fee_fen: int, fee_said: bool) -> Profit:
    def of(*accounts: Account) -> int:
        return sum(sums.get(account.value, 0) for account in accounts)

    return Profit(
        income_fen=-of(Account.SALES),
        freight_fen=-of(Account.FREIGHT),
        allowance_fen=of(Account.COUPONS, Account.ACTIVITIES, Account.POINTS_PAID),
        refunded_fen=of(Account.REFUNDED, Account.FREIGHT_REFUNDED, Account.OTHER_INCOME),
        cost_fen=of(Account.COST),
        cost_known=cost_known,
        postage_fen=of(Account.POSTAGE),
        packing_fen=of(Account.PACKING),
        insurance_fen=of(Account.INSURANCE),
        commission_fen=of(Account.COMMISSION),
        fee_fen=fee_fen,
        fee_said=fee_said,
    )


def _sums_of(numbers: Collection[str]) -> dict[str, dict[str, int]]:
    rows = (
        JournalLine.objects.filter(entry__order_no__in=numbers, account__in=OF_PROFIT)
        .order_by()
        .values_list("entry__order_no", "account")
        .annotate(fen=Sum(F("debit_fen") - F("credit_fen")))
    )
    found: dict[str, dict[str, int]] = {}
    for number, account, fen in rows:
        found.setdefault(number, {})[account] = fen
    return found


_UNBALANCED: Final = """
SELECT entry.business_key, coalesce(sum(line.debit_fen), 0)::bigint, coalesce(sum(line.credit_fen), 0)::bigint
  FROM books_journalentry AS entry LEFT JOIN books_journalline AS line ON line.entry_id = entry.id
 GROUP BY entry.id
HAVING count(line.id) < 2 OR sum(line.debit_fen) <> sum(line.credit_fen)
    OR bool_or(line.day <> entry.day)
"""
# Of each closed day: what the room's ledger says was owed more, and what the books say.
_APART: Final = """
WITH ledger AS (
    SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum({change})::bigint AS fen FROM {table}
     WHERE at < %(end)s GROUP BY 1
), booked AS (
    SELECT day, sum(credit_fen - debit_fen)::bigint AS fen FROM books_journalline
     WHERE account = %(account)s AND day <= %(last)s GROUP BY 1
)
SELECT day, coalesce(booked.fen, 0), coalesce(ledger.fen, 0) FROM ledger FULL JOIN booked USING (day)
 WHERE coalesce(booked.fen, 0) <> coalesce(ledger.fen, 0) ORDER BY day
"""
_STORED_VALUE: Final = {"table": "wallet_entry", "change": "principal_change_fen + bonus_change_fen"}
_COMMISSIONS: Final = {
    "table": "distribution_entry",
    "change": "pending_change_fen + frozen_change_fen + available_change_fen + withdrawing_change_fen - debt_change_fen",
}


def unbalanced() -> Iterator[tuple[Any, ...]]:
    """Entries whose debits are not their credits, with both: none, if all is well."""
    return _streamed(_UNBALANCED, {})


def liabilities_apart() -> Iterator[Apart]:
    """Where the books owe members otherwise than the ledgers of stored value, commissions and points say, of closed days."""
    closed = last_closed()
    if closed is None:
        return
    end = days.day_window(closed.day)[1]
    for account, of in ((Account.STORED_VALUE, _STORED_VALUE), (Account.COMMISSION_DUE, _COMMISSIONS)):
        told = {"account": account.value, "last": closed.day, "end": end}
        for row in _streamed(_APART.format(**of), told):
            yield Apart(account.value, *row)
    booked = JournalLine.objects.filter(account=Account.POINTS, day__lte=closed.day)
    booked_fen = booked.aggregate(fen=Sum(F("credit_fen") - F("debit_fen"), default=0))["fen"]
    points = point_facts.outstanding(before=end)
    worth_fen = money.points_worth(points, points_per_yuan=closed.points_per_yuan)
    if booked_fen != worth_fen:
        yield Apart(Account.POINTS.value, closed.day, booked_fen, worth_fen)


def _streamed(question: str, told: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, told)
        while found := cursor.fetchmany(1000):
            yield from found
