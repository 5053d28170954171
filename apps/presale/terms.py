"""The terms of a pre-sale as an order keeps and answers them, and the stages in which it is paid. Pure: no statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.base import days
from apps.orders.models import Order
from apps.orders.states import DEPOSIT_END, StageKind, StageStatus, Status
from apps.presale.models import Presale
from apps.presale.states import KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed when the order was placed, for all its units; money in fen, the balance's window half-open.

    ``deposit_fen`` is None where the whole is paid at once, and then there is no balance.
    """

    deposit_fen: int | None
    deposit_worth_fen: int | None
    balance_from: datetime | None
    balance_until: datetime | None
    ships_by: datetime
    deposit_refundable: bool

    def as_order(self) -> dict[str, Any]:
        """As the order keeps and answers them, times in the shop's zone."""
        return {
            "deposit_fen": self.deposit_fen,
            "deposit_worth_fen": self.deposit_worth_fen,
            "balance_from": _told(self.balance_from),
            "balance_until": _told(self.balance_until),
            "ships_by": _told(self.ships_by),
            "deposit_refundable": self.deposit_refundable,
        }


def of_presale(row: Presale, *, units: int) -> Terms:
    """The terms on which so many units are sold now."""
    return Terms(
        deposit_fen=None if row.deposit_fen is None else row.deposit_fen * units,
        deposit_worth_fen=None if row.deposit_worth_fen is None else row.deposit_worth_fen * units,
        balance_from=row.balance_from,
        balance_until=row.balance_until,
        ships_by=row.ships_by,
        deposit_refundable=row.deposit_refundable,
    )


def of_order(order: Order) -> Terms | None:
    """The terms of an order of a pre-sale; None for any other order."""
    said = order.activity
    if not said or said["kind"] != KIND:
        return None
    return Terms(
        deposit_fen=said["deposit_fen"],
        deposit_worth_fen=said["deposit_worth_fen"],
        balance_from=_read(said["balance_from"]),
        balance_until=_read(said["balance_until"]),
        ships_by=datetime.fromisoformat(said["ships_by"]),
        deposit_refundable=said["deposit_refundable"],
    )


def deposit_of(order: Order) -> int | None:
    """What of an order is paid first, in fen; None for any order that is paid at once."""
    terms = of_order(order)
    return terms.deposit_fen if terms else None


def balance_fen_of(order: Order) -> int:
    """What WeChat is asked for after the deposit: the rest, with the freight, less what stored value pays."""
    return order.due_fen - (deposit_of(order) or 0)


def stages_of(order: Order, *, at: datetime) -> list[dict[str, Any]]:
    """The stages of an order as the API answers them; none for an order of no pre-sale. Their sums are its price."""
    terms = of_order(order)
    if terms is None:
        return []
    statuses = _first_status(order, at=at), _balance_status(order, terms, at=at)
    window = order.created_at, order.expires_at
    return _staged(terms, payable_fen=order.payable_fen, window=window, statuses=statuses)


def stages_to_come(
    terms: Terms, *, payable_fen: int, window: tuple[datetime, datetime]
) -> list[dict[str, Any]]:
    """The stages of what is not ordered yet, in the same form; the first is due while it can be ordered (``window``)."""
    statuses = StageStatus.DUE, StageStatus.LATER
    return _staged(terms, payable_fen=payable_fen, window=window, statuses=statuses)


def _staged(
    terms: Terms,
    *,
    payable_fen: int,
    window: tuple[datetime, datetime],
    statuses: tuple[StageStatus, StageStatus],
) -> list[dict[str, Any]]:
    """Deposit and balance, or the whole: the window and the first of the statuses are of what is paid first."""
    begins, ends = window
    paid_first = {
        "from": timezone.localtime(begins),
        "until": timezone.localtime(ends),
        "status": statuses[0],
    }
    if terms.deposit_fen is None:
        return [{"kind": StageKind.WHOLE, "amount_fen": payable_fen, **paid_first}]
    return [
        {"kind": StageKind.DEPOSIT, "amount_fen": terms.deposit_fen, **paid_first},
        {
            "kind": StageKind.BALANCE,
            "amount_fen": payable_fen - terms.deposit_fen,
            "from": terms.balance_from and timezone.localtime(terms.balance_from),
            "until": terms.balance_until and timezone.localtime(terms.balance_until),
            "status": statuses[1],
        },
    ]


def balance_is_due(order: Order, *, at: datetime) -> bool:
    """Whether the balance can be paid now."""
    terms = of_order(order)
    return terms is not None and _balance_status(order, terms, at=at) == StageStatus.DUE


def _first_status(order: Order, *, at: datetime) -> StageStatus:
    """How the deposit stands, or the whole."""
    if order.status == Status.UNPAID:
        return StageStatus.DUE if at < order.expires_at else StageStatus.LAPSED
    if order.status == Status.CLOSED:
        ended = order.activity.get(DEPOSIT_END) if order.activity else None
        return StageStatus(ended) if ended else StageStatus.LAPSED
    return StageStatus.PAID


def _balance_status(order: Order, terms: Terms, *, at: datetime) -> StageStatus:
    if order.paid_at is not None:
        return StageStatus.PAID
    over = terms.balance_until is not None and at >= terms.balance_until
    if order.status == Status.CLOSED or over:
        return StageStatus.LAPSED
    begun = terms.balance_from is not None and at >= terms.balance_from
    return StageStatus.DUE if begun and order.status == Status.RESERVED else StageStatus.LATER


def _told(moment: datetime | None) -> str | None:
    return days.told(moment) if moment else None


def _read(said: str | None) -> datetime | None:
    return parse_datetime(said) if said else None
