"""Who waits for what lapses: in turn, for ten minutes, before whoever passes by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from apps.campaigns.admission import Ended, NotStarted
from apps.campaigns.models import Quota
from apps.campaigns.services import LimitReached, SoldOut
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Session, Wait
from apps.inventory.models import Stock
from apps.members.models import Member
from apps.outbox.models import Announcement
from tests.apps.aftersales import make as refunding
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import HOUR, NOW, buyer, goods, order
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
Buyer = tuple[Member, Any]


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)
    cache.clear()


def wait(good: Good, who: Buyer, *, at: Any = NOW) -> int:
    return flashsale.wait(good_id=good.pk, member=who[0], at=at)


def state(good: Good, who: Buyer) -> str:
    return Wait.objects.get(good=good, member=who[0]).state


def left(good: Good, who: Buyer | None = None, *, at: Any = NOW) -> int:
    _, known = flash_facts.find(good.pk, at=at)
    return flash_facts.lefts([known], member=who[0] if who else None, at=at)[good.pk].units


def balanced() -> bool:
    """Whether as many units are set aside as there are rights."""
    return flash_facts.unbalanced() == []


def test_one_waits_only_for_what_is_sold_out() -> None:
    good = make.good(quota=1)
    with pytest.raises(flashsale.NotSoldOut) as refusal:
        wait(good, buyer())
    assert (refusal.value.code, refusal.value.details) == ("activity_not_sold_out", {"left": 1})
    order(buyer(), good)
    assert wait(good, buyer()) == 1
    assert wait(good, buyer(), at=NOW + MINUTE) == 2


def test_waiting_twice_keeps_the_place() -> None:
    good = make.good(quota=1)
    order(buyer(), good)
    first, second = buyer(), buyer()
    assert [wait(good, first), wait(good, second), wait(good, second), wait(good, first)] == [1, 2, 2, 1]


def test_nobody_waits_before_the_session_or_after_it_or_with_all_that_they_may_have() -> None:
    good = make.good(quota=1)
    who = buyer()
    with pytest.raises(NotStarted):
        wait(good, who, at=NOW - MINUTE)
    order(who, good)
    with pytest.raises(LimitReached):
        wait(good, who)
    with pytest.raises(Ended):
        wait(good, buyer(), at=NOW + 2 * HOUR)


def test_the_unit_of_a_lapsed_order_is_the_next_waiters_for_ten_minutes() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    waiter, other, passer_by = buyer(), buyer(), buyer()
    wait(good, waiter)
    wait(good, other, at=NOW + MINUTE)
    counter.close(placed, at=NOW + 5 * MINUTE)

    row = Wait.objects.get(member=waiter[0])
    assert (row.state, row.until) == ("YOURS", NOW + 15 * MINUTE)
    assert state(good, other) == "WAITING"
    assert [left(good, who, at=NOW + 6 * MINUTE) for who in (None, passer_by, other, waiter)] == [0, 0, 0, 1]
    news = Announcement.objects.get(kind="FlashTurnGiven")
    assert (news.payload["member_id"], news.payload["good_id"]) == (waiter[0].pk, good.pk)
    for late in (passer_by, other):
        with pytest.raises(SoldOut):
            order(late, good, at=NOW + 6 * MINUTE)
    assert balanced()

    bought = order(waiter, good, at=NOW + 15 * MINUTE - timedelta(microseconds=1))
    assert (bought.payable_fen, state(good, waiter)) == (9_00, "USED")
    assert (Quota.objects.get().taken, Quota.objects.get().set_aside) == (1, 0)
    assert balanced()


def test_a_right_that_is_not_used_goes_to_the_next(django_capture_on_commit_callbacks: Any) -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    first, second = buyer(), buyer()
    wait(good, first)
    wait(good, second, at=NOW + MINUTE)
    counter.close(placed, at=NOW + 2 * MINUTE)
    over = NOW + 12 * MINUTE
    with pytest.raises(SoldOut):
        order(first, good, at=over)  # ten minutes are over, also before the sweep

    with django_capture_on_commit_callbacks(execute=True):
        assert flashsale.pass_turns(at=over) == 2
    assert [state(good, first), state(good, second)] == ["LAPSED", "YOURS"]
    assert flashsale.pass_turns(at=over) == 0
    assert balanced()
    order(second, good, at=over + MINUTE)


def test_who_let_the_turn_pass_may_queue_again_behind_the_others() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    first, second = buyer(), buyer()
    wait(good, first)
    counter.close(placed, at=NOW + MINUTE)
    order(first, good, at=NOW + 2 * MINUTE)
    wait(good, second, at=NOW + 3 * MINUTE)
    assert state(good, first) == "USED"
    with pytest.raises(LimitReached):
        wait(good, first, at=NOW + 4 * MINUTE)


def test_two_units_come_back_and_one_waits_so_one_is_for_everybody() -> None:
    good = make.good(goods(50_00, units=50), quota=2, limit=2)
    placed = order(buyer(), good, 2)
    waiter = buyer()
    wait(good, waiter)
    counter.close(placed, at=NOW + MINUTE)
    assert [left(good), left(good, waiter)] == [1, 2]
    passer_by = buyer()
    order(passer_by, good, at=NOW + 2 * MINUTE)
    assert [left(good), left(good, waiter)] == [0, 1]
    order(waiter, good, at=NOW + 3 * MINUTE)
    assert balanced()


def test_what_a_refund_puts_back_is_the_waiters() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    counter.pay(placed)
    waiter = buyer()
    wait(good, waiter, at=NOW + MINUTE)
    refunding.refund(placed, {good.sku: 1}, restock=[good.sku], at=NOW + 2 * MINUTE)
    assert state(good, waiter) == "YOURS"


def test_a_refunded_unit_that_is_not_back_on_an_empty_shelf_is_nobodys_turn() -> None:
    good = make.good(goods(50_00, units=1), quota=1)
    placed = order(buyer(), good)
    counter.pay(placed)
    fulfillment.carriers()
    refunding.ship(refunding.fresh(placed))
    waiter = buyer()
    wait(good, waiter, at=NOW + MINUTE)
    refunding.refund(placed, {good.sku: 1}, at=NOW + 2 * MINUTE)
    assert (state(good, waiter), left(good)) == ("WAITING", 0)
    Stock.objects.filter(sku=good.sku).update(on_hand=5)
    assert left(good) == 0  # whoever waits goes before who passes by
    flashsale.pass_turns(at=NOW + 3 * MINUTE)
    assert (state(good, waiter), left(good)) == ("YOURS", 0)


def test_a_larger_quota_is_first_of_all_for_who_waits() -> None:
    good = make.good(quota=1)
    order(buyer(), good)
    waiter = buyer()
    wait(good, waiter)
    said = flashsale.CAMPAIGNS.draft_of(good.session)
    flashsale.CAMPAIGNS.save(
        make.draft(good.sku, quota=2, row_id=good.session_id, code=said.code), at=NOW + MINUTE
    )
    assert (state(good, waiter), left(good), left(good, waiter)) == ("YOURS", 0, 1)


def test_trying_out_a_larger_quota_gives_nobody_a_turn_and_announces_nothing() -> None:
    good = make.good(quota=1)
    order(buyer(), good)
    waiter = buyer()
    wait(good, waiter)
    said = flashsale.CAMPAIGNS.draft_of(good.session)
    news = Announcement.objects.count()
    seen = []

    def look(row: Session) -> None:
        """As it would be, while it is written."""
        seen.append((row.goods.get().quota, state(good, waiter), Announcement.objects.count()))

    draft = make.draft(good.sku, quota=2, row_id=good.session_id, code=said.code)
    flashsale.CAMPAIGNS.try_out(draft, at=NOW + MINUTE, look=look)
    assert seen == [(2, "WAITING", news)]
    good.refresh_from_db()
    assert (good.quota, state(good, waiter), Announcement.objects.count()) == (1, "WAITING", news)


def test_a_right_never_outlives_the_session_and_then_nobody_waits() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    first, second = buyer(), buyer()
    wait(good, first)
    wait(good, second)
    counter.close(placed, at=NOW + 2 * HOUR - MINUTE)
    assert Wait.objects.get(member=first[0]).until == NOW + 2 * HOUR
    flashsale.pass_turns(at=NOW + 2 * HOUR)
    assert [state(good, first), state(good, second)] == ["LAPSED", "LAPSED"]
    assert Quota.objects.get().set_aside == 0


def test_a_stopped_session_ends_its_waiting_list() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    first, second = buyer(), buyer()
    wait(good, first)
    wait(good, second)
    counter.close(placed, at=NOW + MINUTE)
    flashsale.CAMPAIGNS.stop(good.session, at=NOW + 2 * MINUTE)
    flashsale.pass_turns(at=NOW + 3 * MINUTE)
    assert [state(good, first), state(good, second)] == ["LAPSED", "LAPSED"]
    assert (Quota.objects.get().set_aside, balanced()) == (0, True)


def test_who_has_a_right_orders_and_does_not_wait() -> None:
    good = make.good(quota=1)
    placed = order(buyer(), good)
    waiter = buyer()
    wait(good, waiter)
    counter.close(placed, at=NOW + MINUTE)
    with pytest.raises(flashsale.NotSoldOut):
        wait(good, waiter, at=NOW + 2 * MINUTE)
    # Its time is over and no sweep came by: the unit is anybody's again, nobody else waits.
    with pytest.raises(flashsale.NotSoldOut):
        wait(good, waiter, at=NOW + 20 * MINUTE)
    assert (state(good, waiter), Quota.objects.get().set_aside) == ("LAPSED", 0)
