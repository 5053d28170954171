"""The two bills of a pre-sale's order: a deposit that reserves it, and the balance in its window, after which it is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.base import clauses
from apps.base.clauses import Clause
from apps.checkout import scarce
from apps.checkout.bills.kind import By, Overdue, Together
from apps.checkout.bills.orders import OrderNotPayable, WholeOrder
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import DEPOSIT_END, Actor, StageStatus, Status
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.services import Bill, PaymentExpired
from apps.payments.states import SurplusReason
from apps.presale import selectors as presale_facts
from apps.presale import services as presales
from apps.presale import terms as presale_terms
from mall import events
from mall.errors import Kind as Fault
from mall.errors import ShopError


class StageNotDue(ShopError):
    """Nothing of a pre-sale's order is to be paid now; ``details`` has its ``stages``."""

    code = "stage_not_due"
    message = "当前没有需要支付的款项"
    kind = Fault.CONFLICT


class BalanceOver(PaymentExpired):
    """The balance's window is over."""

    code = "stage_not_due"
    message = "尾款支付时间已结束"


class Deposit(WholeOrder):
    """Paid within the time to pay of any order; then the order is RESERVED. Nobody pays: it closes as any order does."""

    name = "deposit"
    label = "定金"

    def owes_fen(self, order: Order) -> int:
        return presale_terms.deposit_of(order) or 0

    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        """Raises OrderNotPayable, and StageNotDue where the balance's window is over already."""
        whole = super().ask(bill_no, at=at)
        order = whole.order
        agreed = presale_terms.of_order(order) if order else None
        if order is None or agreed is None or agreed.deposit_fen is None:
            raise OrderNotPayable
        if agreed.balance_until is not None and at >= agreed.balance_until:
            raise _not_due(order, at=at)
        return replace(
            whole,
            kind=self.name,
            amount_fen=agreed.deposit_fen,
            description=f"定金 {whole.description}",
            # Where the windows are short its end is near from the beginning; what comes after it goes back.
            to_the_end=True,
        )

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        """What was held stays held; the balance is awaited."""
        order = self.locked(bill_no)
        news = events.OrderReserved(order_no=bill_no, member_id=order.member_id)
        clauses.run([*behind, orders.moving(order, move="reserve", actor=by, news=news, at=at)])
        agreed = presale_terms.of_order(order)
        if agreed is not None and agreed.balance_until is not None:
            presales.await_balance(order=order, until=agreed.balance_until)

    def overdue(self, *, at: datetime, after: tuple[datetime, int] | None, limit: int) -> Sequence[Overdue]:
        """None: the sweep of orders closes what nobody paid."""
        return ()

    def is_due_of(self, order: Order) -> bool:
        return order.status == Status.UNPAID and presale_terms.deposit_of(order) is not None


class Balance(WholeOrder):
    """Paid in its own window, with the freight. Not paid: the order closes, and the deposit is kept or goes back as was
    agreed when the order was placed. Who reserved too late for any balance, or whom the shop cannot serve, gets it back.
    """

    name = "balance"
    label = "尾款"

    def owes_fen(self, order: Order) -> int:
        return presale_terms.balance_fen_of(order)

    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        """Raises StageNotDue before and after the window, and for an order that waits for no balance."""
        order = orders.lock(order_no=bill_no)
        self.check_free(order, at=at)
        agreed = presale_terms.of_order(order)
        if agreed is None or agreed.balance_until is None:
            raise OrderNotPayable
        return Bill(
            kind=self.name,
            no=bill_no,
            order=order,
            amount_fen=self.owes_fen(order),
            openid=order.member.openid,
            description=f"尾款 {self.described(order)}",
            expires_at=agreed.balance_until,
            # The sweep closes what is open at WeChat when the window is over.
            to_the_end=True,
            not_payable=StageNotDue,
            expired=BalanceOver,
        )

    def check_free(self, order: Order, *, at: datetime) -> None:
        if not presale_terms.balance_is_due(order, at=at):
            raise _not_due(order, at=at)

    def waits(self, bill_no: str) -> bool:
        return Order.objects.filter(order_no=bill_no, status=Status.RESERVED).exists()

    def lock(self, bill_no: str) -> bool:
        return orders.lock(order_no=bill_no).status == Status.RESERVED

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        """An order that is still reserved takes what was paid in the window, though the shop hears of it later."""
        order = self.locked(bill_no)
        if order.status == Status.CLOSED:
            return SurplusReason.LATE
        if order.status != Status.RESERVED:
            return SurplusReason.DOUBLE
        agreed = presale_terms.of_order(order)
        until = agreed.balance_until if agreed else None
        return SurplusReason.OVERDUE if until is not None and paid_at >= until else None

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        order = self.locked(bill_no)
        news = events.OrderPaid(order_no=bill_no, member_id=order.member_id)
        moving = orders.moving(order, move="settle", actor=by, news=news, at=at)
        scarce.commit(order=order, behind=[*behind, moving], at=at)

    def given_up(self, bill_no: str, *, by: By, at: datetime) -> None:
        order = orders.move(
            order_no=bill_no, move="close", actor=by.actor, operator=by.operator, note=by.why, at=at
        )
        kept = by.actor == Actor.SYSTEM and _is_kept(order)
        end = StageStatus.KEPT if kept else StageStatus.REFUNDED
        orders.note_activity(order=order, **{DEPOSIT_END: end})
        if not kept:
            _give_back(order, why=by.why, at=at)
        outbox.publish(events.OrderClosed(order_no=bill_no, member_id=order.member_id), at=at)
        scarce.release(order=order, at=at)

    def given_up_together(self, bill_nos: Sequence[str], *, by: By, at: datetime) -> Together:
        """None is simple: what becomes of each deposit was agreed with it."""
        return Together(0, bill_nos)

    def overdue(self, *, at: datetime, after: tuple[datetime, int] | None, limit: int) -> Sequence[Overdue]:
        rows = presale_facts.balances_past(at=at, after=after, limit=limit)
        return [Overdue(*row) for row in rows]

    def is_due_of(self, order: Order) -> bool:
        """Whatever is asked of it after the deposit: it says itself that it is not due."""
        return order.status != Status.UNPAID and presale_terms.deposit_of(order) is not None


def _is_kept(order: Order) -> bool:
    """Whether the deposit stays with the shop, as was agreed, and the buyer could have paid the balance."""
    agreed = presale_terms.of_order(order)
    if agreed is None or agreed.balance_until is None or order.reserved_at is None:
        return False
    return not agreed.deposit_refundable and order.reserved_at < agreed.balance_until


def _give_back(order: Order, *, why: str, at: datetime) -> None:
    """All of the deposit that did not go back by the merchant console before."""
    paid = payment_facts.captured_for(bill_kind=DEPOSIT.name, bill_no=order.order_no)
    left_fen = payments.left_of_order(order_id=order.pk)
    if paid is not None and left_fen:
        payments.request_refund(
            payment_no=paid.payment_no,
            amount_fen=left_fen,
            reason=f"退还定金：{why}",
            business_key=f"deposit:{order.order_no}",
            at=at,
        )


def not_due(stages: Sequence[Mapping[str, Any]]) -> StageNotDue:
    """The refusal that tells how an order's stages stand."""
    return StageNotDue(details={"stages": [dict(stage) for stage in stages]})


def _not_due(order: Order, *, at: datetime) -> StageNotDue:
    return not_due(presale_terms.stages_of(order, at=at))


DEPOSIT = Deposit()
BALANCE = Balance()
