"""A flash sale sells so many units at its price in its window, to each member so many, and everything comes back."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import versions
from apps.campaigns import selectors as campaign_facts
from apps.campaigns.admission import Ended, NotForYou, NotStarted
from apps.campaigns.refusals import ActivityNotFound
from apps.campaigns.services import LimitReached, SoldOut
from apps.checkout import activities, placing, quoting
from apps.checkout.activities import StandsAlone
from apps.checkout.quoting import Choice
from apps.flashsale import gate
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Group, Member, Membership
from apps.orders.models import Reduction
from apps.orders.states import Status
from tests.apps.aftersales import make as refunding
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import HOUR, NOW, buyer, goods, order

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)
    cache.clear()


def left(good: Any, member: Member | None = None, *, at: Any = NOW) -> int:
    """What the list says is left."""
    _, known = flash_facts.find(good.pk, at=at)
    return flash_facts.lefts([known], member=member, at=at)[good.pk].units


def test_a_unit_costs_its_price_and_the_order_says_why() -> None:
    good = make.good(goods(50_00), price_fen=19_00)
    placed = order(buyer(), good)
    assert placed.payable_fen == 19_00
    assert placed.activity == {"kind": "flash_sale", "id": good.pk, "title": "十点秒杀"}
    counter.pay(placed)
    row = Reduction.objects.get(order=placed)
    assert (row.kind, row.key, row.amount_fen) == ("flash_sale", str(good.pk), 31_00)


def test_ten_of_ten_are_sold_and_the_eleventh_buyer_is_refused_though_the_shelf_is_full() -> None:
    good = make.good(goods(50_00, units=100), quota=3)
    for _ in range(3):
        order(buyer(), good)
    assert left(good) == 0
    with pytest.raises(SoldOut) as refusal:
        order(buyer(), good)
    assert refusal.value.details == {"available": 0}
    assert stock_facts.available([good.sku_id]) == {good.sku_id: 97}


def test_never_more_is_left_than_lies_on_the_shelf() -> None:
    good = make.good(goods(50_00, units=2), quota=10, limit=5)
    assert left(good) == 2
    with pytest.raises(SoldOut) as refusal:
        order(buyer(), good, 3)
    assert refusal.value.details == {"available": 2}


def test_the_limit_counts_over_all_orders_unpaid_ones_included() -> None:
    good = make.good(limit=2)
    who = buyer()
    order(who, good)
    with pytest.raises(LimitReached) as refusal:
        order(who, good, 2)
    assert refusal.value.details == {"limit": 2, "used": 1}
    order(who, good)
    with pytest.raises(LimitReached):
        order(who, good)


def test_the_window_is_half_open_to_the_microsecond() -> None:
    good = make.good()
    with pytest.raises(NotStarted) as refusal:
        order(buyer(), good, at=NOW - MOMENT)
    assert refusal.value.details == {"starts_at": NOW}
    order(buyer(), good, at=NOW)
    order(buyer(), good, at=NOW + 2 * HOUR - MOMENT)
    with pytest.raises(Ended):
        order(buyer(), good, at=NOW + 2 * HOUR)


def test_what_was_ordered_before_the_end_keeps_its_price_when_it_is_paid_after_it() -> None:
    good = make.good(price_fen=19_00)
    placed = order(buyer(), good, at=NOW + 2 * HOUR - MOMENT)
    counter.pay(placed, at=NOW + 2 * HOUR + timedelta(minutes=5))
    placed.refresh_from_db()
    assert (placed.status, placed.payable_fen) == (Status.PAID, 19_00)
    assert campaign_facts.taken(kind="flash_sale", keys=[good.key]) == {good.key: 1}


def test_a_closed_order_gives_back_quota_limit_and_stock() -> None:
    good = make.good(goods(50_00, units=5), quota=5)
    who = buyer()
    placed = order(who, good)
    assert (left(good), stock_facts.available([good.sku_id])[good.sku_id]) == (4, 4)
    counter.close(placed)
    assert (left(good), stock_facts.available([good.sku_id])[good.sku_id]) == (5, 5)
    order(who, good)


def test_after_the_session_what_was_not_sold_is_ordinary_stock() -> None:
    good = make.good(goods(50_00, units=2), quota=2)
    order(buyer(), good)
    later = NOW + 3 * HOUR
    assert counter.order(*buyer(), [(good.sku, 1)], at=later).payable_fen == 50_00
    assert stock_facts.available([good.sku_id]) == {good.sku_id: 0}


def test_a_refunded_unit_can_be_sold_again() -> None:
    good = make.good(quota=2, limit=2)
    placed = order(buyer(), good, 2)
    counter.pay(placed)
    assert left(good) == 0
    refunding.refund(placed, {good.sku: 1}, restock=[good.sku], at=NOW + timedelta(minutes=1))
    assert left(good) == 1


@pytest.mark.parametrize("units", [1, 2])
def test_other_goods_or_the_cart_do_not_get_its_price(units: int) -> None:
    good, other = make.good(limit=5), goods(30_00)
    named = activities.read({"kind": "flash_sale", "id": good.pk})
    member, address = buyer()
    for items in [((other.pk, units),), ((good.sku_id, 1), (other.pk, units)), None]:
        with pytest.raises(StandsAlone):
            quoting.compose(
                member=member,
                choice=Choice(items=items, address_id=address.pk, activity=named),
                at=NOW,
            )


def test_an_unknown_good_and_one_of_a_draft_are_not_there() -> None:
    draft = make.good(approved=False)
    with pytest.raises(ActivityNotFound):
        order(buyer(), draft)
    draft.pk = 999_999
    with pytest.raises(ActivityNotFound):
        order(buyer(), draft)


def test_a_paused_session_sells_nothing_and_a_resumed_one_goes_on() -> None:
    good = make.good()
    flashsale.CAMPAIGNS.pause(good.session, at=NOW)
    with pytest.raises(Ended):
        order(buyer(), good)
    flashsale.CAMPAIGNS.resume(good.session, at=NOW)
    order(buyer(), good)
    flashsale.CAMPAIGNS.stop(good.session, at=NOW)
    with pytest.raises(Ended):
        order(buyer(), good)


def test_a_session_for_a_group_is_for_its_members() -> None:
    group = Group.objects.create(name="茶友会", code="TEA")
    good = make.good(group_id=group.pk)
    friend, stranger = buyer(), buyer()
    Membership.objects.create(group=group, member=friend[0], added_at=NOW)
    order(friend, good)
    with pytest.raises(NotForYou) as refusal:
        order(stranger, good)
    assert refusal.value.details == {"reason": "group"}


def test_a_price_that_is_edited_never_touches_an_order_that_exists() -> None:
    good = make.good(price_fen=19_00)
    placed = order(buyer(), good)
    said = flashsale.CAMPAIGNS.draft_of(good.session)
    flashsale.CAMPAIGNS.save(
        make.draft(good.sku, price_fen=29_00, row_id=good.session_id, code=said.code), at=NOW
    )
    placed.refresh_from_db()
    assert placed.payable_fen == 19_00
    assert order(buyer(), good).payable_fen == 29_00


def statements(call: Any, *refusals: type[Exception]) -> int:
    """How many statements a call takes, refused or not."""
    with versions.once(), CaptureQueriesContext(connection) as seen, suppress(*refusals):
        call()
    return len([query for query in seen.captured_queries if "SAVEPOINT" not in query["sql"]])


def test_an_order_takes_at_most_thirty_statements_and_a_refusal_hardly_any() -> None:
    good = make.good(quota=2)
    order(buyer(), good)
    member, address = buyer()

    def place(key: str, by: Member, home: Address) -> None:
        choice = Choice(
            items=((good.sku_id, 1),),
            address_id=home.pk,
            activity=activities.read({"kind": "flash_sale", "id": good.pk}),
        )
        placing.place(
            member=by, choice=choice, expected_payable_fen=9_00, idempotency_key=key, remark="", at=NOW
        )

    assert statements(lambda: place("a", member, address)) <= 12  # 30 are allowed
    late, home = buyer()
    # Where it goes; quota, shelf and waiting list; whether it was placed before.
    assert statements(lambda: place("b", late, home), SoldOut) == 3
    assert gate.is_closed(good.pk, member_id=late.pk)
    assert statements(lambda: place("c", late, home), SoldOut) == 2


def test_the_gate_opens_with_what_comes_back(django_capture_on_commit_callbacks: Any) -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    with pytest.raises(SoldOut):
        order(buyer(), good)
    assert gate.is_closed(good.pk, member_id=0)
    with django_capture_on_commit_callbacks(execute=True):
        counter.close(placed)
    assert not gate.is_closed(good.pk, member_id=0)
    order(buyer(), good)


def test_the_gate_lets_who_has_a_right_through_and_nobody_else(
    django_capture_on_commit_callbacks: Any,
) -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    waiter, passer_by = buyer(), buyer()
    flashsale.wait(good_id=good.pk, member=waiter[0], at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        counter.close(placed, at=NOW)
    with pytest.raises(SoldOut):
        order(passer_by, good)
    closed = {who[0].pk: gate.is_closed(good.pk, member_id=who[0].pk) for who in (waiter, passer_by)}
    assert closed == {waiter[0].pk: False, passer_by[0].pk: True}
    order(waiter, good)


def test_without_redis_the_sale_goes_on_and_sells_no_more(settings: Any) -> None:
    good = make.good(quota=1)
    cache.breaker.open()  # type: ignore[attr-defined]
    try:
        order(buyer(), good)
        with pytest.raises(SoldOut):
            order(buyer(), good)
        assert not gate.is_closed(good.pk, member_id=0)
    finally:
        cache.breaker.close()  # type: ignore[attr-defined]
