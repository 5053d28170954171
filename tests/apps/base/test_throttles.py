"""Turns: never more than the rate in any of its windows, leased or not, and hardly fewer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.core.cache import cache, caches

from apps.base import throttles
from apps.base.cache import SoftRedisCache
from apps.base.throttles import take_turn

WINDOW = 60


def let_in(*, limit: int, every: float, until: float, processes: int = 1) -> list[float]:
    """The moments at which one who knocks this often is let in; each process has leases of its own."""
    moments, knocks = [], 0
    leases: list[dict[tuple[str, int, int], throttles._Lease]] = [{} for _ in range(processes)]
    while (at := 1_000.0 + knocks * every) < 1_000.0 + until:
        throttles._leases = leases[knocks % processes]
        if take_turn("knocking", limit=limit, seconds=WINDOW, at=at) is None:
            moments.append(at)
        knocks += 1
    throttles._leases = {}
    return moments


def most_in_a_window(moments: list[float]) -> int:
    first = most = 0
    for number, at in enumerate(moments):
        while at - moments[first] >= WINDOW:
            first += 1
        most = max(most, number - first + 1)
    return most


@pytest.mark.parametrize("processes", [1, 4])
@pytest.mark.parametrize(("limit", "every"), [(1_200, 0.01), (1_200, 0.045), (300, 0.02), (100, 0.05)])
def test_never_more_than_the_rate_come_in_within_its_window(processes: int, limit: int, every: float):
    moments = let_in(limit=limit, every=every, until=150, processes=processes)
    assert limit * 0.95 <= most_in_a_window(moments) <= limit


def test_whoever_stays_below_the_rate_is_never_refused():
    # 1,080 a minute of 1,200, over four processes.
    assert len(let_in(limit=1_200, every=1 / 18, until=130, processes=4)) == 130 * 18


def test_a_rate_below_two_hundred_is_exact():
    moments = let_in(limit=100, every=0.25, until=59)
    assert len(moments) == 100
    assert take_turn("knocking", limit=100, seconds=WINDOW, at=1_059.5) == pytest.approx(0.5)
    assert take_turn("knocking", limit=100, seconds=WINDOW, at=1_060.0) is None


def test_who_comes_at_leisure_takes_one_turn_each_time():
    for second in range(20):
        assert take_turn("strolling", limit=1_200, seconds=WINDOW, at=2_000.0 + 3 * second) is None
    assert cache._cache.get_client(None).llen(cache.make_key("strolling")) == 20


def test_a_lease_ends_with_its_second_and_gives_back_what_is_left():
    for knock in range(40):
        assert take_turn("bursting", limit=1_200, seconds=WINDOW, at=3_000.0 + knock * 0.01) is None
    client, key = cache._cache.get_client(None), cache.make_key("bursting")
    taken = client.llen(key)
    assert 40 <= taken <= 52
    assert take_turn("bursting", limit=1_200, seconds=WINDOW, at=3_005.0) is None
    assert client.llen(key) == 40 + 1


def test_who_goes_on_as_before_takes_as_many_turns_as_the_lease_before_lasted_for():
    asked = []
    for tenth in range(60):
        before = turns_of("steady")
        assert take_turn("steady", limit=60_000, seconds=WINDOW, at=4_000.0 + tenth / 10) is None
        if turns_of("steady") != before:
            asked.append(turns_of("steady") - before)
    assert turns_of("steady") < 75
    # A few to find out, then eight in less than a second, again and again.
    assert asked[-3:] == [8, 8, 8]
    assert len(asked) <= 11


def test_a_lease_that_was_hardly_used_is_followed_by_a_small_one():
    for knock in range(20):
        assert take_turn("once", limit=60_000, seconds=WINDOW, at=5_000.0 + knock * 0.01) is None
    taken = turns_of("once")
    assert take_turn("once", limit=60_000, seconds=WINDOW, at=5_001.5) is None
    assert turns_of("once") - taken <= 16
    assert take_turn("once", limit=60_000, seconds=WINDOW, at=5_003.0) is None
    assert take_turn("once", limit=60_000, seconds=WINDOW, at=5_005.0) is None
    assert turns_of("once") - taken <= 18


def test_of_many_who_come_at_the_same_moment_none_is_refused_below_the_rate():
    knocks = iter(range(1_200))

    def knock() -> int:
        return sum(
            take_turn("crowd", limit=1_200, seconds=WINDOW, at=6_000.0 + number / 600) is None
            for number in knocks_of_one()
        )

    def knocks_of_one() -> Iterator[int]:
        with suppress(StopIteration):
            while True:
                yield next(knocks)

    with ThreadPoolExecutor(8) as threads:
        let = sum(each.result() for each in [threads.submit(knock) for _ in range(8)])
    assert let == 1_200
    assert take_turn("crowd", limit=1_200, seconds=WINDOW, at=6_002.5) is not None


def test_what_a_burst_leaves_of_its_lease_is_given_back_with_the_next():
    let = 0
    for burst in range(29):
        for call in range(10):
            at = 7_000.0 + 2.05 * burst + call / 1_000
            let += take_turn("bursts", limit=300, seconds=WINDOW, at=at) is None
    assert let == 290


def turns_of(key: str) -> int:
    """How many turns Redis has given, used or not."""
    return int(cache._cache.get_client(None).llen(cache.make_key(key)))


def test_a_turn_is_taken_although_the_server_has_hung_up_meanwhile():
    assert take_turn("hung-up", limit=100, seconds=WINDOW, at=2_000.0) is None
    line = caches["default"]._line
    line._own[1]._sock.shutdown(socket.SHUT_RDWR)
    assert take_turn("hung-up", limit=100, seconds=WINDOW, at=2_001.0) is None
    assert cache._cache.get_client(None).llen(cache.make_key("hung-up")) == 2
    assert not cache.breaker.is_open


def test_where_the_server_is_away_everybody_is_let_in_until_it_is_asked_again():
    gone = SoftRedisCache("redis://127.0.0.1:1/0", {})
    for second in range(3):
        assert gone.turns("k", limit=1, seconds=60, at=second, turns=1, until=second) == (0, None)
    assert gone.breaker.is_open
