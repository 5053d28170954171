"""Batches of overdue orders beside everybody else: payments, presses of "pay", cancellations, other sweeps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from apps.checkout import closing, paying
from apps.fulfillment.services import receipt
from apps.inventory.models import Stock
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from apps.outbox.models import Announcement, Delivery
from apps.payments.models import Payment
from apps.points import services as points
from apps.points.models import Settlement
from apps.promotions.models import Tally
from mall.errors import ShopError
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.payments import make as payments
from tests.apps.wallet import make as wallets
from tests.races.stage import check_books
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
EXPIRED = make.NOW + timedelta(hours=2)


@pytest.fixture
def placed(settings: Any) -> list[Order]:
    """Forty-eight unpaid orders of eight buyers: the same two SKUs, a promotion with limits, coupons, points, money."""
    settings.MEMBER_UNPAID_ORDERS = settings.MEMBER_UNPAID_USES = 99
    settings.WALLET_ENABLED = True
    cup, pot = make.goods(6000, units=900), make.goods(2300, units=900)
    make.promotion(steps=[[5000, 500]], limits={"total": 900, "per_member": 90})
    made = []
    for number in range(8):
        member, address = make.buyer()
        coupons.coupon(member, of=coupons.template("减10", off_fen=1000, valid_days=9), at=make.NOW)
        points.earn(member_id=member.pk, amount=400, cause="start", at=make.NOW)
        wallets.funded(9000, 1000, member=member)
        for turn in range(6):
            goods = [(cup, 1), (pot, 2)] if (turn + number) % 2 else [(pot, 1), (cup, 2)]
            wish = [{}, {"use_points": 50}, {"use_balance": 500}][turn % 3]
            made.append(make.order(member, address, goods, at=make.NOW, **wish))
    return made


def each(work: Callable[[Order], object], some: Sequence[Order]) -> Callable[[], str]:
    """One after the other in a thread: refusals are an answer, anything else is not."""

    def run() -> str:
        for order in some:
            try:
                work(order)
            except ShopError:
                continue
        return "done"

    return run


def sweep() -> str:
    closing.close_expired(at=EXPIRED)
    return "done"


def cancel(order: Order) -> None:
    closing.cancel(member=order.member, order_no=order.order_no, at=EXPIRED)


def press_pay(order: Order) -> None:
    """As ``payments.start`` writes an attempt, before WeChat hears of it."""
    with transaction.atomic():
        if orders.lock(order_no=order.order_no).status == Status.UNPAID:
            payments.attempt(order, at=make.NOW, amount_fen=order.due_fen)


def test_nothing_is_closed_that_somebody_pays_and_nothing_is_given_back_twice(
    placed: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []
    monkeypatch.setattr(closing.log, "exception", lambda event, **more: failed.append(event), raising=False)
    paid, pressed, cancelled = placed[0::4], placed[1::4], placed[2::4]
    said = {
        order.pk: payments.paid(
            payments.attempt(order, at=make.NOW, amount_fen=order.due_fen), success_time=make.NOW.isoformat()
        )
        for order in paid
    }

    def heard(order: Order) -> None:
        paying.confirm_payment(transaction=said[order.pk], at=EXPIRED)

    calls = [sweep, sweep, sweep, each(heard, paid), each(heard, paid[::-1]), each(press_pay, pressed)]
    outcome = all_answers([*calls, each(cancel, cancelled), each(cancel, cancelled[::-1])])

    assert outcome == {"done": 8}
    assert failed == []  # nobody waited for anybody in a circle
    assert {order.status for order in Order.objects.filter(pk__in=said)} == {"PAID"}
    assert not Payment.objects.filter(order__status="CLOSED").exclude(status="CLOSED").exists()
    closing.close_expired(at=EXPIRED)
    waiting = Order.objects.filter(status="UNPAID")
    assert {order.pk for order in waiting} <= {order.pk for order in pressed}  # WeChat cannot be asked here
    assert Order.objects.filter(status="CLOSED").count() == 36 - waiting.count()
    closed = Announcement.objects.filter(kind="OrderClosed").values_list("payload__order_no", flat=True)
    assert sorted(closed) == sorted(Order.objects.filter(status="CLOSED").values_list("order_no", flat=True))
    check_books()
    call_command("check_invariants", stdout=StringIO())
    held = sum(Stock.objects.values_list("held", flat=True))
    assert held == sum(line.quantity for order in waiting for line in order.lines.all())
    assert sum(Tally.objects.filter(member=None).values_list("uses", flat=True)) == 12 + waiting.count()


def test_an_order_that_somebody_has_at_hand_holds_no_other_up(placed: list[Order]) -> None:
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            orders.lock(order_no=placed[5].order_no)
            locked.set()
            done.wait(30)
        connection.close()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert locked.wait(30)
        assert closing.close_expired(at=EXPIRED) == 47
        assert [order.pk for order in Order.objects.filter(status="UNPAID")] == [placed[5].pk]
    finally:
        done.set()
        holding.join()
    assert closing.close_expired(at=EXPIRED) == 1
    check_books()
    call_command("check_invariants", stdout=StringIO())


def test_two_workers_receive_and_settle_each_order_once(placed: list[Order]) -> None:
    for order in placed:
        with transaction.atomic():
            orders.move(order_no=order.order_no, move="pay", actor=Actor.WECHAT, at=make.NOW)
            orders.move(order_no=order.order_no, move="ship", actor=Actor.OPERATOR, at=make.NOW)
    Announcement.objects.all().delete()
    later = make.NOW + timedelta(days=60)
    cups = placed[0].member

    def receive() -> str:
        receipt.receive_overdue(at=later)
        return "done"

    def deliver() -> str:
        while outbox.deliver_due(at=later):
            pass
        return "done"

    outcome = all_answers([receive, receive, deliver, deliver, deliver])
    deliver()

    assert outcome == {"done": 5}
    assert set(Order.objects.values_list("status", flat=True)) == {"RECEIVED"}
    assert Announcement.objects.filter(kind="OrderReceived").count() == 48
    assert Settlement.objects.count() == 48
    assert not Delivery.objects.exclude(status="DONE").exists()
    cups.refresh_from_db()
    assert (
        cups.growth
        == sum(Settlement.objects.filter(account__member=cups).values_list("growth", flat=True))
        > 0
    )
    check_books()
