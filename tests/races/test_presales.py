"""Pre-sales under real threads on PostgreSQL: the plan is never oversold, a balance and its window's end never both win."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.campaigns.models import Quota, Take
from apps.checkout import bills, closing, paying, placing
from apps.inventory.models import Hold, Stock
from apps.orders.models import Order, OrderMove
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund
from apps.presale import services as presales
from apps.presale.models import Presale
from tests.apps.checkout import make as counter
from tests.apps.inventory import make as stocks
from tests.apps.payments import make as money
from tests.apps.presale import make
from tests.apps.presale.make import BALANCE_FROM, BALANCE_UNTIL, NOW
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 20


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)


def ordering(row: Presale, key: str) -> Callable[[], str]:
    """A buyer of their own who orders one."""
    buyer = counter.buyer()
    choice = make.choice(row, buyer[1])

    def call() -> str:
        placing.place(
            member=buyer[0],
            choice=choice,
            expected_payable_fen=130_00,
            idempotency_key=key,
            remark="",
            at=NOW,
        )
        return "placed"

    return call


def test_a_plan_of_ten_sells_ten_to_sixty_four() -> None:
    row = make.presale(quota=10)
    outcome = all_answers([ordering(row, f"k{number}") for number in range(64)])
    assert outcome == {"placed": 10, "activity_sold_out": 54}
    assert Quota.objects.get().taken == 10
    assert (Order.objects.count(), Take.objects.filter(verb="hold").count()) == (10, 10)


def test_without_the_guard_two_would_take_the_last_of_the_plan() -> None:
    """The race that the guarded statement closes: both count one left, and both take it."""
    make.presale(quota=1)
    seen = threading.Barrier(2)
    found: list[int] = []

    def careless() -> None:
        quota = Quota.objects.get()
        found.append((quota.quota or 0) - quota.taken)
        seen.wait(30)
        connection.close()

    threads = [threading.Thread(target=careless) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1]


def told(attempt: Payment) -> Callable[[], str]:
    said = money.paid(attempt)
    return lambda: paying.confirm_payment(transaction=said, at=BALANCE_UNTIL).outcome.value


def lapse(order: Order) -> Callable[[], str]:
    by = bills.By(actor=Actor.SYSTEM, why="超时未支付")
    return lambda: str(closing.give_up(kind=bills.BALANCE, bill_no=order.order_no, by=by, at=BALANCE_UNTIL))


def test_a_balance_and_its_windows_end_at_once_are_paid_or_closed_and_refunded_never_both() -> None:
    row = make.presale(deposit_refundable=True)
    ends: Counter[str] = Counter()
    for _ in range(ROUNDS):
        order = make.reserved(row)
        attempt = make.attempt(order, bills.BALANCE, at=BALANCE_FROM, status="CLOSED", closed_at=BALANCE_FROM)
        answers = all_answers([told(attempt), lapse(order)])
        outbox.deliver_due(at=BALANCE_UNTIL)
        order.refresh_from_db()
        back = sorted(Refund.objects.filter(payment__order=order).values_list("amount_fen", flat=True))
        ends[order.status] += 1
        assert (order.status, set(answers), back) in [
            ("PAID", {"used", "False"}, []),
            ("CLOSED", {"surplus", "True"}, [20_00, 110_00]),
        ]
        kept = sum(Take.objects.filter(order_no=order.order_no).values_list("units", flat=True))
        assert kept == (1 if order.status == "PAID" else 0)
    assert sum(ends.values()) == ROUNDS
    assert Quota.objects.get().taken == ends["PAID"]


def test_without_the_orders_lock_both_would_find_it_reserved() -> None:
    order = make.reserved(make.presale())
    gate = threading.Barrier(2)

    def look() -> str:
        seen = Order.objects.get(pk=order.pk).status
        gate.wait(30)
        return seen

    assert all_answers([look] * 2) == {"RESERVED": 2}


def test_two_notifications_of_a_deposit_reserve_once() -> None:
    order = make.order(make.presale())
    attempt = make.attempt(order, bills.DEPOSIT)
    assert all_answers([told(attempt)] * 4) == {"used": 1, "already": 3}
    order.refresh_from_db()
    assert order.status == "RESERVED"
    assert OrderMove.objects.filter(order=order, move="reserve").count() == 1


def arriving(row: Presale, token: str) -> Callable[[], str]:
    def call() -> str:
        make.arrive(row, 3, token=token)
        return "arrived"

    return call


def sweep() -> str:
    presales.allot_due(at=NOW)
    return "swept"


def balance(order: Order) -> Callable[[], str]:
    attempt = make.attempt(order, bills.BALANCE, at=BALANCE_FROM)
    said: Any = money.paid(attempt)
    return lambda: paying.confirm_payment(transaction=said, at=BALANCE_FROM).outcome.value


def test_goods_that_arrive_while_balances_are_paid_are_given_once_to_each() -> None:
    stocks.place()
    for round_ in range(ROUNDS // 2):
        row = make.presale()
        waiting = [make.reserved(row) for _ in range(3)]
        calls = [arriving(row, f"t{round_}"), sweep, *map(balance, waiting)]
        answers = all_answers(calls)
        # Who finds a row taken for two seconds comes again: WeChat repeats what it has to say.
        assert set(answers) <= {"arrived", "swept", "used"}
        presales.allot_due(at=NOW)
        for order in waiting:
            order.refresh_from_db()
            assert (order.status, order.awaits_goods) == ("PAID", False)
        holds = Hold.objects.filter(order_no__in=[order.order_no for order in waiting])
        assert sorted(holds.values_list("quantity", "status")) == [(1, "COMMITTED")] * 3
        stock = Stock.objects.get(sku=make.skus_of(row)[0])
        assert (stock.on_hand, stock.held) == (0, 0)
