"""A letter is ended with its listener's work or not at all, and a failure is counted once, on a real server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from apps.base.models import Pulse
from apps.outbox import delivering
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from mall.events import OrderPaid
from tests.apps.base import overheard
from tests.apps.outbox import listeners

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HERE = "tests.apps.outbox.listeners"
Announce = Callable[..., list[OrderPaid]]


@pytest.fixture
def announce(settings: Any) -> Iterator[Announce]:
    """Announces news of these members to a listener."""
    settings.OUTBOX_SUBSCRIPTIONS = f"{HERE}.BOARD"
    settings.OUTBOX_MOVED = f"{HERE}.MOVED"
    for kept in (listeners.heard, listeners.many, listeners.rung, listeners.meanwhile):
        kept.clear()

    def announced(listener: str, *member_ids: int) -> list[OrderPaid]:
        listeners.BOARD[OrderPaid] = [f"{HERE}.{listener}"]
        news = [OrderPaid(order_no=f"SO{place}", member_id=each) for place, each in enumerate(member_ids)]
        with transaction.atomic():
            outbox.publish_many(news, at=AT)
        outbox.sort_mail(at=AT)
        return news

    yield announced
    listeners.BOARD.clear()


def letters() -> list[tuple[str, int, str]]:
    """The state, tries and last error of all letters."""
    return list(Delivery.objects.order_by("id").values_list("status", "attempts", "last_error"))


@pytest.fixture
def messages() -> Iterator[list[list[str]]]:
    connection.close()
    connection.ensure_connection()
    with overheard.messages() as sent:
        yield sent
    connection.close()


def test_a_delivery_is_two_messages_beside_what_its_listener_sends(
    announce: Announce, messages: list[list[str]]
) -> None:
    announce("note", 7, 8)
    outbox.deliver_due(at=AT, limit=1)  # its statements are planned now
    messages.clear()

    assert delivering.deliver_next(at=AT)[0] == 1

    assert messages == [["BEGIN", "EXECUTE"], ["EXECUTE", "COMMIT"]]
    assert letters() == [("DONE", 1, "")] * 2


def test_a_round_goes_on_where_it_is_and_looks_before_that_when_it_has_come_to_the_end(
    announce: Announce,
) -> None:
    announce("note", 7, 8, 9)
    first, second, third = Delivery.objects.order_by("id")
    number, place = delivering.deliver_next(at=AT, after=(AT, first.pk))
    assert (number, place) == (1, (AT, second.pk))
    number, place = delivering.deliver_next(at=AT, after=place)
    assert (number, place) == (1, (AT, third.pk))
    number, place = delivering.deliver_next(at=AT, after=place)
    assert (number, place) == (1, (AT, first.pk))
    assert delivering.deliver_next(at=AT, after=place) == (0, delivering.START)


def test_what_waits_for_the_commit_is_called_where_the_listener_succeeds_and_only_there(
    announce: Announce,
) -> None:
    announce("ring_then_fail", 7)
    assert outbox.deliver_due(at=AT) == 1
    assert (listeners.rung, Pulse.objects.count()) == ([], 0)
    assert letters() == [("WAITING", 1, "RuntimeError: broken listener")]

    announce("ring", 8)
    outbox.deliver_due(at=AT)
    assert listeners.rung == ["SO0"]


def test_a_callback_that_fails_behind_the_commit_changes_nothing_of_it_and_stops_nobody(
    announce: Announce,
) -> None:
    announce("ring_wrongly", 7, 8)
    assert outbox.deliver_due(at=AT) == 2
    assert letters() == [("DONE", 1, "")] * 2


def test_what_a_deferred_constraint_refuses_at_the_end_is_the_letters_own_failure(announce: Announce) -> None:
    announce("break_at_commit", 66, 7)

    assert outbox.deliver_due(at=AT) == 2

    (broken, whole) = letters()
    assert broken[:2] == ("WAITING", 1)
    assert broken[2].startswith("IntegrityError")
    assert whole == ("DONE", 1, "")
    assert list(Pulse.objects.values_list("name", flat=True)) == ["half done SO1"]


def test_where_several_are_refused_at_the_end_each_is_told_alone(announce: Announce) -> None:
    announce("break_at_commit_or_together", 7, 66, 8)

    assert outbox.deliver_due(at=AT) == 3

    assert listeners.many == [3]
    assert [(status, tries) for status, tries, _ in letters()] == [("DONE", 1), ("WAITING", 1), ("DONE", 1)]
    assert sorted(Pulse.objects.values_list("name", flat=True)) == ["half done SO0", "half done SO2"]


@pytest.mark.parametrize("breaks", ["hang_up", "hang_up_at_the_end", "hang_up_and_go_on"])
def test_a_listener_that_breaks_the_connection_is_counted_and_the_next_letter_is_told(
    announce: Announce, breaks: str
) -> None:
    announce(breaks, 7)
    announce("note", 8)

    assert outbox.deliver_due(at=AT) == 2

    assert [(status, tries) for status, tries, _ in letters()] == [("WAITING", 1), ("DONE", 1)]
    assert len(listeners.heard) == 1
    assert (listeners.rung, Pulse.objects.count()) == ([], 0)


def test_a_listener_that_swallows_what_ended_its_transaction_has_not_heard(announce: Announce) -> None:
    announce("swallow", 7)

    outbox.deliver_due(at=AT)

    ((status, tries, _),) = letters()
    assert (status, tries, Pulse.objects.count()) == ("WAITING", 1, 0)


def elsewhere_deliver(at: datetime = AT) -> int:
    """Another worker's round."""

    def round_() -> int:
        try:
            return outbox.deliver_due(at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(round_).result()


@pytest.mark.parametrize(
    ("other", "then"),
    [
        ("hears it", ("DONE", 1, "")),
        ("fails, too", ("WAITING", 1, "RuntimeError: broken listener")),
    ],
)
def test_who_takes_a_letter_between_a_failure_and_its_count_has_the_last_word(
    announce: Announce, monkeypatch: pytest.MonkeyPatch, other: str, then: tuple[str, int, str]
) -> None:
    """The lock is gone with the transaction; nothing is counted twice, nor put off where it was heard."""
    announce("fail_first", 7)
    listeners.meanwhile.append(lambda: None)
    put_off, others = delivering._put_off, []

    def slowly(*told: Any, **more: Any) -> None:
        if not others:
            others.append(other)
            if other == "fails, too":
                listeners.meanwhile.append(lambda: None)
            assert elsewhere_deliver() == 1
        put_off(*told, **more)

    monkeypatch.setattr(delivering, "_put_off", slowly)
    outbox.deliver_due(at=AT)

    assert letters() == [then]


def test_who_fails_after_its_lease_leaves_a_letter_that_another_worker_has_brought(
    announce: Announce,
) -> None:
    announce("fail_first_outside", 7)
    listeners.meanwhile.append(lambda: elsewhere_deliver(AT + timedelta(minutes=6)))

    assert outbox.deliver_due(at=AT) == 1

    assert letters() == [("DONE", 2, "")]
    assert len(listeners.heard) == 1


def test_who_fails_after_its_lease_leaves_the_lease_of_another_worker_as_it_is(announce: Announce) -> None:
    announce("fail_first_outside", 7)
    later = AT + timedelta(minutes=11)
    listeners.meanwhile.append(lambda: Delivery.objects.update(attempts=2, due_at=later))

    assert outbox.deliver_due(at=AT) == 1

    assert list(Delivery.objects.values_list("status", "attempts", "due_at")) == [("WAITING", 2, later)]


@pytest.mark.race
def test_eight_workers_count_each_failure_once_and_leave_nothing_of_it(announce: Announce) -> None:
    announce("write_then_fail", *range(20))

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda _: elsewhere_deliver(), range(8)))

    assert letters() == [("WAITING", 1, "RuntimeError: broken listener")] * 20
    assert not Pulse.objects.exists()


def test_a_failure_that_can_hardly_be_written_down_holds_up_nobody(
    announce: Announce, caplog: pytest.LogCaptureFixture
) -> None:
    # The shop's log takes these texts; pytest's own report of the log does not.
    caplog.set_level(logging.CRITICAL + 1, logger=delivering.__name__)
    news = announce("fail_unspeakably", *listeners.UNSPEAKABLE, 99)
    assert outbox.deliver_due(at=AT) == len(news)
    assert letters() == [
        ("WAITING", 1, "RuntimeError: a\\u0000b"),
        ("WAITING", 1, "RuntimeError: a\\ud800b"),
        ("WAITING", 1, "_Mute"),
        ("WAITING", 1, "x\\u0000y"),
        ("WAITING", 1, "x"),
        ("DONE", 1, ""),
    ]
