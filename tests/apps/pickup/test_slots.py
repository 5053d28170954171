"""定时达: what a shop offers when, how an order takes its seat and gives it back, and what the seat promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.aftersales.services import refunding, swapping
from apps.base.days import moment, shop_day
from apps.checkout import activities, promising, quoting
from apps.checkout.delivering import Asked
from apps.checkout.quoting import Choice
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline
from apps.deadlines.services import fixing
from apps.deadlines.states import DelayReason
from apps.fulfillment import wave
from apps.members.models import Member
from apps.orders.models import Order
from apps.pickup import slot_selectors as slot_facts
from apps.pickup import telling
from apps.pickup.models import Pickup, SlotClosing, SlotDay, SlotSeat, SlotTemplate
from apps.pickup.services import moving, riding, slotting
from mall.errors import ShopError
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.groupbuy import make as group_buys
from tests.apps.pickup import make, slotted

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
NOW = make.NOW  # Monday noon
HOUR = timedelta(hours=1)


def shop(name: str = "西湖门店", **columns: Any) -> Any:
    return make.shop(name, **{**make.RIDES, **columns})


def states(place: Any, **asked: Any) -> list[tuple[int, str, int, str]]:
    """What a shop offers: days ahead, from, left, state."""
    found = slot_facts.coming(**{"place_id": place.pk, "kind": None, "at": NOW, **asked})
    return [
        ((slot.day - shop_day(NOW)).days, f"{slot.begins:%H:%M}", slot.left, slot.state) for slot in found
    ]


def refused(act: Callable[[], Any]) -> ShopError:
    with pytest.raises(ShopError) as caught:
        act()
    return caught.value


def test_a_shop_offers_the_next_seven_days_by_time_and_marks_what_is_full_or_passed() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    morning = slotted.template(lake, capacity=1)
    slotted.template(lake, begins=time(13), ends=time(15), capacity=3, weekdays=[1, 3])
    slotted.template(lake, begins=time(14), ends=time(16), active=False)
    slotted.order(morning, cup)
    # Noon on Monday: the morning has passed, and 13:00 is less than an hour and a minute away.
    assert states(lake)[:4] == [
        (0, "09:00", 1, "PASSED"),
        (0, "13:00", 3, "PASSED"),
        (1, "09:00", 0, "FULL"),
        (2, "09:00", 1, "OPEN"),
    ]
    assert states(lake, at=NOW - timedelta(seconds=1))[1] == (0, "13:00", 3, "OPEN")
    assert {ahead for ahead, *_ in states(lake)} == set(range(7))
    assert states(lake, kind="PICKUP") == []
    slotting.save_closing(SlotClosing(place=None, day=shop_day(NOW) + timedelta(days=2), note="店休"), at=NOW)
    slotting.save_closing(SlotClosing(place=shop("滨江门店"), day=shop_day(NOW) + timedelta(days=3)), at=NOW)
    assert {ahead for ahead, *_ in states(lake)} == {0, 1, 3, 4, 5, 6}


def test_a_quote_tells_how_the_slot_stands_and_an_order_takes_one_seat() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake, capacity=1)
    order = slotted.order(row, cup)
    agreed = order.slot
    assert agreed is not None
    assert (agreed["id"], agreed["from"], agreed["until"]) == (slotted.slot_id(row), "09:00", "11:00")
    assert order.slot_text == "03月03日 09:00-11:00"
    assert (SlotDay.objects.get().taken, SlotSeat.objects.get().released_at) == (1, None)
    full = refused(lambda: slotted.order(row, cup))
    assert (full.code, full.details) == ("slot_full", {"slot": slotted.slot_id(row)})
    # A later change of the row moves nobody, and what was printed before is another slot.
    row.starts_at, row.ends_at, row.capacity = time(8), time(10), 5
    slotting.save(row)
    order.refresh_from_db()
    assert order.slot_text == "03月03日 09:00-11:00"
    old = f"{row.pk}-20260304-0900-1100"
    assert (
        refused(lambda: slot_facts.slot_of(old, kind="CITY", place_id=lake.pk, at=NOW)).code
        == "slot_not_offered"
    )
    assert list(slot_facts.misseated()) == []


def test_what_cannot_be_chosen_is_refused_as_what_it_is() -> None:
    lake, other = shop(), shop("滨江门店", picks_up=True)
    cup = make.goods(lake, 10)
    row = slotted.template(lake)
    fetch = slotted.template(lake, kind="PICKUP")
    slotting.save_closing(SlotClosing(place=lake, day=shop_day(NOW) + timedelta(days=2)), at=NOW)
    member, home = slotted.neighbour()

    def code(slot: str, kind: str = "CITY", place: Any = lake) -> str:
        return refused(
            lambda: make.order(member, cup, asked=Asked(kind, place and place.pk), address=home, slot=slot)
        ).code

    for malformed in (
        "1",
        "x",
        f"{row.pk}-20260230-0900-1100",
        f"{row.pk}-20260303-0900-2460",
        "",
        "１-20260303-0900-1100",
    ):
        assert code(malformed) == "invalid", malformed
    assert code(slotted.slot_id(row), place=other) == "slot_not_offered"
    assert code(slotted.slot_id(fetch)) == "slot_not_offered"
    assert code(slotted.slot_id(row), kind="PICKUP") == "slot_not_offered"
    assert code(slotted.slot_id(row, ahead=2)) == "slot_not_offered"  # a day off
    assert code(slotted.slot_id(row, ahead=7)) == "slot_not_offered"
    assert code(slotted.slot_id(row, ahead=-3)) == "slot_passed"
    assert code(slotted.slot_id(row, ahead=-900)) == "slot_not_offered"
    assert code(f"{10**9}-20260303-0900-1100") == "slot_not_offered"
    assert code(f"{10**17}-00010101-0900-1100") == "slot_not_offered"
    assert code(slotted.slot_id(row, ahead=0)) == "slot_passed"
    assert not SlotSeat.objects.exists()
    # A slot names its shop, so CITY need not.
    assert make.order(member, cup, asked=Asked("CITY"), address=home, slot=slotted.slot_id(row)).slot


def test_the_seat_comes_back_when_the_order_closes_or_is_refunded_whole_before_it_left() -> None:
    fulfillment.carriers()
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake, capacity=1)
    counter.close(slotted.order(row, cup))
    assert SlotDay.objects.get().taken == 0
    order = slotted.paid(row, cup)
    assert SlotDay.objects.get().taken == 1
    refunding.refund_unshipped(order_no=order.order_no, reason="买家取消", operator=None, at=NOW)
    assert (SlotDay.objects.get().taken, SlotSeat.objects.filter(released_at=None).count()) == (0, 0)
    gone = slotted.paid(row, cup)
    riding.leave(order_no=gone.order_no, rider="", operator=fulfillment.operator(), at=NOW)
    aftersales.refund(gone, {cup: 1}, shipping_fen=gone.shipping_fen)
    assert Order.objects.get(pk=gone.pk).status == "REFUNDED"
    # The rider's seat was used.
    assert SlotDay.objects.get().taken == 1
    assert list(slot_facts.misseated()) == []
    SlotDay.objects.update(taken=0)
    assert list(slot_facts.misseated()) == [
        "2026-03-03 西湖门店 09:00-11:00 says 0 taken, 1 orders have a seat"
    ]


def test_an_order_for_a_slot_is_paid_while_orders_for_it_are_taken(settings: Any) -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake)
    usual = timedelta(minutes=settings.ORDER_PAYMENT_MINUTES)
    least = timedelta(minutes=settings.LARGE_ORDER_PAYMENT_MINUTES)
    closes = datetime(2026, 3, 3, 0, 0, tzinfo=NOW.tzinfo)  # 08:00 in Shanghai
    assert slotted.order(row, cup).expires_at == NOW + usual
    soon = closes - least - timedelta(minutes=1)
    assert (
        slotted.order(row, cup, at=soon, ahead=1 if shop_day(soon) == shop_day(NOW) else 0).expires_at
        == closes
    )


def test_the_end_of_the_slot_is_the_promise_and_the_board_knows_it() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake)
    order = slotted.paid(row, cup)
    ends_at = moment(shop_day(NOW) + timedelta(days=1), time(11))
    assert promising.fix_missed(at=NOW) == 1
    deadline = Deadline.objects.get(order=order)
    assert (deadline.source, deadline.promised_at, deadline.due_at) == ("SLOT", ends_at, ends_at)
    assert deadline.limit_at == NOW + 48 * HOUR
    assert deadline_facts.shown_of(order)["ship_by"] == ends_at
    riding.leave(order_no=order.order_no, rider="", operator=fulfillment.operator(), at=ends_at - HOUR)
    fixing.end(order_no=order.order_no, at=ends_at)
    deadline.refresh_from_db()
    assert deadline.outcome == "KEPT"


def test_a_slot_beyond_wechats_limit_is_told_to_it() -> None:
    lake = shop()
    order = slotted.paid(slotted.template(lake), make.goods(lake, 10), ahead=5)
    promising.fix(order_no=order.order_no, at=NOW)
    deadline = Deadline.objects.get(order=order)
    # What burns first is WeChat's own limit, until it has taken the report.
    assert deadline.due_at == deadline.limit_at == NOW + 48 * HOUR
    assert deadline_facts.late_parcel(order) == deadline.promised_at


def test_who_fetches_in_a_slot_is_told_and_never_refunded_before_it() -> None:
    fulfillment.carriers()
    lake = shop()
    row = slotted.template(lake, kind="PICKUP", begins=time(17), ends=time(19))
    order = slotted.paid(row, make.goods(lake, 10), ahead=6)
    moving.lie_ready(order_no=order.order_no, operator=fulfillment.operator(), at=NOW)
    told = telling.ready(subject=order.order_no, member_id=order.member_id, at=NOW)
    assert told is not None and told.values["slot"] == "03月08日 17:00-19:00"
    pickup = Pickup.objects.get()
    assert pickup.fetch_by is not None and order.slot is not None
    assert pickup.fetch_by > datetime.fromisoformat(order.slot["ends_at"])


def test_a_short_wait_is_stretched_to_the_day_of_the_slot(settings: Any) -> None:
    settings.PICKUP_REFUND_DAYS = 1
    fulfillment.carriers()
    lake = shop()
    row = slotted.template(lake, kind="PICKUP")
    order = slotted.paid(row, make.goods(lake, 10), ahead=5)
    moving.lie_ready(order_no=order.order_no, operator=fulfillment.operator(), at=NOW)
    assert Pickup.objects.get().fetch_by == moment(shop_day(NOW) + timedelta(days=6), time(0))


def test_the_slip_says_when_and_the_earliest_slot_is_packed_first() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake)
    later, sooner = slotted.paid(row, cup, ahead=2), slotted.paid(row, cup, ahead=1)
    slips = wave.slips([later.pk, sooner.pk])
    assert [slip.order_no for slip in slips] == [sooner.order_no, later.order_no]
    assert slips[0].way == "同城配送：西湖门店　03月03日 09:00-11:00"


def test_over_http_slots_are_public_and_an_order_answers_its_own(shopper_of: Shoppers) -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake, capacity=1)
    now = timezone.now()
    member, home = slotted.neighbour()
    shopper = shopper_of(member)
    anybody = type(shopper)()
    page = anybody.call("GET", f"/places/{lake.pk}/slots?kind=CITY").json()
    tomorrow = next(slot for slot in page["results"] if slot["id"] == slotted.slot_id(row, at=now))
    assert (tomorrow["left"], tomorrow["state"], tomorrow["from"], tomorrow["until"]) == (
        1,
        "OPEN",
        "09:00",
        "11:00",
    )
    said: dict[str, Any] = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "address_id": home.pk,
        "delivery": {"kind": "CITY", "place_id": lake.pk, "slot": tomorrow["id"]},
    }
    quote = shopper.call("POST", "/checkout/quote", said).json()
    assert (quote["delivery"]["slot"]["state"], quote["delivery"]["slot"]["left"]) == ("OPEN", 1)
    body = {**said, "expected_payable_fen": quote["payable_fen"]}
    answer = shopper.call("POST", "/orders", body, idempotency_key="slot-1")
    assert answer.status_code == 201
    placed = answer.json()
    assert placed["delivery"]["slot"]["id"] == tomorrow["id"]
    assert shopper.call("GET", f"/orders/{placed['order_no']}").json()["delivery"] == placed["delivery"]
    assert (
        shopper.call("POST", "/orders", body, idempotency_key="slot-1").json()["order_no"]
        == placed["order_no"]
    )
    # Somebody else is too late: the quote says so, the order is refused.
    late, there = slotted.neighbour()
    too_late = shopper_of(late)
    quote = too_late.call("POST", "/checkout/quote", {**said, "address_id": there.pk}).json()
    assert quote["delivery"]["slot"]["state"] == "FULL"
    answer = too_late.call("POST", "/orders", {**body, "address_id": there.pk}, idempotency_key="slot-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_full")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        *(
            (bad, 400)
            for bad in (7, True, [], {}, "", "a\x00b", "x" * 5000, "0-20260303-0900-1100", "1-2-3-4")
        ),
        (f"{10**9}-20991231-0900-1100", 409),
    ],
)
def test_nonsense_for_a_slot_is_refused_politely(shopper_of: Shoppers, said: Any, status: int) -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    member, home = slotted.neighbour()
    body = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "address_id": home.pk,
        "delivery": {"kind": "CITY", "place_id": lake.pk, "slot": said},
    }
    answer = shopper_of(member).call("POST", "/checkout/quote", body)
    assert answer.status_code == status, answer.json()


def test_a_parcel_has_no_slot_and_unknown_shops_have_none(shopper_of: Shoppers) -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    shopper = shopper_of(slotted.neighbour()[0])
    body = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "delivery": {"kind": "EXPRESS", "slot": "1-20260303-0900-1100"},
    }
    assert shopper.call("POST", "/checkout/quote", body).status_code == 400
    for place in ("0", "x", str(10**9), str(10**30), "1%00", "９"):
        assert shopper.call("GET", f"/places/{place}/slots").status_code == 404, place
    assert shopper.call("GET", f"/places/{lake.pk}/slots?kind=EXPRESS").status_code == 400
    assert shopper.call("GET", f"/places/{lake.pk}/slots").json() == {"results": [], "next": None}


def test_who_waits_for_others_chooses_no_slot() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake)
    campaign = group_buys.campaign(cup)
    member, home = slotted.neighbour()
    choice = Choice(
        items=((cup.pk, 1),),
        address_id=home.pk,
        activity=activities.read({"kind": "group_buy", "id": campaign.pk}),
        delivery=Asked("CITY", lake.pk),
    )
    slotless = quoting.compose(member=member, choice=choice, at=NOW).way
    assert slotless is not None and slotless.slot is None
    refusal = refused(
        lambda: quoting.compose(member=member, choice=replace(choice, slot=slotted.slot_id(row)), at=NOW)
    )
    assert refusal.code == "slot_not_offered"


def test_nobody_pays_for_a_slot_that_is_over() -> None:
    lake = shop()
    cup = make.goods(lake, 10)
    row = slotted.template(lake, begins=time(13), ends=time(13, 4), order_before_min=0)
    soon = NOW + timedelta(minutes=59)
    order = slotted.order(row, cup, at=soon, ahead=0)
    assert order.expires_at == NOW + timedelta(minutes=64)


def test_a_slot_that_cannot_be_kept_is_free_for_others_and_told_to_nobody() -> None:
    lake = shop()
    row = slotted.template(lake, capacity=1)
    order = slotted.paid(row, make.goods(lake, 10))
    fixing.fix(order_no=order.order_no, at=NOW)
    assert refused(lambda: slotted.order(row, make.goods(lake, 10))).code == "slot_full"

    swapping.put_off(
        order_no=order.order_no,
        reason=DelayReason.STOCK_OUT,
        note="",
        ships_on=shop_day(NOW) + timedelta(days=4),
        operator=None,
        at=NOW,
    )

    order.refresh_from_db()
    assert (order.slot, order.slot_text, order.delivery_told["slot"]) == (None, "", None)
    assert slotted.order(row, make.goods(lake, 10)).slot is not None
    assert list(slot_facts.misseated()) == []


def test_slots_of_one_shop_and_use_do_not_overlap_and_the_database_holds_it() -> None:
    lake, hill = shop(**make.RIDES), shop("滨江门店", **make.RIDES)
    row = slotted.template(lake, weekdays=[1, 2])
    for said in (
        {},
        {"begins": time(10), "ends": time(10, 30)},
        {"begins": time(8), "ends": time(12), "weekdays": [2, 7]},
    ):
        with pytest.raises(slotting.SlotRefused) as refused:
            slotted.template(lake, **{"weekdays": [1], **said})
        assert "与该门店已启用的时段 09:00-11:00" in refused.value.text, said
    # What touches it, is on another day, of another use or shop, or is off, is none of it.
    slotted.template(lake, begins=time(11), ends=time(12), weekdays=[1, 2])
    slotted.template(lake, weekdays=[3])
    slotted.template(lake, kind="PICKUP", weekdays=[1, 2])
    slotted.template(hill, weekdays=[1, 2])
    off = slotted.template(lake, weekdays=[1], active=False)
    off.active = True
    with pytest.raises(slotting.SlotRefused):
        slotting.save(off)
    slotting.save(row)
    with pytest.raises(IntegrityError, match="slot_one_at_a_time"), transaction.atomic():
        SlotTemplate.objects.filter(pk=off.pk).update(active=True)
    row.active = False
    slotting.save(row)
    slotting.save(off)


def test_a_day_off_that_is_over_is_refused_and_one_that_was_is_kept() -> None:
    lake = shop(**make.RIDES)
    today = shop_day(NOW)
    row = slotting.save_closing(SlotClosing(place=lake, day=today, note="店休"), at=NOW)
    with pytest.raises(slotting.ClosingRefused, match="日期已过"):
        slotting.save_closing(SlotClosing(place=lake, day=today - timedelta(days=1)), at=NOW)
    later = NOW + timedelta(days=5)
    row.note = "盘点"
    slotting.save_closing(row, at=later)
    row.day = today + timedelta(days=2)
    with pytest.raises(slotting.ClosingRefused, match="日期已过"):
        slotting.save_closing(row, at=later)
