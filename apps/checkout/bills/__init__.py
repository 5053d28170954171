"""The printed table of what WeChat can be asked to collect; whoever starts, settles, closes, asks or uploads goes by it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.checkout.bills.kind import By, Kind, Overdue, Together
from apps.checkout.bills.orders import ORDER
from apps.checkout.bills.presales import BALANCE, DEPOSIT, StageNotDue, not_due
from apps.checkout.bills.recharges import RECHARGE
from apps.checkout.bills.strays import STRAY
from apps.orders.models import Order
from apps.orders.states import Status
from apps.payments import selectors as payment_facts

__all__ = [
    "BALANCE",
    "DEPOSIT",
    "KINDS",
    "OF_ORDERS",
    "OF_RECHARGES",
    "ORDER",
    "RECHARGE",
    "STRAY",
    "By",
    "Kind",
    "Overdue",
    "StageNotDue",
    "Together",
    "UnknownKind",
    "asked_fen",
    "due_of",
    "follow_console",
    "label_of",
    "names",
    "not_due",
    "of",
]

KINDS: Final[tuple[Kind, ...]] = (ORDER, RECHARGE, DEPOSIT, BALANCE, STRAY)
# Doors of orders never work on bills of recharges, and the other way round: they tell so (`keeps_away_from`).
OF_ORDERS: Final = (type(ORDER), type(DEPOSIT), type(BALANCE))
OF_RECHARGES: Final = (type(RECHARGE),)


class UnknownKind(LookupError):
    """A payment names a kind of bill that this code does not know: newer code wrote it, or the kind was torn down."""


def of(bill_kind: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    for kind in KINDS:
        if kind.name == bill_kind:
            return kind
    raise UnknownKind(bill_kind)


def names() -> list[str]:
    """The words of the kinds."""
    return [kind.name for kind in KINDS]


def due_of(order: Order) -> Kind:
    """The kind of the bill that the order's shopper is to pay next; that of the whole order where no other says so."""
    return next((kind for kind in KINDS if kind.is_due_of(order)), ORDER)


def asked_fen(order: Order) -> int:
    """What WeChat is asked for next, in fen: the deposit, then the balance; of a paid or closed order what it was in all."""
    if order.status not in {Status.UNPAID, Status.RESERVED}:
        return order.due_fen
    return due_of(order).owes_fen(order)


def label_of(bill_kind: str) -> str:
    """What operators call the kind; a kind that this code does not know is shown as it was written."""
    return next((kind.label for kind in KINDS if kind.name == bill_kind), bill_kind)


def follow_console(*, payment_no: str, at: datetime) -> bool:
    """Do what follows, for its kind of bill, from money of a payment that WeChat's merchant console gave back; say whether
    anything did. A number that is no payment's changes nothing. Raises UnknownKind."""
    payment = payment_facts.with_number(payment_no)
    return payment is not None and of(payment.bill_kind).console_refunded(payment, at=at)
