"""One member's points and level from many sides at the same moment. Real threads on real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction

from apps.aftersales import services as aftersales
from apps.fulfillment.services import receipt
from apps.members import standing
from apps.members.models import LevelChange
from apps.members.services import growth
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from apps.points import services as points
from apps.points.models import Account, CheckIn, Entry, Lot, PointsGood, Redemption, Settlement
from mall.errors import ShopError
from tests.apps.aftersales import make as orders
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.points import make
from tests.apps.points.make import DAY, NOW
from tests.races.stage import waiting_for_a_lock

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs in threads that start together; a refusal is returned in place of a result."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return job()
        except ShopError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def test_without_the_lock_and_the_guard_five_orders_would_spend_the_same_points() -> None:
    owner = make.member(100)
    read = Barrier(5)

    def naive() -> bool:
        account = Account.objects.get(member=owner)
        read.wait()
        if account.balance < 100:
            return False
        account.balance -= 100
        account.save(update_fields=["balance"])
        return True

    assert at_once(*[naive] * 5) == [True] * 5


def test_a_hundred_points_in_five_orders_of_a_hundred_at_once_pay_for_one() -> None:
    owner = make.member(100)

    answers = at_once(*[lambda n=n: make.hold(owner, f"SO{n}", 100) for n in range(5)])

    assert sorted(answers, key=str) == [None, *["points_not_enough"] * 4]
    assert make.standing(owner) == (0, 0)


def test_two_orders_released_at_once_give_their_points_back_exactly() -> None:
    owner = make.member(100)
    make.hold(owner, "SO1", 30)
    make.hold(owner, "SO2", 50)

    # Each is even closed twice: by the shopper and by the clock.
    assert at_once(*[lambda n=n: make.release(n) for n in ("SO1", "SO2", "SO1", "SO2")]) == [None] * 4

    assert make.standing(owner) == (100, 0)
    assert list(Lot.objects.values_list("left", flat=True)) == [100]


def test_paying_and_closing_at_once_end_in_one_of_both() -> None:
    for number in range(5):
        owner, order_no = make.member(100), f"SO{number}"
        make.hold(owner, order_no, 60)
        answers = at_once(
            lambda order_no=order_no: make.commit(order_no), lambda order_no=order_no: make.release(order_no)
        )
        expected = {(None, "points_conflict"): (40, 0), ("points_gone", None): (100, 0)}
        assert make.standing(owner) == expected[answers[0], answers[1]]


def test_eight_first_earnings_of_one_cause_are_one() -> None:
    owner = make.member()
    at_once(*[lambda: points.earn(member_id=owner.pk, amount=10, cause="SO1:earn", at=NOW)] * 8)
    assert make.standing(owner) == (10, 0)
    assert Entry.objects.count() == 1


def test_an_order_heard_of_eight_times_at_once_settles_once() -> None:
    owner = make.member()
    at_once(
        *[
            lambda: points.earn_for_order(
                order_no="SO1", member_id=owner.pk, settled_fen=10_000, multiplier_bp=10_000, at=NOW
            )
        ]
        * 8
    )
    owner.refresh_from_db()
    assert (make.standing(owner), owner.growth) == ((100, 0), 100)


def test_a_receipt_and_its_refund_at_once_leave_nothing_behind() -> None:
    for number in range(5):
        owner = make.member()
        order = {"order_no": f"SO{number}", "member_id": owner.pk, "at": NOW}
        at_once(
            lambda order=order: points.earn_for_order(settled_fen=10_000, multiplier_bp=10_000, **order),
            lambda order=order: points.give_back_for_refund(
                refund_key="RF1", part_fen=100, whole_fen=100, **order
            ),
        )
        owner.refresh_from_db()
        assert (make.standing(owner), owner.growth) == ((0, 0), 0)


@pytest.mark.parametrize("settled", ["one", "many"])
def test_a_price_that_falls_at_the_moment_of_the_receipt_earns_nothing(settled: str) -> None:
    cup = counter.goods(10_000, units=5)
    counter.freight()
    order = orders.paid(counter.buyer(), [(cup, 1)])
    orders.ship(order)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=orders.LATER)
    fell, heard = Event(), Event()

    def falls() -> None:
        with transaction.atomic():
            aftersales.return_price(
                order_no=order.order_no, now_fen={cup.pk: 4_000}, token="fell", reason="降价", at=orders.LATER
            )
            fell.set()
            heard.wait(30)

    def settles() -> None:
        fell.wait(30)
        if settled == "one":
            points.settle(order_no=order.order_no, at=orders.LATER)
            return
        with transaction.atomic():
            left = points.settle_many(order_nos=[order.order_no], at=orders.LATER)
        for order_no in left:
            points.settle(order_no=order_no, at=orders.LATER)

    def sees() -> None:
        fell.wait(30)
        while not waiting_for_a_lock():
            sleep(0.01)
        heard.set()

    at_once(falls, settles, sees)
    assert Settlement.objects.get(order_no=order.order_no).settled_fen == 4_000
    assert Account.objects.get(member=order.member).balance == 40


def test_eight_check_ins_at_once_are_one() -> None:
    owner = make.member()
    rows = at_once(*[lambda: points.check_in(member_id=owner.pk, at=NOW)] * 8)
    assert {row.pk for row in rows} == {CheckIn.objects.get().pk}
    assert make.standing(owner) == (1, 0)


def test_four_sweeps_at_once_expire_and_remind_once() -> None:
    make.rules(expiry="MONTHS", expiry_months=1)
    owner = make.member(100)
    at_once(*[lambda: points.remind_due(at=NOW + 28 * DAY)] * 4)
    assert Announcement.objects.filter(kind="PointsExpiring").count() == 1
    at_once(*[lambda: points.expire_due(at=NOW + 40 * DAY)] * 4)
    assert make.standing(owner) == (0, 0)
    assert Entry.objects.filter(kind="EXPIRE").count() == 1


def test_the_last_coupon_of_the_mall_goes_to_one_of_eight() -> None:
    good = make.coupon_good(100, quota=1)
    owners = [make.member(100) for _ in range(8)]

    answers = at_once(
        *[
            lambda owner=owner: points.redeem_coupon(
                member_id=owner.pk, good_id=good.pk, quantity=1, idempotency_key="k", at=NOW
            )
            for owner in owners
        ]
    )

    assert sum(isinstance(answer, Redemption) for answer in answers) == 1
    assert answers.count("redeemed_out") == 7
    assert PointsGood.objects.get().redeemed == 1
    assert sorted(make.standing(owner)[0] for owner in owners) == [0, *[100] * 7]


def test_growth_from_eight_sides_at_once_lifts_a_member_once() -> None:
    plain = members.level("茶友", rank=0)
    members.level("银叶", rank=1, growth_threshold=80)
    owner = make.member(level=plain)

    at_once(
        *[lambda n=n: growth.add(member_id=owner.pk, amount=10, cause=f"order:{n}", at=NOW) for n in range(8)]
    )

    owner.refresh_from_db()
    assert (owner.growth, owner.level and owner.level.name) == (80, "银叶")
    assert LevelChange.objects.count() == 1
    assert standing.unbalanced() == []


def test_four_reviews_of_the_clock_at_once_lower_a_level_once() -> None:
    plain = members.level("茶友", rank=0)
    silver = members.level("银叶", rank=1, growth_threshold=80)
    owner = make.member(level=plain)
    growth.set_by_hand(member_id=owner.pk, level_id=silver.pk, reason="老顾客", operator=None, at=NOW)

    at_once(*[lambda: growth.review_due(at=NOW + 365 * DAY)] * 4)

    assert list(LevelChange.objects.order_by("id").values_list("why", flat=True)) == ["BY_HAND", "PERIOD"]
