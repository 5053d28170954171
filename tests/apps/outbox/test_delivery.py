"""The post room: what is announced reaches every listener, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from apps.base.models import Pulse
from apps.base.transactions import NoTransaction
from apps.outbox import services as outbox
from apps.outbox.delivering import MAX_ATTEMPTS
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus
from mall.events import OrderPaid
from tests.apps.outbox import listeners

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NEWS = OrderPaid(order_no="SO1", member_id=7)
HERE = "tests.apps.outbox.listeners"


@pytest.fixture(autouse=True)
def board(settings: object) -> Iterator[dict[type, list[str]]]:
    settings.OUTBOX_SUBSCRIPTIONS = f"{HERE}.BOARD"  # type: ignore[attr-defined]
    settings.OUTBOX_MOVED = f"{HERE}.MOVED"  # type: ignore[attr-defined]
    listeners.BOARD.clear()
    listeners.MOVED.clear()
    listeners.heard.clear()
    listeners.in_transaction.clear()
    listeners.many.clear()
    yield listeners.BOARD


def announce() -> None:
    with transaction.atomic():
        outbox.publish(NEWS, at=AT)


def test_an_event_reaches_each_of_its_listeners_once(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note", f"{HERE}.talk_to_the_world"]
    announce()

    outbox.deliver_due(at=AT)
    outbox.deliver_due(at=AT)

    assert listeners.heard == [NEWS]
    assert listeners.in_transaction == [False]
    assert list(Delivery.objects.values_list("status", flat=True)) == ["DONE", "DONE"]


def test_news_of_something_rolled_back_was_never_said(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note"]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.publish(NEWS, at=AT)
        raise ZeroDivisionError

    outbox.deliver_due(at=AT)

    assert listeners.heard == []


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NoTransaction):
        outbox.publish(NEWS, at=AT)
    assert Announcement.objects.count() == 0


def test_a_broken_listener_leaves_nothing_half_done_and_stops_nobody_else(
    board: dict[type, list[str]],
) -> None:
    board[OrderPaid] = [f"{HERE}.write_then_fail", f"{HERE}.note"]
    announce()

    outbox.deliver_due(at=AT)

    assert listeners.heard == [NEWS]
    assert not Pulse.objects.exists()
    broken = Delivery.objects.get(listener=f"{HERE}.write_then_fail")
    assert (broken.status, broken.attempts) == (DeliveryStatus.WAITING, 1)
    assert broken.last_error == "RuntimeError: broken listener"
    assert AT + timedelta(seconds=4) <= broken.due_at <= AT + timedelta(seconds=6)


def test_waits_double_and_after_fifteen_tries_the_letter_is_dead_until_someone_revives_it(
    board: dict[type, list[str]],
) -> None:
    board[OrderPaid] = [f"{HERE}.write_then_fail"]
    announce()
    at = AT
    for _ in range(MAX_ATTEMPTS):
        outbox.deliver_due(at=at)
        at = Delivery.objects.get().due_at

    dead = Delivery.objects.get()
    assert (dead.status, dead.attempts) == (DeliveryStatus.DEAD, 15)
    assert outbox.deliver_due(at=at + timedelta(days=9)) == 0

    board[OrderPaid] = [f"{HERE}.note"]
    outbox.redeliver(delivery_id=dead.pk, at=at)
    Delivery.objects.update(listener=f"{HERE}.note")
    outbox.deliver_due(at=at)
    assert Delivery.objects.get().status == DeliveryStatus.DONE


@pytest.mark.parametrize(
    "gone", [f"{HERE}.renamed_since", "apps.torn_down.handlers.note", f"{HERE}_broken.note"]
)
def test_mail_under_a_name_that_is_gone_stops_nobody_and_is_dead_after_fifteen_tries(
    board: dict[type, list[str]], gone: str
) -> None:
    board[OrderPaid] = [gone, f"{HERE}.note"]
    announce()
    announce()

    assert outbox.deliver_due(at=AT) == 4

    assert listeners.heard == [NEWS, NEWS]
    waiting = Delivery.objects.filter(listener=gone)
    assert set(waiting.values_list("status", "attempts")) == {("WAITING", 1)}
    assert {row.last_error for row in waiting} == {"接收方不存在：代码已改名、回退或尚未更新"}

    at = AT
    for _ in range(MAX_ATTEMPTS):
        at += timedelta(hours=3)
        outbox.deliver_due(at=at)
    assert set(waiting.values_list("status", "attempts")) == {("DEAD", 15)}

    listeners.MOVED[gone] = f"{HERE}.note"  # the cause is mended
    for letter in waiting:
        outbox.redeliver(delivery_id=letter.pk, at=at)
    outbox.deliver_due(at=at)
    assert set(waiting.values_list("status", "last_error")) == {("DONE", "")}
    assert listeners.heard == [NEWS] * 4


@pytest.mark.parametrize(
    ("old", "new"),
    [("apps.old_room.handlers.note", "note"), ("apps.old_room.handlers.talk", "talk_to_the_world")],
)
def test_mail_under_a_moved_name_reaches_the_listener_where_it_lives_now(
    board: dict[type, list[str]], old: str, new: str
) -> None:
    board[OrderPaid] = [old]
    announce()
    outbox.sort_mail(at=AT)
    board[OrderPaid] = [f"{HERE}.{new}"]
    listeners.MOVED[old] = f"{HERE}.{new}"

    outbox.deliver_due(at=AT)

    delivery = Delivery.objects.get()
    assert (delivery.listener, delivery.status, delivery.attempts) == (old, "DONE", 1)
    assert (listeners.heard, listeners.in_transaction) == (([NEWS], []) if new == "note" else ([], [False]))


def test_an_old_worker_leaves_news_that_only_newer_code_knows_to_that(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note"]
    tomorrow = Announcement.objects.create(kind="OrderTeleported", payload={}, announced_at=AT)
    announce()

    assert outbox.sort_mail(at=AT) == 1

    tomorrow.refresh_from_db()
    assert (tomorrow.sorted_at, tomorrow.deliveries.count()) == (None, 0)
    assert Delivery.objects.count() == 1


def test_only_a_dead_letter_can_be_revived(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note"]
    announce()
    outbox.deliver_due(at=AT)

    with pytest.raises(outbox.NotDead):
        outbox.redeliver(delivery_id=Delivery.objects.get().pk, at=AT)


def test_a_listener_may_name_the_time_it_wants_to_be_asked_again(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.come_back_in_an_hour"]
    announce()

    outbox.deliver_due(at=AT)

    waiting = Delivery.objects.get()
    assert (waiting.due_at, waiting.last_error) == (AT + timedelta(hours=1), "not yet")


def test_old_mail_is_forgotten_only_when_everybody_has_it(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note"]
    announce()
    outbox.deliver_due(at=AT)
    board[OrderPaid] = [f"{HERE}.come_back_in_an_hour"]
    announce()
    outbox.deliver_due(at=AT)

    assert outbox.prune(at=AT + timedelta(days=30)) == 0
    assert outbox.prune(at=AT + timedelta(days=30, seconds=1)) == 1
    assert list(Delivery.objects.values_list("status", flat=True)) == ["WAITING"]


def announce_for(*member_ids: int) -> list[OrderPaid]:
    news = [
        OrderPaid(order_no=f"SO{place}", member_id=member_id) for place, member_id in enumerate(member_ids)
    ]
    with transaction.atomic():
        outbox.publish_many(news, at=AT)
    return news


def test_who_can_is_told_many_at_once_and_the_others_one_by_one(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note_or_fail", f"{HERE}.note"]
    news = announce_for(*range(20, 50))

    assert outbox.deliver_due(at=AT) == 60
    assert outbox.deliver_due(at=AT) == 0

    assert listeners.many == [30]
    assert sorted(event.payload()["order_no"] for event in listeners.heard) == sorted(
        event.order_no for event in news * 2
    )
    assert set(Delivery.objects.values_list("status", "attempts", "done_at")) == {("DONE", 1, AT)}


def test_what_is_left_alone_is_heard_alone(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note_or_fail"]
    news = announce_for(7, 13, 8, 13)

    assert outbox.deliver_due(at=AT) == 4

    assert listeners.many == [4]
    assert listeners.heard == [news[0], news[2], news[1], news[3]]
    assert set(Delivery.objects.values_list("status", "attempts")) == {("DONE", 1)}


def test_one_that_cannot_be_told_keeps_none_of_the_others_from_being_heard(
    board: dict[type, list[str]],
) -> None:
    board[OrderPaid] = [f"{HERE}.note_or_fail"]
    news = announce_for(7, 66, 8)

    assert outbox.deliver_due(at=AT) == 3

    assert listeners.heard == [news[0], news[2]]
    assert not Pulse.objects.exists()  # what was told together and failed has not happened
    states = Delivery.objects.order_by("id").values_list("status", "attempts", "last_error")
    assert list(states) == [("DONE", 1, ""), ("WAITING", 1, "RuntimeError: broken listener"), ("DONE", 1, "")]
    assert outbox.deliver_due(at=AT) == 0


def test_a_single_letter_is_told_alone(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note_or_fail"]
    announce_for(7)
    assert outbox.deliver_due(at=AT) == 1
    assert listeners.many == []
    assert len(listeners.heard) == 1


def test_where_mail_is_left_unsorted_another_round_is_asked_for(
    board: dict[type, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    board[OrderPaid] = [f"{HERE}.note_or_fail"]
    announce_for(*range(100, 350))
    asked: list[str] = []
    monkeypatch.setattr(outbox.nudges, "after_commit", asked.append)

    assert [outbox.deliver_due(at=AT), outbox.deliver_due(at=AT)] == [200, 50]

    assert asked == [outbox.DELIVER]
    assert listeners.many == [100, 100, 50]


def test_old_mail_is_forgotten_batch_by_batch_with_all_its_letters(board: dict[type, list[str]]) -> None:
    board[OrderPaid] = [f"{HERE}.note", f"{HERE}.come_back_in_an_hour"]
    announce()  # one of its letters waits: it stays, the eldest of all
    outbox.deliver_due(at=AT)
    board[OrderPaid] = [f"{HERE}.note"]
    for _ in range(5):
        announce()
    outbox.deliver_due(at=AT)
    late = AT + timedelta(days=31)

    assert outbox.prune(at=late, limit=2, batches=2) == 4
    assert Delivery.objects.count() == 3
    assert outbox.prune(at=late, limit=2, batches=2) == 1
    assert outbox.prune(at=late, limit=2, batches=2) == 0
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["DONE", "WAITING"]
    assert Announcement.objects.count() == 1
