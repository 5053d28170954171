"""Friends cut a price: every cut is drawn at the opening, their sum is exact, and the last friend reaches the floor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.bargain import selectors as bargain_facts
from apps.bargain import services as bargains
from apps.bargain.models import Cut, Help, Run
from apps.bargain.states import RunStatus
from apps.base import drawing
from apps.campaigns import admission
from apps.campaigns import services as campaigns
from apps.checkout import activities
from apps.outbox.models import Announcement
from mall.errors import NotFound
from tests.apps.bargain import make
from tests.apps.bargain.make import HOUR, NOW
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def help_run(run: Run, member_id: int, *, at: Any = NOW) -> Help:
    return bargains.help_run(bargain_no=run.bargain_no, member_id=member_id, at=at)


@given(helpers=st.integers(1, 200), more=st.integers(0, 10**9))
def test_cuts_add_up_and_each_cuts_something(helpers: int, more: int):
    cuts = drawing.parts_fen(helpers + more, people=helpers)
    assert (len(cuts), sum(cuts), min(cuts) >= 1) == (helpers, helpers + more, True)


def test_a_fen_less_than_one_for_each_cannot_be_drawn():
    with pytest.raises(ValueError, match="9 fen"):
        drawing.parts_fen(9, people=10)


def test_ten_friends_reach_the_floor_and_the_eleventh_finds_nothing_to_cut():
    run = make.helped(make.run(make.bargain()), times=10)
    assert (run.price_fen, run.helps, run.cut_fen) == (99_00, 10, 100_00)
    with pytest.raises(bargains.AtFloor):
        help_run(run, make.member().pk)


def test_a_newcomer_takes_the_largest_cut_and_a_customer_the_next_in_turn():
    run = make.run(make.bargain())
    drawn = dict(Cut.objects.filter(run=run).values_list("place", "amount_fen"))
    old, address = counter.buyer()
    counter.pay(counter.order(old, address, [(make.pot(), 1)], at=NOW), at=NOW)
    of_customer, of_newcomer = help_run(run, old.pk), help_run(run, make.member().pk)
    assert of_customer.cut is not None
    assert of_newcomer.cut is not None
    assert (of_customer.newcomer, of_customer.cut.place) == (False, 1)
    rest = {place: amount for place, amount in drawn.items() if place != 1}
    assert (of_newcomer.newcomer, of_newcomer.cut.amount_fen) == (True, max(rest.values()))


def test_one_helps_once_in_a_run_and_never_oneself():
    run = make.run(make.bargain())
    friend = make.member().pk
    help_run(run, friend)
    with pytest.raises(bargains.HelpedAlready):
        help_run(run, friend)
    with pytest.raises(bargains.OwnRun):
        help_run(run, run.member_id)
    assert Help.objects.count() == 1


def test_a_member_helps_three_times_a_shanghai_day_over_all_bargains():
    friend = make.member().pk
    runs = [make.run(make.bargain()) for _ in range(5)]
    for run in runs[:3]:
        help_run(run, friend)
    with pytest.raises(bargains.HelpsUsedUp) as refusal:
        help_run(runs[3], friend)
    assert refusal.value.details == {"limit": 3}
    assert runs[3].given.count() == 0
    midnight = NOW + 14 * HOUR
    tomorrow = make.run(make.bargain(ends_at=midnight + HOUR, minutes_per_run=6000))
    with pytest.raises(bargains.HelpsUsedUp):
        help_run(tomorrow, friend, at=midnight - MOMENT)
    help_run(tomorrow, friend, at=midnight)


def test_the_limit_of_a_day_is_that_of_the_bargain_that_is_helped():
    friend = make.member().pk
    help_run(make.run(make.bargain()), friend)
    with pytest.raises(bargains.HelpsUsedUp):
        help_run(make.run(make.bargain(helps_per_day=1)), friend)


def test_a_running_run_is_answered_again_and_another_begins_when_it_has_lapsed():
    row = make.bargain(minutes_per_run=60)
    member_id = make.member().pk
    first = make.run(row, member_id=member_id)
    assert make.run(row, member_id=member_id, at=NOW + HOUR - MOMENT) == first
    second = make.run(row, member_id=member_id, at=NOW + HOUR)
    assert second != first
    assert Run.objects.get(pk=first.pk).status == RunStatus.LAPSED


def news() -> list[dict[str, Any]]:
    rows = Announcement.objects.filter(kind="BargainAtFloor").order_by("id")
    return [row.payload for row in rows]


def test_reaching_the_floor_is_told_once_and_so_is_a_released_help_that_reaches_it():
    make.rule("HELP_BURST", 1)
    run = make.run(make.bargain(helpers=2))
    help_run(run, make.member().pk)
    held = help_run(run, make.member().pk)
    assert (held.held, news()) == (True, [])
    bargains.release_help(help_id=held.pk, operator=operator(), at=NOW)
    assert news() == [{"member_id": run.member_id, "bargain_no": run.bargain_no}]
    with pytest.raises(bargains.AtFloor):
        help_run(run, make.member().pk, at=NOW + HOUR)
    assert len(news()) == 1


def test_a_run_never_outlives_its_bargain():
    assert make.run(make.bargain(), at=NOW + 9 * HOUR).ends_at == NOW + 10 * HOUR


def test_nothing_is_cut_after_the_run_is_over_even_before_a_sweep_says_so():
    run = make.run(make.bargain(minutes_per_run=60))
    assert run.status_at(NOW + HOUR - MOMENT) == RunStatus.OPEN
    assert run.status_at(NOW + HOUR) == RunStatus.LAPSED
    with pytest.raises(bargains.Closed):
        help_run(run, make.member().pk, at=NOW + HOUR)
    assert bargains.lapse_due(at=NOW + HOUR - MOMENT) == 0
    assert bargains.lapse_due(at=NOW + HOUR) == 1
    assert bargains.lapse_due(at=NOW + HOUR) == 0


def test_a_run_begins_in_the_window_of_an_approved_bargain_only():
    row = make.bargain(starts_at=NOW + HOUR)
    with pytest.raises(admission.NotStarted):
        make.run(row, at=NOW + HOUR - MOMENT)
    make.run(row, at=NOW + HOUR)
    with pytest.raises(admission.Ended):
        make.run(row, at=NOW + 10 * HOUR)
    with pytest.raises(NotFound):
        make.run(make.bargain(approved=False))


def test_a_paused_bargain_is_neither_begun_nor_helped():
    row = make.bargain()
    run = make.run(row)
    bargains.CAMPAIGNS.pause(row, at=NOW)
    with pytest.raises(admission.Ended):
        make.run(row)
    with pytest.raises(bargains.Closed):
        help_run(run, make.member().pk)
    bargains.CAMPAIGNS.resume(row, at=NOW)
    help_run(run, make.member().pk)


def test_nobody_begins_what_is_sold_out():
    row = make.bargain(quota=1)
    buyer, address = counter.buyer()
    order_of(make.run(row, member_id=buyer.pk), buyer, address)
    with pytest.raises(campaigns.SoldOut):
        make.run(row)


def order_of(run: Run, buyer: Any, address: Any) -> Any:
    ticket = activities.read({"kind": "bargain", "id": run.bargain_no})
    return counter.order(buyer, address, [(run.bargain.sku, 1)], activity=ticket, at=NOW)


def test_a_burst_within_a_minute_is_held_for_a_look_and_cuts_when_it_is_released(admin_user: Any):
    make.rule("HELP_BURST", 2)
    run = make.helped(make.run(make.bargain()), times=2)
    held = help_run(run, make.member().pk)
    assert (held.held, held.cut, held.reason) == (True, None, "一分钟内已有 2 人帮砍")
    assert bargain_facts.held_for_a_person().count() == 1
    run.refresh_from_db()
    assert run.helps == 2
    later = help_run(run, make.member().pk, at=NOW + timedelta(minutes=1))
    assert not later.held
    given = bargains.release_help(help_id=held.pk, operator=admin_user, at=NOW + HOUR)
    assert (given.held, given.released_by, given.run.helps) == (False, admin_user, 4)
    with pytest.raises(bargains.NotHeld):
        bargains.release_help(help_id=held.pk, operator=admin_user, at=NOW + HOUR)


def test_two_who_help_each_other_again_and_again_are_held_for_a_look():
    make.rule("HELP_RING", 1)
    one, other = make.member().pk, make.member().pk
    help_run(make.run(make.bargain(), member_id=one), other)
    help_run(make.run(make.bargain(), member_id=other), one)
    third = make.run(make.bargain(), member_id=one)
    assert help_run(third, other).reason == "三十天内互相帮砍 1 次"
    stranger = help_run(third, make.member().pk)
    assert not stranger.held


def waiting() -> list[int]:
    return sorted(bargain_facts.held_for_a_person().values_list("pk", flat=True))


def test_a_help_that_was_held_waits_for_nobody_once_its_run_has_lapsed():
    run, other = make.run(make.bargain(minutes_per_run=60)), make.run(make.bargain())
    given, elsewhere = make.held(run), make.held(other)
    assert waiting() == [given.pk, elsewhere.pk]
    bargains.lapse_due(at=NOW + HOUR)
    assert waiting() == [elsewhere.pk]
    with pytest.raises(bargains.NotHeld):
        bargains.release_help(help_id=given.pk, operator=operator(), at=NOW + HOUR)
    run.refresh_from_db()
    assert (run.cut_fen, run.helps) == (0, 0)


def test_a_help_that_was_held_waits_for_nobody_once_friends_have_reached_the_floor():
    run = make.run(make.bargain(helpers=2))
    make.held(run)
    make.helped(run, times=1)
    assert len(waiting()) == 1
    make.helped(run, times=1)
    assert waiting() == []


def test_a_help_that_was_held_waits_while_the_order_may_lapse_and_for_nobody_once_it_is_paid():
    buyer, address = counter.buyer()
    run = make.run(make.bargain(), member_id=buyer.pk)
    given = make.held(run)
    order = order_of(run, buyer, address)
    assert waiting() == [given.pk]
    counter.pay(order, at=NOW)
    assert waiting() == []


def test_runs_are_over_when_their_bargain_is_ended_early_or_ends_earlier_than_was_said():
    row = make.bargain()
    run = make.run(row)
    given = make.held(run)
    bargains.CAMPAIGNS.save(make.draft(row.sku, code=row.code, row_id=row.pk, ends_at=NOW + 2 * HOUR), at=NOW)
    assert Run.objects.get(pk=run.pk).ends_at == NOW + 2 * HOUR
    bargains.CAMPAIGNS.stop(row, at=NOW + HOUR)
    stopped = Run.objects.get(pk=run.pk)
    assert (stopped.status_at(NOW + HOUR - MOMENT), stopped.status_at(NOW + HOUR)) == (
        RunStatus.OPEN,
        RunStatus.LAPSED,
    )
    assert bargains.lapse_due(at=NOW + HOUR) == 1
    assert not Help.objects.get(pk=given.pk).held
