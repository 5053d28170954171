"""A parcel's way: asked about as it goes on, kept line by line and once, read by its buyer, and told when it has arrived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.checkout import tracing as counter_tracing
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import Parcel, Trace, TraceEvent
from apps.fulfillment.services import parcels, receipt, tracing
from apps.fulfillment.services.tracing import Line, News
from apps.fulfillment.states import TRACE_LIFECYCLE, TraceSource, TraceState, move_of
from apps.messaging.models import Message
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from apps.wechat import waybills
from apps.wechat.sandbox import kuaidi100
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make
from tests.conftest import Shopper
from tests.messages.test_scenes import inbox, rounds

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
AT = make.AT


def trace(parcel: Parcel) -> Trace:
    return Trace.objects.get(parcel=parcel)


def hear(parcel: Parcel, raw: str, *lines: tuple[datetime, str], at: datetime) -> bool:
    told = News(source=TraceSource.KUAIDI100, raw=raw, lines=[Line(*line) for line in lines])
    return tracing.hear(parcel_no=parcel.parcel_no, tracking_no=parcel.tracking_no, news=told, at=at)


@pytest.fixture
def service(wechat: Sandbox, settings: Any) -> Sandbox:
    """The sandbox, which plays Kuaidi100, too."""
    settings.KUAIDI100_CUSTOMER, settings.KUAIDI100_KEY = kuaidi100.CUSTOMER, kuaidi100.KEY
    settings.KUAIDI100_BASE = wechat.base_url
    return wechat


@pytest.mark.parametrize(
    ("source", "words", "state"),
    [
        (TraceSource.KUAIDI100, "0 1 7 8 10 11 12", TraceState.MOVING),
        (TraceSource.KUAIDI100, "2 13 14", TraceState.PROBLEM),
        (TraceSource.KUAIDI100, "3", TraceState.SIGNED),
        (TraceSource.KUAIDI100, "4 6", TraceState.RETURNED),
        (TraceSource.KUAIDI100, "5", TraceState.DELIVERING),
        (TraceSource.PLUGIN, "1 2", TraceState.MOVING),
        (TraceSource.PLUGIN, "3", TraceState.DELIVERING),
        (TraceSource.PLUGIN, "4 6", TraceState.SIGNED),
        (TraceSource.PLUGIN, "5", TraceState.PROBLEM),
        (TraceSource.EXPRESS, "100001 200001", TraceState.MOVING),
        (TraceSource.EXPRESS, "300002", TraceState.DELIVERING),
        (TraceSource.EXPRESS, "300003", TraceState.SIGNED),
        (TraceSource.EXPRESS, "100002 300004 400001 400002", TraceState.PROBLEM),
    ],
)
def test_each_word_of_each_source_means_one_state(source: TraceSource, words: str, state: TraceState) -> None:
    reached = {
        TRACE_LIFECYCLE.target(move=str(move_of(source, word)), current=TraceState.WAITING)
        for word in words.split()
    }
    assert reached == {state}


def test_words_that_say_nothing_move_nothing() -> None:
    silent = [(TraceSource.PLUGIN, "0"), (TraceSource.EXPRESS, "100003"), (TraceSource.EXPRESS, "300001")]
    assert [move_of(source, word) for source, word in silent] == [None] * 3
    assert move_of(TraceSource.KUAIDI100, "99") is None


def test_lines_are_kept_once_in_their_form_and_a_late_one_sets_nothing_back() -> None:
    parcel = make.parcel(make.paid_order(1))
    first, second = (AT + 3 * HOUR, "已揽收\u202c "), (AT + 9 * HOUR, "正在派送")
    assert hear(parcel, "5", second, at=AT + 10 * HOUR)
    assert hear(parcel, "1", first, at=AT + 11 * HOUR)
    assert not hear(parcel, "5", first, second, at=AT + 12 * HOUR)
    assert list(TraceEvent.objects.values_list("at", "text")) == [second, (first[0], "已揽收")]
    row = trace(parcel)
    assert (row.state, row.moved_at, row.checked_at) == ("DELIVERING", second[0], AT + 12 * HOUR)
    # What lies ahead of every clock is no time, and a text of nothing no line.
    hear(parcel, "", (AT + 30 * HOUR, "未来"), (AT + HOUR, "\u200b"), at=AT + 12 * HOUR)
    assert TraceEvent.objects.count() == 2


def test_no_line_is_ever_changed() -> None:
    parcel = make.parcel(make.paid_order(1))
    hear(parcel, "1", (AT + HOUR, "已揽收"), at=AT + 2 * HOUR)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TraceEvent.objects.update(text="签收")


def test_the_waits_grow_while_nothing_is_new_and_end_with_the_way() -> None:
    parcel = make.parcel(make.paid_order(1))
    at, waits = AT, []
    assert trace(parcel).ask_at == AT + 2 * HOUR
    for _ in range(5):
        hear(parcel, "", at=at)
        waits.append(trace(parcel).ask_at - at)
    assert waits == [hours * HOUR for hours in (4, 8, 12, 12, 12)]
    hear(parcel, "5", (AT + HOUR, "正在派送"), at=at + 20 * HOUR)
    assert trace(parcel).ask_at == at + 21 * HOUR
    hear(parcel, "3", (AT + 21 * HOUR, "已签收"), at=at + 22 * HOUR)
    row = trace(parcel)
    assert (row.state, row.delivered_at, row.ask_at) == ("SIGNED", AT + 21 * HOUR, None)
    assert not hear(parcel, "2", at=at + 23 * HOUR)
    assert trace(parcel).state == "SIGNED"
    with pytest.raises(tracing.NotToBeAsked):
        tracing.ask_now(parcel_no=parcel.parcel_no, at=at + 30 * HOUR)


def test_a_parcel_is_asked_about_until_its_order_is_received_and_a_month_at_most() -> None:
    received, old, awaited = (make.parcel(make.paid_order(1)) for _ in range(3))
    receipt.confirm(order_no=received.order.order_no, actor=Actor.MEMBER, at=AT + HOUR)
    Parcel.objects.filter(pk=old.pk).update(shipped_at=AT - timedelta(days=30))
    taken = tracing.take_due(at=AT + 2 * HOUR)
    assert taken is not None
    assert (taken.parcel_no, taken.phone) == (awaited.parcel_no, awaited.order.address["phone"])
    # Whoever took it is asking; nobody else does so meanwhile, and somebody does if that one was killed.
    assert tracing.take_due(at=AT + 2 * HOUR) is None
    assert tracing.take_due(at=AT + 3 * HOUR) is not None
    assert [trace(parcel).ask_at for parcel in (received, old)] == [None, None]


def test_under_another_number_the_way_begins_anew_and_the_old_ones_news_is_not_heard() -> None:
    parcel = make.parcel(make.paid_order(1))
    before = parcel.tracking_no
    hear(parcel, "5", (AT + HOUR, "正在派送"), at=AT + 2 * HOUR)
    parcels.correct(
        parcel_no=parcel.parcel_no,
        carrier_code="SF",
        tracking_no="SF7654321",
        operator=make.operator(),
        at=AT + 3 * HOUR,
    )
    late = News(source=TraceSource.KUAIDI100, raw="3", lines=[Line(AT + 4 * HOUR, "已签收")])
    assert not tracing.hear(parcel_no=parcel.parcel_no, tracking_no=before, news=late, at=AT + 5 * HOUR)
    order = Order.objects.get()
    way = parcel_facts.trace_of(member=order.member, order_no=order.order_no, parcel_no=parcel.parcel_no)
    assert (way["state"], way["events"], way["tracking_no"]) == ("WAITING", [], "SF7654321")


def test_an_order_of_two_parcels_is_told_of_once_when_the_second_has_arrived() -> None:
    order = make.paid_order(2)
    line = order.lines.get().pk
    first, second = (make.parcel(order, quantities={line: 1}) for _ in range(2))
    hear(first, "3", (AT + HOUR, "已签收"), at=AT + 2 * HOUR)
    rounds(AT + 2 * HOUR)
    assert inbox(order.member_id, "order_delivered") == []
    hear(second, "3", (AT + 3 * HOUR, "已签收"), at=AT + 4 * HOUR)
    rounds(AT + 4 * HOUR)
    (told,) = inbox(order.member_id, "order_delivered")
    assert told.startswith(f"您的订单 {order.order_no} 已于 ")
    assert Announcement.objects.filter(kind="ParcelDelivered").count() == 2


def test_who_has_said_that_it_is_here_is_not_told_so() -> None:
    order = make.paid_order(1)
    parcel = make.parcel(order)
    hear(parcel, "3", (AT + HOUR, "已签收"), at=AT + 2 * HOUR)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=AT + 2 * HOUR)
    rounds(AT + 2 * HOUR)
    assert not Message.objects.filter(scene="order_delivered", status="TOLD").exists()


def test_what_stands_still_for_48_hours_is_listed_until_it_moves_or_is_received() -> None:
    still, moving, received = (make.parcel(make.paid_order(1)) for _ in range(3))
    hear(moving, "1", (AT + 9 * HOUR, "已揽收"), at=AT + 10 * HOUR)
    receipt.confirm(order_no=received.order.order_no, actor=Actor.MEMBER, at=AT + HOUR)
    at = AT + 48 * HOUR
    assert list(parcel_facts.standing_still(at=at - HOUR)) == []
    assert [row.parcel_id for row in parcel_facts.standing_still(at=at)] == [still.pk]


def test_a_parcel_is_followed_from_the_shops_door_to_the_buyers(
    service: Sandbox, shopper_of: Callable[..., Shopper]
) -> None:
    now = datetime.now(tz=UTC)
    order = make.paid_at_wechat(service, [(counter.goods(), 1)], at=now)
    parcel = make.parcel(order, at=now)
    shopper = shopper_of(order.member)
    path = f"/orders/{order.order_no}/parcels/{parcel.parcel_no}/trace"
    # The first look asks for the plugin's token; the courier is not asked within two hours of leaving.
    first = shopper.call("GET", path).json()
    assert (first["state"], first["events"], first["checked_at"]) == ("WAITING", [], None)
    assert first["waybill_token"] == service.waybills()[0]["token"]
    assert counter_tracing.trace_due(at=now + HOUR) == 0

    then = now.replace(microsecond=0)
    service.move_waybill(parcel.tracking_no, "MOVING", place="浙江,杭州市", at=then.timestamp())
    assert counter_tracing.trace_due(at=now + 2 * HOUR) == 1
    service.move_waybill(parcel.tracking_no, "SIGNED", at=(then + HOUR).timestamp())
    assert counter_tracing.trace_due(at=now + 4 * HOUR) == 1
    told = shopper.call("GET", path).json()
    assert (told["state"], told["carrier"], told["tracking_no"]) == (
        "SIGNED",
        "中通快递",
        parcel.tracking_no,
    )
    assert [(line["text"], line["place"]) for line in told["events"]] == [
        ("快件已签收，签收人：本人", ""),
        ("快件已到达【杭州转运中心】", "浙江,杭州市"),
    ]
    assert trace(parcel).delivered_at == then + HOUR
    # Another's order, and a parcel of another order of one's own, are not there.
    other = make.parcel(make.paid_order(1))
    for strange in (
        f"/orders/{other.order.order_no}/parcels/{other.parcel_no}/trace",
        f"/orders/{order.order_no}/parcels/{other.parcel_no}/trace",
        f"/orders/{order.order_no}/parcels/PK/trace",
        f"/orders/{order.order_no}/parcels/P%00K/trace",
        f"/orders/%00/parcels/{'P' * 200}/trace",
    ):
        assert shopper.call("GET", strange).status_code == 404


def test_without_a_tracking_service_wechat_says_how_it_stands(wechat: Sandbox) -> None:
    now = datetime.now(tz=UTC)
    parcel = make.parcel(make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now), at=now)
    assert counter_tracing.trace_due(at=now) == 1
    wechat.move_waybill(parcel.tracking_no, "DELIVERING")
    assert counter_tracing.trace_due(at=now + 2 * HOUR) == 1
    row = trace(parcel)
    assert (row.state, row.moved_at, row.events.count()) == ("DELIVERING", now + 2 * HOUR, 0)


def test_bad_days_are_waited_out_and_no_parcel_is_forgotten(service: Sandbox) -> None:
    now = datetime.now(tz=UTC)
    order = make.paid_at_wechat(service, [(counter.goods(), 1)], at=now)
    parcel = make.parcel(order, at=now)
    service.fault("errcode", errcode=-1, path=waybills.TRACE_PATH, times=9)
    assert counter_tracing.trace_due(at=now) == 1
    assert trace(parcel).token_due_at == now + HOUR / 2
    service.clear_faults()
    service.move_waybill(parcel.tracking_no, "MOVING")
    for fault in ("http_status", "garbage"):
        service.fault(fault, path="/poll/*")
        Trace.objects.update(ask_at=now)
        counter_tracing.trace_due(at=now)
        assert (trace(parcel).state, trace(parcel).ask_at) == ("WAITING", now + 2 * HOUR)
    assert trace(parcel).last_error.startswith("courier_unavailable")
    # Nothing is known of the number yet; then the account is empty; then it is asked about as it should be.
    service.fault("way_unknown")
    Trace.objects.update(ask_at=now)
    counter_tracing.trace_due(at=now)
    assert (trace(parcel).state, trace(parcel).quiet) == ("WAITING", 1)
    service.fault("way_refused", code="601")
    for state in ("WAITING", "MOVING"):
        Trace.objects.update(ask_at=now + 3 * HOUR)
        counter_tracing.trace_due(at=now + 3 * HOUR)
        assert trace(parcel).state == state
    assert trace(parcel).last_error == ""


def test_steps_that_wechat_pushes_are_kept_for_the_members_own_parcel(service: Sandbox) -> None:
    from apps.checkout import hearing
    from apps.outbox import services as outbox

    mine, theirs = make.parcel(make.paid_order(1), tracking_no="ZT777777"), make.parcel(make.paid_order(1))
    Parcel.objects.filter(pk=theirs.pk).update(tracking_no="ZT777777")
    seconds = int((AT + HOUR).timestamp())
    step = {"ActionTime": seconds, "ActionType": 300002, "ActionMsg": "正在派送"}
    push = {
        "MsgType": "event",
        "Event": "add_express_path",
        "FromUserName": mine.order.member.openid,
        "CreateTime": seconds,
        "DeliveryID": "ZTO",
        "WayBillId": "ZT777777",
        "Version": 1,
        "Count": 1,
        "Actions": [step],
    }
    # The same second, another waybill: two pushes, of which each is kept. One action may stand without a list.
    for message in (push, push, {**push, "WayBillId": "ZT888888", "Actions": step}):
        hearing.hear_push(message=message, at=AT + 2 * HOUR)
    outbox.deliver_due(at=AT + 2 * HOUR)
    assert [(row.state, row.events.count()) for row in (trace(mine), trace(theirs))] == [
        ("DELIVERING", 1),
        ("WAITING", 0),
    ]
    assert Announcement.objects.filter(kind="WechatPushed").count() == 2
