"""The bill of a whole order: what it owes beside stored value, and what being paid means for all that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Final, Self

from django.db.models import QuerySet
from django.urls import reverse

from apps.base import planned
from apps.base.clauses import Clause
from apps.checkout import activities, scarce
from apps.checkout.bills.kind import By, Kind, Overdue, Together
from apps.fulfillment.services import uploads
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment
from apps.payments.services import Bill, NotPayable, PaymentExpired
from apps.payments.states import SurplusReason
from mall import events
from mall.errors import Kind as Fault
from mall.errors import ShopError

# Who is to pay an order, and the first of its goods.
_ASKED: Final = """
    SELECT openid, (SELECT title FROM orders_orderline WHERE order_id = %s ORDER BY id LIMIT 1)
      FROM members_member WHERE id = %s
"""


class OrderNotPayable(NotPayable):
    """The order is closed, refunded or paid already: there is nothing to pay."""

    code = "order_not_payable"
    message = "订单当前状态无需支付"


class OrderExpired(PaymentExpired):
    """So little time is left that WeChat would refuse the payment, or the shopper could not finish it."""

    code = "order_expired"
    message = "订单已超过支付时间，请重新下单"


class OrderBusy(ShopError):
    """The order keeps getting new attempts to pay while we try to close it."""

    code = "order_busy"
    message = "订单正在支付中，请稍后再试"
    kind = Fault.CONFLICT


class WholeOrder(Kind):
    """Paid in one piece, within the time to pay; given up with everything that it holds."""

    name = "order"
    label = "订单"
    busy = OrderBusy
    # The order that was locked, of a kind that is for one bill.
    _at_hand: Order | None = None
    _for_one = False

    def for_one(self, order: Order | None = None) -> Self:
        one = copy(self)
        one._for_one, one._at_hand = True, order
        return one

    def page(self, bill_no: str) -> str:
        return f"{reverse('admin:orders_order_changelist')}?q={bill_no}"

    def ask(self, bill_no: str, *, at: datetime) -> Bill:
        order = orders.lock(order_no=bill_no)
        if order.status != Status.UNPAID or order.due_fen == 0:
            raise OrderNotPayable
        activities.require_payable(order, at=at)
        openid, title = planned.row(_ASKED, [order.pk, order.member_id])
        return Bill(
            kind=self.name,
            no=bill_no,
            order=order,
            amount_fen=order.due_fen,
            openid=openid,
            description=title or order.order_no,
            expires_at=order.expires_at,
            to_the_end=activities.payable_to_the_end(order),
            not_payable=OrderNotPayable,
            expired=OrderExpired,
        )

    def described(self, order: Order) -> str:
        """What the shopper reads in WeChat's bill: the first of the goods."""
        return order.lines.values_list("title", flat=True).first() or order.order_no

    def check_free(self, order: Order, *, at: datetime) -> None:
        """Raises OrderNotPayable, OrderExpired."""
        if order.status != Status.UNPAID:
            raise OrderNotPayable
        activities.require_payable(order, at=at)
        if at >= order.expires_at:
            raise OrderExpired

    def waits(self, bill_no: str) -> bool:
        return Order.objects.filter(order_no=bill_no, status=Status.UNPAID).exists()

    def lock(self, bill_no: str) -> bool:
        return orders.lock(order_no=bill_no).status == Status.UNPAID

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        order = self.locked(bill_no)
        if order.status == Status.CLOSED:
            return SurplusReason.LATE
        return SurplusReason.DOUBLE if order.status != Status.UNPAID else None

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        """An order that gathers first is told as gathered now, and as paid when it is formed (``orders.form``)."""
        order = self.locked(bill_no)
        move = activities.when_paid(order)
        told = {"pay": events.OrderPaid, "gather": events.OrderGathered}[move]
        news = told(order_no=bill_no, member_id=order.member_id)
        moving = orders.moving(order, move=move, actor=by, news=news, at=at)
        scarce.commit(order=order, behind=[*behind, moving], at=at)

    def locked(self, bill_no: str) -> Order:
        """The order, locked; of a kind that is for one bill, read once. Raises NotFound."""
        order = self._at_hand or orders.lock(order_no=bill_no)
        if self._for_one:
            self._at_hand = order
        return order

    def console_refunded(self, payment: Payment, *, at: datetime) -> bool:
        """Nothing here: after-sales, a storey above, hears the same news and refunds the order of any bill."""
        return False

    def own_numbers(self, *, member_id: int) -> Sequence[str] | None:
        return None

    def given_up(self, bill_no: str, *, by: By, at: datetime) -> None:
        order = orders.move(
            order_no=bill_no, move="close", actor=by.actor, operator=by.operator, note=by.why, at=at
        )
        outbox.publish(_closed(order), at=at)
        scarce.release(order=order, at=at)

    def given_up_together(self, bill_nos: Sequence[str], *, by: By, at: datetime) -> Together:
        """Simple are orders of no activity of which nothing is open at WeChat: asked under the locks, as for one."""
        waiting = [order for order in orders.lock_free(order_nos=bill_nos) if order.status == Status.UNPAID]
        asked = payment_facts.orders_with_open([order.pk for order in waiting])
        simple = [order for order in waiting if order.pk not in asked and scarce.gives_back_together(order)]
        orders.move_many(simple, move="close", actor=by.actor, operator=by.operator, note=by.why, at=at)
        outbox.publish_many([_closed(order) for order in simple], at=at)
        scarce.release_many(orders=simple, at=at)
        together = {order.pk for order in simple}
        return Together(len(simple), [order.order_no for order in waiting if order.pk not in together])

    def overdue(self, *, at: datetime, after: tuple[datetime, int] | None, limit: int) -> Sequence[Overdue]:
        rows = order_facts.unpaid_past_expiry(at=at, after=after)[:limit]
        return [Overdue(*row) for row in rows.values_list("expires_at", "pk", "order_no")]

    def attempts(self, bill_no: str) -> QuerySet[Payment]:
        """Those of all of the order's bills: nothing is released while any of them may still be paid."""
        return payment_facts.of_order(order_no=bill_no)

    def upload(self, payment: Payment, *, at: datetime) -> None:
        order = Order.objects.select_related("member").get(order_no=payment.bill_no)
        if order.virtual and payment.transaction_id:
            uploads.upload_virtual(
                bill_kind=payment.bill_kind,
                bill_no=payment.bill_no,
                transaction_id=payment.transaction_id,
                openid=order.member.openid,
                what=self.described(order),
                order=order,
                at=at,
            )
            return
        uploads.upload(
            order_no=payment.bill_no,
            bill_kind=payment.bill_kind,
            bill_no=payment.bill_no,
            transaction_id=payment.transaction_id,
            at=at,
        )


def _closed(order: Order) -> events.OrderClosed:
    return events.OrderClosed(order_no=order.order_no, member_id=order.member_id)


ORDER = WholeOrder()
