"""Overdue orders closed a batch at a time: the same as one by one, whatever they hold; what fails keeps nobody else open."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.checkout import activities, bills, closing, scarce
from apps.checkout.holders import Holder
from apps.coupons.models import Coupon
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from apps.points import services as points
from apps.promotions.models import Tally
from mall.events import OrderClosed
from tests import tables
from tests.apps.checkout import make
from tests.apps.checkout.varied import outcome, varied
from tests.apps.payments import make as payments
from tests.apps.points import make as points_make

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
EXPIRED = make.NOW + timedelta(hours=3)


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(bills.ORDER), "given_up_together", bills.Kind.given_up_together)


def test_a_batch_leaves_every_table_as_closing_one_by_one_does(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = varied(settings)
    assert {order.status for order in placed} == {"UNPAID"}
    before = tables.written()
    alone: list[str] = []
    close_one = closing._close_one

    def noted(kind: bills.Kind, bill_no: str, **more: Any) -> bool:
        alone.append(bill_no)
        return close_one(kind, bill_no, **more)

    def close() -> None:
        assert closing.close_expired(at=EXPIRED) == 36

    monkeypatch.setattr(closing, "_close_one", noted)
    together = outcome(close)
    assert alone == []
    one_by_one(monkeypatch)
    single = outcome(close)

    assert len(alone) == 36
    assert tables.differing(together, single) == {}
    changed = set(tables.differing(before, together))
    assert changed >= {
        *("orders_order", "orders_ordermove", "outbox_announcement", "inventory_stock", "inventory_hold"),
        *("inventory_stockentry", "coupons_coupon", "coupons_couponmove", "points_account", "points_entry"),
        *("points_lot", "points_spending", "points_spendingpart", "wallet_account", "wallet_entry"),
        *("wallet_spending", "promotions_usage", "promotions_tally"),
    }


def test_after_a_batch_nothing_is_held_and_the_books_add_up(settings: Any) -> None:
    placed = varied(settings)

    assert closing.close_expired(at=EXPIRED) == 36

    assert set(Order.objects.values_list("status", flat=True)) == {"CLOSED"}
    assert not Coupon.objects.filter(status="HELD").exists()
    assert not Tally.objects.exclude(uses=0, units=0).exists()
    call_command("check_ledgers", verbosity=0)
    call_command("check_invariants", stdout=StringIO())
    assert closing.close_expired(at=EXPIRED) == 0
    assert Order.objects.get(pk=placed[0].pk).history.filter(move="close").count() == 1


def test_a_hundred_orders_take_as_many_statements_as_ten() -> None:
    cup, pot = make.goods(5000, units=900), make.goods(3000, units=900)
    counted = []
    for number in (10, 90):
        for _ in range(number):
            member, address = make.buyer()
            make.order(member, address, [(cup, 1), (pot, 2)])
        with CaptureQueriesContext(connection) as seen:
            assert closing.close_expired(at=EXPIRED) == number
        counted.append(len(seen))
    assert counted[0] == counted[1] < 20


def test_one_that_fails_keeps_no_other_open() -> None:
    cup = make.goods(5000, units=20)
    placed = [make.order(*make.buyer(), [(cup, 1)]) for _ in range(5)]
    with transaction.atomic():
        inventory.commit(
            order_no=placed[2].order_no, at=make.NOW
        )  # sold, though nobody paid: it cannot be released

    assert closing.close_expired(at=EXPIRED) == 4

    left = Order.objects.filter(status="UNPAID")
    assert [order.pk for order in left] == [placed[2].pk]
    assert stock_facts.available([cup.pk]) == {cup.pk: 19}
    assert closing.close_expired(at=EXPIRED) == 0


def test_what_somebody_began_to_pay_and_what_is_of_an_activity_go_alone() -> None:
    cup = make.goods(5000, units=20)
    member, address = make.buyer()
    plain = make.order(member, address, [(cup, 1)])
    asked = make.order(member, address, [(cup, 1)])
    payments.attempt(asked, at=make.NOW, amount_fen=asked.due_fen)
    good = points_make.coupon_good(100, kind="SKU", sku=cup, coupon_template_id=None, money_fen=990)
    points.earn(member_id=member.pk, amount=400, cause="start", at=make.NOW)
    activity = activities.read({"kind": "points_good", "id": good.pk})
    redeemed = make.order(member, address, [(cup, 1)], activity=activity)
    numbers = [order.order_no for order in (plain, asked, redeemed)]

    with transaction.atomic():
        given_up, alone = bills.ORDER.given_up_together(
            numbers, by=bills.By(actor=Actor.SYSTEM, why="超时未支付"), at=EXPIRED
        )

    assert given_up == 1
    assert set(alone) == {asked.order_no, redeemed.order_no}
    assert points_make.standing(member) == (300, 0)
    plain.refresh_from_db()
    assert plain.status == "CLOSED"


def test_the_news_of_a_batch_name_each_order_and_its_buyer() -> None:
    cup = make.goods(5000, units=20)
    placed = [make.order(*make.buyer(), [(cup, 1)]) for _ in range(3)]
    closing.close_expired(at=EXPIRED)
    told = Announcement.objects.filter(kind=OrderClosed.name).order_by("id").values_list("payload", flat=True)
    assert list(told) == [{"order_no": o.order_no, "member_id": o.member_id} for o in placed]


def test_a_sweep_that_came_to_its_end_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    cup = make.goods(5000, units=20)
    placed = [make.order(*make.buyer(), [(cup, 1)]) for _ in range(5)]
    asked: list[str] = []
    # The post room is nudged with the news, too.
    monkeypatch.setattr(
        closing.nudges, "after_commit", lambda task: asked.append(task) if task == closing.RING else None
    )
    monkeypatch.setattr(closing, "_BATCH", 2)
    monkeypatch.setattr(closing, "_AT_MOST", 4)

    assert [closing.close_expired(at=EXPIRED), asked] == [4, ["checkout.close_expired"]]
    assert [closing.close_expired(at=EXPIRED), asked] == [1, ["checkout.close_expired"]]

    # Where nothing can be given up it comes again with the clock, and no sooner.
    for order in [make.order(order.member, order.member.addresses.get(), [(cup, 1)]) for order in placed]:
        payments.attempt(order, at=make.NOW, amount_fen=order.due_fen)
    assert [closing.close_expired(at=EXPIRED), asked] == [0, ["checkout.close_expired"]]


@pytest.mark.parametrize("holder", scarce.HOLDERS, ids=lambda holder: type(holder).__name__)
def test_each_holder_gives_back_in_one_way(holder: Holder) -> None:
    assert holder.gives_back_together != (type(holder).release is not Holder.release)
