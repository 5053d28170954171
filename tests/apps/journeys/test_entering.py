"""Who enters: by each kind of trigger, on each occasion once, one at a time, and as often as the plan says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from django.db import transaction

from apps.audiences import services as audiences
from apps.journeys import handlers, steps
from apps.journeys import services as journeys
from apps.journeys.models import Inside, Journey, Participation
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from config.subscriptions import SUBSCRIPTIONS
from mall import events
from tests.apps.audiences import make as crowd
from tests.apps.catalog import make as catalog
from tests.apps.journeys import make
from tests.apps.journeys.make import AT, DAY, HOUR, MINUTE, give, wait

pytestmark = pytest.mark.django_db
MORNING: Final = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # Tuesday, ten o'clock in Shanghai


def test_each_event_that_operators_can_choose_is_news_that_names_its_member_and_is_heard() -> None:
    for name in steps.EVENTS:
        kind = events.kinds()[name]
        assert "member_id" in kind.__dataclass_fields__
        heard = [path for path in SUBSCRIPTIONS[kind] if path.startswith("apps.journeys.handlers.enter_on_")]
        assert len(heard) == 1, name


def test_news_of_a_running_journey_lets_its_member_in_once() -> None:
    row, other = make.live(make.event("OrderPaid"), wait(60), give()), make.live(make.event(), give())
    owner = make.member()
    for order_no in ("SO1", "SO1", "SO2"):
        handlers.enter_on_order_paid(events.OrderPaid(order_no=order_no, member_id=owner.pk), at=AT)
    handlers.enter_on_member_registered(events.MemberRegistered(member_id=owner.pk), at=AT)
    assert list(Participation.objects.values_list("journey_id", "occasion")) == [(row.pk, "OrderPaid:SO1")]
    assert not make.inside(other)


def test_a_member_enters_again_only_after_the_days_of_the_plan_and_never_twice_at_a_time() -> None:
    row = make.live(make.event(), wait(60 * 24 * 3), give(), again_days=2)
    owner = make.member()
    make.come(owner, subject="SO1")
    journeys.move_due(at=AT)
    make.come(owner, subject="SO2", at=AT + DAY)  # too early
    make.come(owner, subject="SO3", at=AT + 2 * DAY + MINUTE)  # still on the way
    assert Participation.objects.count() == 1
    journeys.move_due(at=AT + 3 * DAY)
    make.come(owner, subject="SO1", at=AT + 4 * DAY)  # the same occasion
    make.come(owner, subject="SO4", at=AT + 4 * DAY)
    assert list(Participation.objects.order_by("pk").values_list("occasion", "status")) == [
        ("OrderReceived:SO1", "FINISHED"),
        ("OrderReceived:SO4", "WALKING"),
    ]
    Member.objects.update(disabled_at=AT)
    journeys.move_due(at=AT + 9 * DAY)
    assert Participation.objects.filter(journey=row, exit="GONE").count() == 1
    make.come(owner, subject="SO5", at=AT + 9 * DAY)
    assert Participation.objects.count() == 2


def test_who_comes_into_a_segment_enters_and_who_was_there_does_not() -> None:
    segment = crowd.segment({"is": "ordered", "low": 1})
    old = make.member("老客")
    make.bought(old)
    trigger = {"is": "segment", "segment": segment.pk}
    row = make.live(trigger, wait(60), give(), exits=["left_segment"])
    also = make.live({**trigger, "existing": True}, wait(60), give())
    journeys.enter_due(at=AT)
    assert (make.inside(row), make.inside(also)) == (set(), {"老客"})
    new = make.member("新客")
    order = make.bought(new, at=AT + MINUTE)
    journeys.enter_due(at=AT + 2 * MINUTE)  # within the hour nobody compares
    assert make.inside(row) == set()
    for _ in range(2):
        journeys.enter_due(at=AT + HOUR)
    assert (make.inside(row), make.inside(also)) == ({"新客"}, {"新客", "老客"})
    # Out of it again: the journey lets go of them, and they are new when they come back.
    type(order).objects.filter(pk=order.pk).update(status="REFUNDED")
    journeys.move_due(at=AT + HOUR)
    assert Participation.objects.get(journey=row).exit == "LEFT_SEGMENT"
    journeys.enter_due(at=AT + 2 * HOUR)
    assert set(Inside.objects.values_list("member__nickname", flat=True)) == {"老客"}


def test_a_broken_segment_pauses_the_journey_that_waits_at_it() -> None:
    tag = crowd.tag("茶会")
    segment = crowd.segment({"is": "tag", "tags": [tag.pk]})
    row = make.live({"is": "segment", "segment": segment.pk}, give())
    audiences.archive_tag(tag_id=tag.pk, at=AT)
    journeys.enter_due(at=AT + HOUR)
    row.refresh_from_db()
    assert (row.status, row.paused_for) == ("PAUSED", "人群「老客」的条件已失效：标签「茶会」已归档")


def test_a_birthday_is_met_at_its_hour_and_some_days_before_and_late_when_nobody_looked() -> None:
    row = make.live({"is": "birthday", "days": 2, "clock": "10:00"}, give(), again_days=300)
    make.member("五号", birthday=date(1990, 3, 5))
    make.member("六号", birthday=date(1990, 3, 6))
    make.member("四号", birthday=date(1990, 3, 4))
    journeys.enter_due(at=MORNING - MINUTE)
    assert make.inside(row) == set()
    journeys.enter_due(at=MORNING)
    assert make.inside(row) == {"五号"}
    journeys.move_due(at=MORNING)
    for late in (1, 1, 2):
        journeys.enter_due(at=MORNING + late * DAY)
    assert make.inside(row) == {"五号", "六号"}
    assert Participation.objects.count() == 2


def test_the_29th_of_february_is_the_28th_in_a_year_without_one() -> None:
    row = make.live({"is": "birthday", "days": 0, "clock": "10:00"}, give(), at=AT - 5 * DAY)
    make.member("闰", birthday=date(1992, 2, 29))
    journeys.enter_due(at=datetime(2026, 2, 28, 2, tzinfo=UTC))
    assert make.inside(row) == {"闰"}


def test_a_year_after_registering_not_on_the_day_itself() -> None:
    row = make.live({"is": "anniversary", "clock": "10:00"}, give())
    make.member("周年", registered_at=MORNING.replace(year=2024, hour=15, minute=59))
    make.member("次日", registered_at=MORNING.replace(year=2024, hour=16))  # midnight in Shanghai: the 4th
    make.member("今天", registered_at=MORNING - HOUR)
    journeys.enter_due(at=MORNING)
    assert make.inside(row) == {"周年"}


def test_so_many_days_after_the_last_order_and_none_since() -> None:
    row = make.live({"is": "dormant", "days": 30, "clock": "10:00"}, give(), again_days=90)
    paid = MORNING - 30 * DAY
    for name, times in {
        "沉睡": [paid],
        "又买": [paid, MORNING - DAY],
        "退款": [],
        "早": [paid - DAY],
    }.items():
        owner = make.member(name)
        for at in times:
            make.bought(owner, at=at)
        if name == "退款":
            make.bought(owner, at=paid, status="REFUNDED")
    for _ in range(2):
        journeys.enter_due(at=MORNING)
    assert make.inside(row) == {"沉睡"}


def test_what_lies_in_the_cart_for_an_hour_and_was_not_ordered() -> None:
    row = make.live({"is": "cart", "hours": 1}, wait(60), give(), again_days=0)
    sku = catalog.sku()
    people = {name: make.member(name) for name in ("忘了", "刚放", "下单", "早忘")}
    make.put_in_cart(people["忘了"], sku, at=AT + MINUTE)
    make.put_in_cart(people["刚放"], sku, at=AT + 40 * MINUTE)
    make.put_in_cart(people["下单"], sku, at=AT + MINUTE)
    make.put_in_cart(people["早忘"], sku, at=AT - 20 * DAY)
    make.bought(people["下单"], at=AT + 10 * MINUTE)
    for minutes in (0, 30, 62, 64, 70):
        journeys.enter_due(at=AT + minutes * MINUTE)
    assert make.inside(row) == {"忘了"}
    journeys.enter_due(at=AT + 105 * MINUTE)
    assert make.inside(row) == {"忘了", "刚放"}


def test_what_is_used_up_after_the_days_of_its_cycle() -> None:
    tea, cup = catalog.sku(), catalog.sku()
    category = cup.product.category
    cycles = [{"product": tea.product_id, "days": 30}, {"category": category.pk, "days": 60}]
    row = make.live({"is": "repurchase", "cycles": cycles, "clock": "10:00"}, give(), again_days=0)
    for name, sku, ago in (("茶", tea, 30), ("杯", cup, 60), ("杯早", cup, 30), ("茶再", tea, 30)):
        owner = make.member(name)
        make.bought(owner, sku=sku, at=MORNING - ago * DAY)
        if name == "茶再":
            make.bought(owner, sku=sku, at=MORNING - DAY)
    for _ in range(2):
        journeys.enter_due(at=MORNING)
    assert make.inside(row) == {"茶", "杯"}


def test_a_date_of_the_calendar_is_for_everybody_or_a_segment_as_it_is_then_and_once() -> None:
    when = (AT + DAY).isoformat()
    segment = crowd.segment({"is": "ordered", "low": 1})
    everybody = make.live({"is": "calendar", "at": when}, give())
    some = make.live({"is": "calendar", "at": when, "segment": segment.pk}, give())
    make.member("甲")
    make.bought(make.member("乙"), at=AT + HOUR)
    make.member("停用", disabled_at=AT)
    journeys.enter_due(at=AT + DAY - MINUTE)
    assert not Participation.objects.exists()
    for late in range(2):
        journeys.enter_due(at=AT + DAY + timedelta(minutes=late))
        make.member(f"迟到{late}")
    assert (make.inside(everybody), make.inside(some)) == ({"甲", "乙"}, {"乙"})


def test_a_version_with_another_trigger_looks_anew_and_old_occasions_stay_once() -> None:
    row = make.live({"is": "birthday", "days": 0, "clock": "10:00"}, give())
    make.member("三号", birthday=date(1990, 3, 3))
    journeys.enter_due(at=MORNING)
    journeys.set_trigger(
        journey_id=row.pk,
        revision=Journey.objects.get(pk=row.pk).revision,
        trigger={"is": "birthday", "days": 1, "clock": "10:00"},
        at=MORNING,
    )
    journeys.publish(journey_id=row.pk, operator=None, at=MORNING)
    make.member("五号", birthday=date(1990, 3, 5))
    journeys.enter_due(at=MORNING + DAY)
    assert make.inside(row) == {"三号", "五号"}


def letters() -> list[str]:
    """What waits for journeys, by the listener's name."""
    waiting = Delivery.objects.filter(listener__startswith="apps.journeys.", status="WAITING").order_by("pk")
    return [listener.rsplit(".", 1)[1] for listener in waiting.values_list("listener", flat=True)]


def test_news_is_delivered_to_journeys_from_the_moment_on_when_one_that_waits_for_it_is_live() -> None:
    def tell(order_no: str) -> None:
        for news in (events.OrderPlaced, events.OrderPaid, events.OrderReceived):
            with transaction.atomic():
                outbox.publish(news(order_no=order_no, member_id=owner.pk), at=make.AT)

    owner = make.member()
    journey = make.draft(make.event("OrderReceived"), make.give())
    tell("SO1")
    outbox.sort_mail(at=make.AT)
    assert letters() == []
    # Told before, sorted after: it is heard, as all news is that is on its way.
    tell("SO2")
    journeys.start(journey_id=journey.pk, operator=None, at=make.AT)
    tell("SO3")
    outbox.sort_mail(at=make.AT)
    assert letters() == ["enter_on_order_received"] * 2
    outbox.deliver_due(at=make.AT)
    assert Participation.objects.get().occasion == "OrderReceived:SO2"
    # Somebody is on the way: a payment may take them out.
    tell("SO4")
    outbox.sort_mail(at=make.AT)
    assert letters() == ["enter_on_order_paid", "enter_on_order_received"]
