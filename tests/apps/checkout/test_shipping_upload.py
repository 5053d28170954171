"""WeChat is told of what was sent (发货信息), through the post, whatever mood it is in; and it tells of receipts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout import hearing, receiving, virtual
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import parcels
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import make as aftersales
from tests.apps.cardkeys import make as card_keys
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db

UPLOAD = "/wxa/sec/order/upload_shipping_info"
ASK = "/wxa/sec/order/get_order"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(settings: Any) -> datetime:
    """About the present, which WeChat's clock shows too; and no shop that its notifies could reach."""
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    return timezone.now()


def upload_of(order: Order) -> ShippingUpload:
    return ShippingUpload.objects.get(order=order)


def correct(parcel: Parcel, number: str, *, at: datetime) -> None:
    parcels.correct(
        parcel_no=parcel.parcel_no, carrier_code="ZTO", tracking_no=number, operator=make.operator(), at=at
    )


def letter() -> Delivery:
    """The only upload on its way."""
    return Delivery.objects.get(listener__endswith="upload_on_parcel_shipped")


def test_wechat_is_told_what_is_in_the_parcel_and_who_carries_it(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(title="手工陶瓷茶杯"), 2)], at=now)
    make.parcel(order, carrier_code="SF", tracking_no="SF1234567890", at=now)

    outbox.deliver_due(at=now)

    (told,) = wechat.shipments()
    assert told["parcels"] == [
        {
            "item_desc": "手工陶瓷茶杯*2",
            "tracking_no": "SF1234567890",
            "express_company": "SF",
            "contact": {"receiver_contact": "138****0000"},
        }
    ]
    assert (told["delivery_mode"], told["complete"]) == (1, True)
    assert (upload_of(order).status, upload_of(order).uploaded_parcels) == ("DONE", 1)
    assert letter().status == "DONE"


def test_of_virtual_goods_wechat_is_told_that_nothing_travels(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_at_wechat(wechat, [(card_keys.goods(title="线上茶课"), 1)], at=now)
    virtual.ship_due(at=now + MINUTE)
    outbox.deliver_due(at=now + MINUTE)

    (told,) = wechat.shipments()
    assert (told["logistics_type"], told["complete"]) == (3, True)
    assert [parcel["item_desc"] for parcel in told["parcels"]] == ["线上茶课"]
    state = ShippingUpload.objects.get(bill_no=order.order_no)
    assert (state.status, state.uploaded_parcels) == ("DONE", 0)


def test_a_payment_that_wechat_does_not_know_yet_is_told_again_later_and_later(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    wechat.fault("shipping_unknown", times=2)
    make.parcel(order, at=now)

    outbox.deliver_due(at=now)
    assert (upload_of(order).status, letter().attempts) == ("WAITING", 1)
    assert "10060001" in upload_of(order).last_error
    first_wait = letter().due_at - now

    outbox.deliver_due(at=now + timedelta(seconds=1))
    assert letter().attempts == 1

    outbox.deliver_due(at=now + MINUTE)
    assert letter().due_at - (now + MINUTE) > first_wait
    outbox.deliver_due(at=now + 2 * MINUTE)

    assert len(wechat.calls(UPLOAD)) == 3
    assert (upload_of(order).status, upload_of(order).last_error) == ("DONE", "")


def test_when_the_answer_was_lost_wechat_is_asked_before_the_upload_is_repeated(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    wechat.fault("timeout_after_commit", path=UPLOAD, hang_s=0)
    parcel = make.parcel(order, at=now)

    outbox.deliver_due(at=now)
    assert (upload_of(order).status, upload_of(order).outcome_unknown) == ("WAITING", True)
    outbox.deliver_due(at=now + MINUTE)

    assert [len(wechat.calls(UPLOAD)), len(wechat.calls(ASK))] == [1, 1]
    assert (upload_of(order).status, upload_of(order).outcome_unknown) == ("DONE", False)

    # The one correction that WeChat allows is still there.
    correct(parcel, "ZT99999", at=now + 2 * MINUTE)
    outbox.deliver_due(at=now + 2 * MINUTE)
    assert upload_of(order).status == "DONE"
    assert [sent["tracking_no"] for sent in wechat.shipments()[0]["parcels"]] == ["ZT99999"]


def test_when_the_call_never_arrived_it_is_repeated(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    wechat.fault("timeout_before", path=UPLOAD, hang_s=0)
    make.parcel(order, at=now)

    outbox.deliver_due(at=now)
    outbox.deliver_due(at=now + MINUTE)

    assert len(wechat.shipments()) == 1
    assert upload_of(order).status == "DONE"


def test_an_order_in_two_parcels_is_told_as_a_split_and_finished_with_the_second(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 2)], at=now)
    line = order.lines.get().pk
    make.parcel(order, tracking_no="ZT00001", quantities={line: 1}, at=now)
    outbox.deliver_due(at=now)
    (half,) = wechat.shipments()
    assert (half["delivery_mode"], half["complete"], len(half["parcels"])) == (2, False, 1)
    assert (upload_of(order).status, upload_of(order).uploaded_parcels) == ("DONE", 1)

    make.parcel(order, tracking_no="ZT00002", at=now + MINUTE)
    outbox.deliver_due(at=now + MINUTE)

    (whole,) = wechat.shipments()
    assert (whole["complete"], whole["rounds"]) == (True, 1)
    assert [sent["tracking_no"] for sent in whole["parcels"]] == ["ZT00001", "ZT00002"]
    assert (upload_of(order).status, upload_of(order).uploaded_parcels) == ("DONE", 2)


def test_two_parcels_told_in_one_sweep_are_one_upload_and_one_that_changes_nothing(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 2)], at=now)
    make.parcel(order, quantities={order.lines.get().pk: 1}, at=now)
    make.parcel(order, at=now)

    outbox.deliver_due(at=now)

    (told,) = wechat.shipments()
    assert (told["complete"], told["rounds"], len(told["parcels"])) == (True, 1, 2)
    assert upload_of(order).status == "DONE"
    assert set(Delivery.objects.values_list("status", flat=True)) == {"DONE"}


def test_a_sweep_whose_clock_is_behind_still_tells_the_second_parcel(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 2)], at=now)
    make.parcel(order, quantities={order.lines.get().pk: 1}, at=now)
    outbox.deliver_due(at=now + MINUTE)
    make.parcel(order, at=now)

    outbox.deliver_due(at=now)

    assert upload_of(order).status == "DONE"
    assert wechat.shipments()[0]["complete"] is True


def test_a_second_correction_is_more_than_wechat_allows_and_shows_as_failed(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    parcel = make.parcel(order, at=now)
    outbox.deliver_due(at=now)

    correct(parcel, "ZT11111", at=now + MINUTE)
    outbox.deliver_due(at=now + MINUTE)
    assert (upload_of(order).status, wechat.shipments()[0]["rounds"]) == ("DONE", 2)

    correct(parcel, "ZT22222", at=now + 2 * MINUTE)
    outbox.deliver_due(at=now + 2 * MINUTE)

    failed = upload_of(order)
    assert failed.status == "FAILED"
    assert failed.last_error.startswith("10060003")
    assert Parcel.objects.get().tracking_no == "ZT22222"
    # It is final: nobody asks WeChat again by itself.
    calls = len(wechat.calls(UPLOAD))
    outbox.deliver_due(at=now + timedelta(days=1))
    assert len(wechat.calls(UPLOAD)) == calls


def test_an_operator_may_ask_again_for_what_was_refused_and_only_for_that(
    wechat: Sandbox, now: datetime
) -> None:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=now)
    wechat.fault("errcode", path=UPLOAD, errcode=10060031, errmsg="openid mismatch")
    make.parcel(order, at=now)
    outbox.deliver_due(at=now)
    assert (upload_of(order).status, upload_of(order).last_error[:8]) == ("FAILED", "10060031")

    parcels.upload_again(order_no=order.order_no, at=now + MINUTE)
    outbox.deliver_due(at=now + MINUTE)

    assert upload_of(order).status == "DONE"
    with pytest.raises(parcels.NothingToUpload):
        parcels.upload_again(order_no=order.order_no, at=now + MINUTE)


def test_an_order_that_cost_nothing_is_no_business_of_wechats(wechat: Sandbox, now: datetime) -> None:
    order = make.paid_order(1, price_fen=0, at=now)
    assert order.payable_fen == 0
    make.parcel(order, at=now)

    outbox.deliver_due(at=now)

    assert upload_of(order).status == "NOT_NEEDED"
    assert wechat.calls(UPLOAD) == []
    assert letter().status == "DONE"


def settled(order: Order, *, at: datetime, **content: Any) -> None:
    """WeChat pushed that the order's money is settled; the post brings it."""
    said = {
        "transaction_id": order.payments.get().transaction_id,
        "confirm_receive_method": 2,
        "confirm_receive_time": int(at.timestamp()),
        **content,
    }
    hearing.hear_push(
        message={"Event": "trade_manage_order_settlement", "CreateTime": int(at.timestamp()), **said}, at=at
    )
    outbox.deliver_due(at=at)


def shipped(wechat: Sandbox, *, at: datetime) -> Order:
    order = make.paid_at_wechat(wechat, [(counter.goods(), 1)], at=at)
    make.parcel(order, at=at)
    outbox.deliver_due(at=at)
    return order


def test_a_receipt_confirmed_in_wechat_is_believed_when_wechats_record_says_so(
    wechat: Sandbox, now: datetime
) -> None:
    order = shipped(wechat, at=now)
    wechat.confirm_receipt(order.payments.get().transaction_id)

    settled(order, at=now + MINUTE)
    settled(order, at=now + 2 * MINUTE)

    order.refresh_from_db()
    assert (order.status, order.received_at) == ("RECEIVED", now + MINUTE)
    assert order.history.latest("id").actor == "wechat"
    assert order.history.filter(move="receive").count() == 1


def test_a_push_alone_receives_nothing(wechat: Sandbox, now: datetime) -> None:
    order = shipped(wechat, at=now)

    settled(order, at=now + MINUTE)

    order.refresh_from_db()
    assert (order.status, len(wechat.calls(ASK))) == ("SHIPPED", 1)


def test_the_push_that_comes_with_shipping_is_not_even_asked_about(wechat: Sandbox, now: datetime) -> None:
    order = shipped(wechat, at=now)
    hearing.hear_push(
        message={
            "Event": "trade_manage_order_settlement",
            "CreateTime": 1,
            "transaction_id": order.payments.get().transaction_id,
            "estimated_settlement_time": 1,
        },
        at=now,
    )
    outbox.deliver_due(at=now)

    assert wechat.calls(ASK) == []


def test_while_wechat_cannot_be_asked_the_receipt_waits_and_then_comes(
    wechat: Sandbox, now: datetime
) -> None:
    order = shipped(wechat, at=now)
    wechat.confirm_receipt(order.payments.get().transaction_id)
    wechat.fault("http_status", path=ASK, status=502, times=3)

    settled(order, at=now + MINUTE)
    order.refresh_from_db()
    assert order.status == "SHIPPED"

    wechat.clear_faults()
    outbox.deliver_due(at=now + 10 * MINUTE)
    order.refresh_from_db()
    assert order.status == "RECEIVED"


@pytest.mark.parametrize("number", ["", "4200000000", "x" * 10_000])
def test_a_payment_that_is_not_ours_receives_nothing(wechat: Sandbox, now: datetime, number: str) -> None:
    shipped(wechat, at=now)

    assert receiving.receive_as_wechat_says(transaction_id=number, at=now) is False
    assert wechat.calls(ASK) == []


def test_when_the_rest_is_refunded_wechat_hears_that_the_first_parcel_was_all(
    wechat: Sandbox, now: datetime
) -> None:
    cup, bowl = counter.goods(1000), counter.goods(2000)
    order = make.paid_at_wechat(wechat, [(cup, 1), (bowl, 1)], at=now)
    line = aftersales.line(order, cup).pk
    parcel = make.parcel(order, quantities={line: 1}, carrier_code="ZTO", at=now)
    outbox.deliver_due(at=now)
    (told,) = wechat.shipments()
    assert (told["delivery_mode"], told["complete"]) == (2, False)

    aftersales.refund(order, {bowl: 1}, at=now + MINUTE)
    outbox.deliver_due(at=now + MINUTE)

    (told,) = wechat.shipments()
    assert (told["delivery_mode"], told["complete"], len(told["parcels"])) == (2, True, 1)
    assert (upload_of(order).status, Order.objects.get().status) == ("DONE", "SHIPPED")
    # The one correction that WeChat allows is still there.
    correct(parcel, "ZT99999", at=now + 2 * MINUTE)
    outbox.deliver_due(at=now + 2 * MINUTE)
    assert upload_of(order).status == "DONE"


def test_of_an_order_that_was_refunded_whole_before_the_post_came_wechat_is_told_nothing(
    wechat: Sandbox, now: datetime
) -> None:
    cup = counter.goods(1000)
    order = make.paid_at_wechat(wechat, [(cup, 1)], at=now)
    make.parcel(order, at=now)
    aftersales.refund(order, {cup: 1}, at=now)
    outbox.deliver_due(at=now)
    assert (upload_of(order).status, wechat.calls(UPLOAD)) == ("NOT_NEEDED", [])
