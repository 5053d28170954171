"""After an upload: WeChat is asked what it keeps, allows one re-shipment, and tells of complaints and of the money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout import hearing, promising, settling
from apps.deadlines.models import Deadline, Promise
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import parcels
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.presale.models import Report
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db

UPLOAD = "/wxa/sec/order/upload_shipping_info"
ASK = "/wxa/sec/order/get_order"
REPORT = "/wxa/sec/order/opspecialorder"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(settings: Any) -> datetime:
    """About the present, which WeChat's clock shows too; and no shop that its notifies could reach."""
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    return timezone.now()


@pytest.fixture
def order(wechat: Sandbox, now: datetime) -> Order:
    """An order that was sent, and of which WeChat was told."""
    made = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    make.parcel(made, tracking_no="ZT00000", at=now)
    outbox.deliver_due(at=now)
    return made


def upload() -> ShippingUpload:
    return ShippingUpload.objects.get()


def correct(order: Order, number: str, *, at: datetime) -> None:
    no = order.parcels.get().parcel_no
    parcels.correct(parcel_no=no, carrier_code="ZTO", tracking_no=number, operator=make.operator(), at=at)
    outbox.deliver_due(at=at)


def push(kind: str, order: Order, *, at: datetime, **said: Any) -> None:
    number = order.payments.get().transaction_id
    message = {"Event": kind, "CreateTime": int(at.timestamp()), "transaction_id": number, **said}
    hearing.hear_push(message=message, at=at)
    outbox.deliver_due(at=at)


def test_what_was_uploaded_is_verified_two_minutes_later_and_only_once(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    assert settling.verify_uploads(at=now + MINUTE) == 0
    assert settling.verify_uploads(at=now + 2 * MINUTE) == 1
    assert (upload().verified_at, upload().get_wechat_state_display()) == (now + 2 * MINUTE, "已发货")
    assert settling.verify_uploads(at=now + 90 * MINUTE) == 0
    assert len(wechat.calls(ASK)) == 1

    # What is told anew is verified anew.
    correct(order, "ZT11111", at=now + 100 * MINUTE)
    assert upload().verified_at is None
    settling.verify_uploads(at=now + 102 * MINUTE)
    assert upload().verified_at == now + 102 * MINUTE


def test_what_wechat_keeps_not_showing_comes_to_a_person_and_can_be_told_again(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    wechat.fault("shipping_forgotten", times=4)
    moment = now
    for wait in (2, 2, 10, 60):
        assert upload().status == "DONE"
        moment += wait * MINUTE
        assert settling.verify_uploads(at=moment) == 1
    failed = upload()
    assert (failed.status, failed.verified_at) == ("FAILED", None)
    assert failed.last_error.startswith("微信 get_order 未见")

    parcels.upload_again(order_no=order.order_no, at=moment)
    outbox.deliver_due(at=moment)
    assert (upload().status, upload().reshipped_at) == ("DONE", None)


def test_while_wechat_is_away_it_is_asked_three_times_and_the_rest_waits(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    wechat.fault("http_status", path=ASK, status=502, times=9)
    assert settling.verify_uploads(at=now + 2 * MINUTE) == 1
    assert (upload().status, upload().verified_at) == ("DONE", None)
    wechat.clear_faults()
    settling.verify_uploads(at=now + 4 * MINUTE)
    assert upload().verified_at is not None


def test_the_one_reshipment_is_taken_before_it_is_told_and_a_second_is_not_even_tried(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    correct(order, "ZT11111", at=now + MINUTE)
    assert (upload().status, upload().reshipped_at) == ("DONE", now + MINUTE)
    calls = len(wechat.calls(UPLOAD))
    correct(order, "ZT22222", at=now + 2 * MINUTE)
    assert upload().last_error.startswith("10060003")
    assert len(wechat.calls(UPLOAD)) == calls


def test_a_reshipment_that_wechat_refused_for_another_reason_leaves_the_chance(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    wechat.fault("errcode", path=UPLOAD, errcode=10060026, errmsg="tracking_no too long")
    correct(order, "ZT11111", at=now + MINUTE)
    assert (upload().status, upload().reshipped_at) == ("FAILED", None)
    correct(order, "ZT22222", at=now + 2 * MINUTE)
    assert (upload().status, upload().reshipped_at) == ("DONE", now + 2 * MINUTE)


def test_a_reshipment_whose_answer_was_lost_keeps_its_chance_for_itself(
    wechat: Sandbox, order: Order, now: datetime
) -> None:
    wechat.fault("timeout_before", path=UPLOAD, hang_s=0)
    correct(order, "ZT11111", at=now + MINUTE)
    assert (upload().status, upload().attempts) == ("WAITING", 1)
    outbox.deliver_due(at=now + 3 * MINUTE)
    assert (upload().status, upload().attempts) == ("DONE", 0)
    assert wechat.shipments()[0]["rounds"] == 2


def test_what_wechat_pushes_of_the_money_is_kept_for_reading(order: Order, now: datetime) -> None:
    push(settling.SETTLEMENT, order, at=now, estimated_settlement_time="1795000000")
    push(
        settling.SETTLEMENT,
        order,
        at=now + MINUTE,
        confirm_receive_method=2,
        confirm_receive_time=1795000100,
        settlement_time=1795000200,
        estimated_settlement_time="soon",
    )
    kept = upload()
    assert kept.settles_at == datetime.fromtimestamp(1795000000, tz=UTC)
    assert kept.confirmed_at == datetime.fromtimestamp(1795000100, tz=UTC)
    assert (kept.settled_at, kept.confirm_method) == (datetime.fromtimestamp(1795000200, tz=UTC), 2)
    for strange in ("4200000000", "", 7, "x" * 9_000):
        assert not settling.hear(kind=settling.SETTLEMENT, said={"transaction_id": strange}, at=now)


def test_wechats_complaint_stands_on_the_deadline(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    outbox.deliver_due(at=now)
    push(settling.REMINDER, order, at=now + MINUTE, msg="请尽快发货")
    assert Deadline.objects.get(order=order).reminded_at == now + MINUTE


def test_a_promise_later_than_wechats_limit_is_reported_and_moves_it(wechat: Sandbox, now: datetime) -> None:
    sku = counter.goods()
    Promise.objects.create(sku=sku, hours=120)
    order = make.paid_at_wechat(wechat, [(sku, 1)], at=now)
    wechat.fault("errcode", path=REPORT, errcode=-1, errmsg="busy", times=9)
    outbox.deliver_due(at=now)
    row = Deadline.objects.get(order=order)
    assert row.limit_at == order.paid_at + timedelta(hours=48)

    wechat.clear_faults()
    outbox.deliver_due(at=now + MINUTE)
    row.refresh_from_db()
    assert row.limit_at == row.promised_at == order.paid_at + timedelta(hours=120)
    assert Report.objects.get().status == "DONE"
    told = len(wechat.calls(REPORT))
    promising.tell_wechat(order_no=order.order_no, later=True, at=now + 2 * MINUTE)
    assert len(wechat.calls(REPORT)) == told
