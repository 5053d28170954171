"""The rules that no campaign can switch off: quiet hours, caps, the member's switch, truth, expiry."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from apps.messaging import quiet
from apps.messaging.models import Message, Rules, SceneSetting
from apps.messaging.services import deciding, ruling, wishes
from apps.messaging.states import MessageStatus, Reason
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, HOUR, MINUTE, NOW

pytestmark = pytest.mark.django_db
SHANGHAI = timedelta(hours=8)


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026, by the Shanghai clock; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - SHANGHAI


NIGHT = shanghai(2, 23)
MORNING = shanghai(3, 8, 30)


def why(owner: object) -> tuple[str, str]:
    message = Message.objects.get(member=owner)
    return message.status, message.reason


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (shanghai(2, 21, 29), None),
        (shanghai(2, 21, 30), shanghai(3, 8, 30)),
        (shanghai(2, 23, 59), shanghai(3, 8, 30)),
        (shanghai(3, 0, 0), shanghai(3, 8, 30)),
        (shanghai(3, 8, 29), shanghai(3, 8, 30)),
        (shanghai(3, 8, 30), None),
    ],
)
def test_quiet_hours_go_over_midnight(at: datetime, until: datetime | None) -> None:
    assert quiet.ends_at(Rules(), at=at) == until


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (shanghai(2, 12, 59), None),
        (shanghai(2, 13), shanghai(2, 14)),
        (shanghai(2, 14), None),
    ],
)
def test_quiet_hours_may_lie_within_a_day(at: datetime, until: datetime | None) -> None:
    assert quiet.ends_at(Rules(quiet_from=time(13), quiet_until=time(14)), at=at) == until


def test_equal_ends_are_no_quiet_hours() -> None:
    assert quiet.ends_at(Rules(quiet_from=time(9), quiet_until=time(9)), at=shanghai(2, 9)) is None


def test_what_is_due_by_night_waits_for_the_morning() -> None:
    owner = make.member()
    make.is_true()
    make.write(owner, scene="back_in_stock", at=NIGHT)

    make.tell(at=NIGHT)
    message = make.the_message(owner)
    assert (message.status, message.reason, message.due_at) == (
        MessageStatus.WAITING,
        Reason.QUIET,
        MORNING,
    )
    assert make.tell(at=MORNING - MINUTE) == 0
    make.tell(at=MORNING)
    assert why(owner) == (MessageStatus.TOLD, Reason.NO_CHANNEL)


def test_order_news_passes_in_quiet_hours() -> None:
    owner = make.member()
    make.is_true()
    make.write(owner, at=NIGHT)
    make.tell(at=NIGHT)
    assert why(owner)[0] == MessageStatus.TOLD


def test_what_would_be_past_its_time_in_the_morning_is_dropped_at_night() -> None:
    owner = make.member()
    make.is_true(until=MORNING)
    make.write(owner, scene="back_in_stock", at=NIGHT)
    make.tell(at=NIGHT)
    assert why(owner) == (MessageStatus.DROPPED, Reason.QUIET)


def test_changed_quiet_hours_hold_for_what_waits() -> None:
    owner = make.member()
    make.is_true()
    make.write(owner, scene="back_in_stock", at=NIGHT)
    make.tell(at=NIGHT)
    make.rules(quiet_from=time(22), quiet_until=time(10))

    make.tell(at=MORNING)
    assert make.the_message(owner).due_at == shanghai(3, 10)
    make.tell(at=shanghai(3, 10))
    assert why(owner)[0] == MessageStatus.TOLD


def test_shorter_quiet_hours_let_go_what_waits_for_the_longer_ones() -> None:
    owner = make.member()
    make.is_true()
    make.write(owner, scene="back_in_stock", at=NIGHT)
    make.tell(at=NIGHT)
    ruling.save_rules(Rules(quiet_from=time(13), quiet_until=time(14)))
    make.tell(at=NIGHT + MINUTE)
    assert why(owner)[0] == MessageStatus.TOLD


def test_two_offers_a_day_are_enough_and_the_third_is_dropped() -> None:
    owner = make.member()
    for number in range(3):
        make.write(owner, make.is_true(f"P{number}"), scene="price_drop")

    make.tell()

    reasons = Message.objects.filter(member=owner).order_by("id").values_list("status", "reason")
    assert sorted(reasons) == [
        (MessageStatus.DROPPED, Reason.CAPPED_DAY),
        (MessageStatus.TOLD, Reason.NO_CHANNEL),
        (MessageStatus.TOLD, Reason.NO_CHANNEL),
    ]


def test_the_caps_are_a_members_own_and_of_a_shanghai_day() -> None:
    one, other = make.member(), make.member()
    make.rules(per_day=1, per_week=5)
    evening = shanghai(2, 20)
    for owner in (one, other):
        make.write(owner, make.is_true(f"A{owner.pk}"), scene="price_drop", at=evening)
        make.write(owner, make.is_true(f"B{owner.pk}"), scene="price_drop", at=evening, due_at=shanghai(3, 9))

    make.tell(at=evening)
    make.tell(at=shanghai(3, 9))

    assert Message.objects.filter(status=MessageStatus.TOLD).count() == 4


def test_five_offers_a_week_are_enough_and_monday_begins_another() -> None:
    owner = make.member()
    make.rules(per_day=2, per_week=3)
    for number in range(4):
        at = shanghai(2 + number, 12)
        make.write(owner, make.is_true(f"W{number}"), scene="price_drop", at=at)
        make.tell(at=at)
    monday = shanghai(9, 12)
    make.write(owner, make.is_true("next"), scene="price_drop", at=monday)
    make.tell(at=monday)

    reasons = list(Message.objects.filter(member=owner).order_by("id").values_list("reason", flat=True))
    assert reasons == [*[Reason.NO_CHANNEL] * 3, Reason.CAPPED_WEEK, Reason.NO_CHANNEL]


def test_no_offers_at_all_where_the_cap_is_none() -> None:
    owner = make.member()
    make.rules(per_day=0, per_week=0)
    make.write(owner, make.is_true(), scene="price_drop")
    make.tell()
    assert why(owner) == (MessageStatus.DROPPED, Reason.CAPPED_DAY)


def test_what_a_member_ordered_counts_for_no_cap() -> None:
    owner = make.member()
    make.rules(per_day=1, per_week=1)
    for number in range(3):
        make.write(owner, make.is_true(f"SO{number}"))
    make.write(owner, make.is_true("P"), scene="price_drop")
    make.tell()
    assert Message.objects.filter(status=MessageStatus.TOLD).count() == 4


def test_a_member_who_wants_no_offers_gets_none_and_order_news_all_the_same() -> None:
    owner = make.member()
    wishes.set_marketing(member_id=owner.pk, wanted=False, at=NOW)
    make.write(owner, make.is_true("P"), scene="price_drop")
    make.write(owner, make.is_true("SO1"))

    make.tell()

    assert make.the_message(owner, scene="price_drop").reason == Reason.MARKETING_OFF
    assert make.the_message(owner, scene="order_paid").status == MessageStatus.TOLD


def test_a_switch_that_is_turned_between_writing_and_telling_holds() -> None:
    owner = make.member()
    make.write(owner, make.is_true("P"), scene="price_drop", due_at=NOW + HOUR)
    wishes.set_marketing(member_id=owner.pk, wanted=False, at=NOW)

    make.tell(at=NOW + HOUR)

    assert why(owner) == (MessageStatus.DROPPED, Reason.MARKETING_OFF)


def test_what_is_not_true_any_more_is_not_told() -> None:
    owner = make.member()
    make.write(owner, make.is_true("SO1"), due_at=NOW + HOUR)
    make.is_over("SO1")
    make.tell(at=NOW + HOUR)
    assert why(owner) == (MessageStatus.DROPPED, Reason.NOT_TRUE)


def test_a_message_that_comes_too_late_is_dropped() -> None:
    owner = make.member()
    make.write(owner, make.is_true(), scene="back_in_stock")
    make.tell(at=NOW + timedelta(hours=12))
    assert why(owner) == (MessageStatus.DROPPED, Reason.EXPIRED)


def test_what_ends_before_the_message_is_told_ends_the_message() -> None:
    owner = make.member()
    make.write(owner, make.is_true(until=NOW + HOUR), due_at=NOW + HOUR)
    make.tell(at=NOW + HOUR)
    assert why(owner) == (MessageStatus.DROPPED, Reason.EXPIRED)


def test_a_scene_that_is_switched_off_tells_nothing() -> None:
    owner = make.member()
    SceneSetting.objects.update_or_create(scene="order_paid", defaults={"enabled": False})
    make.write(owner, make.is_true())
    make.tell()
    assert why(owner) == (MessageStatus.DROPPED, Reason.SCENE_OFF)


def test_nobody_who_is_gone_is_told_anything() -> None:
    owner = make.member(disabled_at=NOW)
    make.write(owner, make.is_true())
    make.tell()
    assert why(owner) == (MessageStatus.DROPPED, Reason.ERASED)


def test_a_reader_that_fails_holds_up_nobody_else_and_is_asked_again() -> None:
    owner, other = make.member(), make.member()
    make.write(owner, "broken")
    make.write(other, make.is_true("SO1"))

    make.tell()

    assert why(other)[0] == MessageStatus.TOLD
    message = make.the_message(owner)
    assert (message.status, message.reason, message.due_at) == (
        MessageStatus.WAITING,
        Reason.UNREADABLE,
        NOW + MINUTE,
    )
    assert "the room fell over" in message.fault


def test_a_reader_that_goes_on_failing_is_left_to_operators_who_can_try_again() -> None:
    owner = make.member()
    make.write(owner, "broken", expires_at=NOW + DAY)
    at = NOW
    for _ in range(6):
        at = make.the_message(owner).due_at
        make.tell(at=at)
    assert why(owner) == (MessageStatus.FAILED, Reason.UNREADABLE)

    deciding.repeat(message_id=make.the_message(owner).pk, at=at)
    assert make.the_message(owner).status == MessageStatus.WAITING


def test_a_reader_that_comes_back_after_the_time_is_over_tells_nothing() -> None:
    owner = make.member()
    make.write(owner, "broken", expires_at=NOW + 2 * MINUTE)
    make.tell()
    make.tell(at=NOW + MINUTE)
    assert why(owner) == (MessageStatus.DROPPED, Reason.EXPIRED)
