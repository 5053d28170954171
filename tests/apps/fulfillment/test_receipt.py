"""The goods are here: said by hand, or after ten days by nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.fulfillment.services import receipt
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db


def shipped(*, at: Any = make.AT) -> Order:
    order = make.paid_order(at=make.AT)
    make.parcel(order, at=at)
    return order


def received() -> int:
    return Announcement.objects.filter(kind="OrderReceived").count()


def test_receipt_is_written_down_with_who_and_when_and_announced() -> None:
    order = shipped()

    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.AT + timedelta(days=3))

    order.refresh_from_db()
    assert (order.status, order.received_at) == ("RECEIVED", make.AT + timedelta(days=3))
    assert order.history.latest("id").actor == "member"
    assert received() == 1


def test_receipt_is_confirmed_once() -> None:
    order = shipped()
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.AT)

    with pytest.raises(MoveRefused):
        receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.AT)

    assert received() == 1


def test_what_was_not_shipped_or_does_not_exist_cannot_be_received() -> None:
    with pytest.raises(MoveRefused):
        receipt.confirm(order_no=make.paid_order().order_no, actor=Actor.MEMBER, at=make.AT)
    with pytest.raises(NotFound):
        receipt.confirm(order_no="SO1", actor=Actor.MEMBER, at=make.AT)
    assert received() == 0


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (timedelta(days=10, microseconds=-1), "SHIPPED"),
        (timedelta(days=10), "RECEIVED"),
        (timedelta(days=10, microseconds=1), "RECEIVED"),
    ],
    ids=["a moment before", "ten days to the moment", "a moment after"],
)
def test_after_ten_days_an_order_is_received_by_itself(settings: Any, after: timedelta, status: str) -> None:
    settings.ORDER_AUTO_RECEIVE_DAYS = 10
    order = shipped()

    handled = receipt.receive_overdue(at=make.AT + after)

    order.refresh_from_db()
    assert (order.status, handled) == (status, int(status == "RECEIVED"))


def test_the_sweep_counts_what_it_did_names_the_system_and_finds_nothing_the_second_time() -> None:
    orders = [shipped(), shipped()]
    paid = make.paid_order()
    later = make.AT + timedelta(days=11)

    assert [receipt.receive_overdue(at=later), receipt.receive_overdue(at=later)] == [2, 0]

    for order in orders:
        move = order.history.latest("id")
        assert (move.move, move.actor, move.note) == ("receive", "system", "超时自动确认收货")
    assert Order.objects.get(pk=paid.pk).status == "PAID"


def test_a_sweep_of_one_takes_the_order_that_waits_longest() -> None:
    young, old = shipped(at=make.AT + timedelta(days=1)), shipped()

    receipt.receive_overdue(at=make.AT + timedelta(days=20), limit=1)

    assert Order.objects.get(pk=old.pk).status == "RECEIVED"
    assert Order.objects.get(pk=young.pk).status == "SHIPPED"


def test_one_that_cannot_be_received_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [shipped() for _ in range(3)]
    publish, asked = outbox.publish_many, []
    monkeypatch.setattr(receipt.nudges, "after_commit", asked.append)

    def broken(events: Any, *, at: Any) -> None:
        if any(event.order_no == orders[1].order_no for event in events):
            raise RuntimeError("broken")
        publish(events, at=at)

    monkeypatch.setattr(outbox, "publish_many", broken)

    assert receipt.receive_overdue(at=make.AT + timedelta(days=60), limit=3) == 2

    states = {order.pk: order.status for order in Order.objects.all()}
    assert [states[order.pk] for order in orders] == ["RECEIVED", "SHIPPED", "RECEIVED"]
    assert asked.count("fulfillment.receive_overdue") == 1
