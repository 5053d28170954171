"""From a landing to an order: who came, whom it made a member, what was ordered, and all that counts for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.members.models import Member
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.shares import selectors as share_facts
from apps.shares import services as shares
from apps.shares import tokens
from apps.shares.models import Share, ShareOrder, Visit
from tests.apps.checkout import make as counter
from tests.apps.shares import make
from tests.apps.shares.make import DAY, MINUTE, NOW

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def visited(
    share: Share, visitor_id: str = "", member: Member | None = None, *, at: Any = NOW
) -> Visit | None:
    return shares.note_visit(token=share.token, visitor_id=visitor_id, member=member, at=at)


def funnel(share: Share) -> tuple[int, int, int, int, int]:
    row: Any = share_facts.with_funnel().get(pk=share.pk)
    return row.landings, row.visitors, row.registrations, row.ordered, row.paid


def test_the_way_from_a_landing_to_an_order_is_recorded():
    share = make.share()
    visited(share, "v-1", at=NOW - 5 * MINUTE)
    friend, address = counter.buyer(registered_at=NOW - 3 * MINUTE)
    visited(share, "v-1", friend, at=NOW - 2 * MINUTE)
    order = counter.order(friend, address, [(counter.goods(), 1)], at=NOW)
    counter.pay(order, at=NOW + MINUTE)
    outbox.deliver_due(at=NOW + 2 * MINUTE)
    row = ShareOrder.objects.get()
    assert (row.order_no, row.share, row.member) == (order.order_no, share, friend)
    assert (row.visited_at, row.placed_at) == (NOW - 5 * MINUTE, NOW)
    order.refresh_from_db()
    assert row.paid_at == order.paid_at
    assert funnel(share) == (2, 1, 1, 1, 1)


def test_a_person_is_one_visitor_of_a_row_a_shanghai_day_and_each_landing_counts():
    share = make.share()
    for minutes in (0, 5, 10):
        visited(share, "v-1", at=NOW + minutes * MINUTE)
    visited(share, "v-1", at=NOW + 14 * timedelta(hours=1))  # the next day in Shanghai
    visited(share, "v-2")
    visited(share)
    visited(share)
    # v-1 on two days, v-2, and whoever says nothing of themselves: three people.
    assert (funnel(share), Visit.objects.count()) == ((7, 3, 0, 0, 0), 4)
    first = Visit.objects.get(visitor_id="v-1", day="2026-11-28")
    assert (first.landings, first.first_at, first.last_at) == (3, NOW, NOW + 10 * MINUTE)


def test_ones_own_share_counts_for_nothing():
    owner = make.member(registered_at=NOW)
    share = make.share(owner)
    assert visited(share, "v-1", owner) is None
    visited(share, "v-2", at=NOW - MINUTE)
    assert visited(share, "v-2", owner) is None
    shares.note_order(order_no="SO1", member_id=owner.pk, placed_at=NOW)
    assert (ShareOrder.objects.count(), Visit.objects.get().member) == (0, None)


def test_a_silent_login_before_the_landing_is_told_is_a_registration_too():
    share = make.share()
    friend = make.member(registered_at=NOW - MINUTE)
    late = make.member(registered_at=NOW - 31 * MINUTE)
    visited(share, "v-1", friend)
    visited(share, "v-2", late)
    assert list(Visit.objects.filter(registered=True).values_list("member", flat=True)) == [friend.pk]


def test_a_registration_belongs_to_the_last_landing_before_it_and_only_once():
    first, second, third = make.share(), make.share(), make.share()
    friend = make.member(registered_at=NOW)
    visited(first, "v-1", at=NOW - 2 * DAY)
    visited(second, "v-1", at=NOW - DAY)
    visited(third, "v-1", friend, at=NOW + MINUTE)
    visited(first, "v-1", friend, at=NOW + 2 * MINUTE)
    assert [funnel(share)[2] for share in (first, second, third)] == [0, 1, 0]


def test_what_is_longer_ago_than_the_days_that_count_brings_nothing(settings: Any):
    share = make.share()
    friend = make.member(registered_at=NOW)
    visited(share, "v-1", at=NOW - timedelta(days=settings.SHARE_DAYS) - MINUTE)
    visited(make.share(), "v-1", friend, at=NOW + 40 * MINUTE)
    assert funnel(share)[2] == 0
    visited(share, "v-9", friend, at=NOW + DAY)
    end = NOW + DAY + timedelta(days=settings.SHARE_DAYS)
    shares.note_order(order_no="SO1", member_id=friend.pk, placed_at=end)
    shares.note_order(order_no="SO2", member_id=friend.pk, placed_at=end - MINUTE)
    assert [row.order_no for row in ShareOrder.objects.all()] == ["SO2"]


def test_an_order_belongs_to_the_last_share_before_it_however_often_it_is_told():
    first, second, later = make.share(), make.share(), make.share()
    friend = make.member()
    visited(first, "", friend, at=NOW)
    visited(second, "", friend, at=NOW + MINUTE)
    visited(later, "", friend, at=NOW + 10 * MINUTE)
    for _ in range(2):
        shares.note_order(order_no="SO1", member_id=friend.pk, placed_at=NOW + 5 * MINUTE)
        shares.note_payment(order_no="SO1", paid_at=NOW + 6 * MINUTE)
    shares.note_payment(order_no="SO1", paid_at=NOW + 9 * MINUTE)
    row = ShareOrder.objects.get()
    assert (row.share, row.paid_at) == (second, NOW + 6 * MINUTE)
    shares.note_payment(order_no="SO-nobodys", paid_at=NOW)


def test_a_login_takes_over_what_the_phone_saw_and_keeps_other_peoples_apart():
    share = make.share()
    one, other = make.member(), make.member()
    visited(share, "v-1", at=NOW)
    visited(share, "v-1", one, at=NOW + MINUTE)
    visited(share, "v-1", at=NOW + 2 * MINUTE)  # logged out, or not yet logged in again
    visited(share, "v-1", one, at=NOW + 3 * MINUTE)
    visited(share, "v-1", other, at=NOW + 4 * MINUTE)
    rows = {row.member: row for row in Visit.objects.all()}
    assert set(rows) == {one, other}
    assert (rows[one].landings, rows[one].first_at, rows[one].last_at) == (4, NOW, NOW + 3 * MINUTE)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"share_token": None},
        {"share_token": 7},
        {"share_token": ["a"]},
        {"share_token": {"a": "b"}},
        {"share_token": ""},
        {"share_token": "x" * 10_000},
        {"share_token": "a\x00b"},
        {"share_token": "\ud800"},
        {"visitor_id": "v-1"},
    ],
)
def test_nonsense_does_nothing_and_is_told_nothing(anyone: Any, shopper_of: Shoppers, body: Any):
    for who in (anyone, shopper_of(make.member())):
        answer = who.call("POST", "/visits", body)
        assert (answer.status_code, answer.content) == (204, b"")
    assert not Visit.objects.exists()


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"a":NaN}', b"code=1&x=2"])
def test_what_is_no_json_does_nothing_either(anyone: Any, body: bytes):
    answer = anyone.generic("POST", "/api/v1/visits", body, content_type="application/json")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Visit.objects.exists()


@pytest.mark.parametrize("mark", [None, 7, [], {}, "", "一", "x" * 65, "a b", "a\x00", "\ud800"])
def test_a_landing_with_a_mark_that_no_phone_makes_is_one_without(anyone: Any, mark: Any):
    share = make.share(at=timezone.now())
    said = {"share_token": share.token, "visitor_id": mark}
    assert anyone.call("POST", "/visits", said).status_code == 204
    assert Visit.objects.get().visitor_id == ""


def test_a_token_that_is_made_up_does_nothing(anyone: Any):
    assert anyone.call("POST", "/visits", {"share_token": tokens.fresh()}).status_code == 204
    assert not Visit.objects.exists()


def test_a_landing_of_a_member_is_news_for_whoever_binds(anyone: Any, shopper_of: Shoppers):
    share, friend = make.share(at=timezone.now()), make.member()
    anyone.call("POST", "/visits", {"share_token": share.token, "visitor_id": "v-1"})
    assert not Announcement.objects.filter(kind="ShareVisited").exists()
    shopper_of(friend).call("POST", "/visits", {"share_token": share.token, "visitor_id": "v-1"})
    visit = Visit.objects.get()
    told = Announcement.objects.get(kind="ShareVisited").payload
    assert told == {"member_id": friend.pk, "share_id": share.pk, "visit_id": visit.pk}


def test_a_token_that_is_not_good_makes_nobody_of_who_comes_and_a_form_is_nothing(anyone: Any):
    share = make.share(at=timezone.now())
    anyone.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    said = {"share_token": share.token, "visitor_id": "v-1"}
    assert anyone.call("POST", "/visits", said).status_code == 204
    assert Visit.objects.get().member is None
    assert anyone.post("/api/v1/visits", said).status_code == 204
    assert Visit.objects.count() == 1


def test_visits_are_forgotten_when_their_time_is_over_and_orders_stay(settings: Any):
    share, friend = make.share(), make.member()
    visited(share, "v-1", friend, at=NOW)
    visited(share, "v-2", at=NOW + MINUTE)
    shares.note_order(order_no="SO1", member_id=friend.pk, placed_at=NOW)
    over = NOW + timedelta(days=settings.SHARE_VISIT_DAYS)
    assert shares.forget_visits(at=over, limit=10) == 0
    assert shares.forget_visits(at=over + MINUTE, limit=10) == 1
    assert shares.forget_visits(at=over + 2 * MINUTE, limit=10) == 1
    assert (Visit.objects.count(), ShareOrder.objects.count()) == (0, 1)
