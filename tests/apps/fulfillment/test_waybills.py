"""Electronic waybills: one parcel leaves by one number, whatever WeChat answers and when; taken back in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.fulfillment.models import Parcel, Waybill, WaybillAccount
from apps.fulfillment.services import addresses, parcels, waybills
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.stores.models import Place
from apps.wechat import errors as wechat_errors
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db

ADD = "/cgi-bin/express/business/order/add"
CANCEL = "/cgi-bin/express/business/order/cancel"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(settings: Any) -> datetime:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    settings.WECHAT_WAYBILLS = True
    return timezone.now()


def waiting(wechat: Sandbox, *, at: datetime) -> Order:
    """A paid order, and a warehouse that may send it by the accounts that WeChat knows."""
    order = make.paid_at_wechat(wechat, [(counter.goods(title="手工陶瓷茶杯", weight_g=400), 2)], at=at)
    Place.objects.update(
        province="浙江省", city="杭州市", district="余杭区", detail="茶亭路 18 号", phone="0571-88880018"
    )
    waybills.fetch_accounts()
    return order


def issue(order: Order, *, carrier: str = "ZTO", at: datetime) -> Waybill:
    account = WaybillAccount.objects.get(carrier__code=carrier)
    return waybills.issue(order_no=order.order_no, account_id=account.pk, operator=make.operator(), at=at)


def made_at_wechat(wechat: Sandbox) -> list[str]:
    return [row["waybill_id"] for row in wechat.express_orders()]


def test_a_waybill_sends_the_parcel_and_its_way_is_followed(wechat: Sandbox, now: datetime) -> None:
    order = waiting(wechat, at=now)
    row = issue(order, carrier="SF", at=now)
    parcel = Parcel.objects.get(order=order)
    assert (row.status, row.parcel) == ("MADE", parcel)
    assert [parcel.tracking_no] == made_at_wechat(wechat) == [row.tracking_no]
    order.refresh_from_db()
    assert order.status == "SHIPPED"
    assert row.tracking_no in waybills.print_of(waybill_no=row.waybill_no)
    outbox.deliver_due(at=now)
    assert [told["parcels"][0]["tracking_no"] for told in wechat.shipments()] == [row.tracking_no]

    wechat.move_waybill(row.tracking_no, "MOVING", delivery_id="SF", openid=order.member.openid)
    with pytest.raises(waybills.NotCancellable):
        parcel.trace.state = "MOVING"
        parcel.trace.save(update_fields=["state"])
        waybills.cancel(waybill_no=row.waybill_no, at=now)


def test_an_answer_that_was_lost_makes_no_second_waybill(wechat: Sandbox, now: datetime) -> None:
    order = waiting(wechat, at=now)
    wechat.fault("timeout_after_commit", path=ADD, hang_s=0)
    row = issue(order, at=now)
    assert (row.status, row.tries, Parcel.objects.count()) == ("ASKED", 1, 0)
    with pytest.raises(waybills.WaybillPending):
        issue(order, at=now)
    assert not addresses.is_correctable(order)
    assert waybills.make_due(at=now) == 0
    assert waybills.make_due(at=now + MINUTE) == 1
    row.refresh_from_db()
    assert [row.status, row.tries, row.tracking_no] == ["MADE", 1, *made_at_wechat(wechat)]
    assert [parcel.tracking_no for parcel in Parcel.objects.all()] == [row.tracking_no]


def test_a_courier_that_is_down_is_asked_again_under_the_same_number(wechat: Sandbox, now: datetime) -> None:
    order = waiting(wechat, at=now)
    wechat.fault("errcode", path=ADD, errcode=9300502, errmsg="快递公司系统错误")
    row = issue(order, at=now)
    assert (row.status, made_at_wechat(wechat)) == ("ASKED", [])
    waybills.make_due(at=now + MINUTE)
    row.refresh_from_db()
    assert [row.status, row.tries, row.tracking_no] == ["MADE", 2, *made_at_wechat(wechat)]


def test_what_wechat_refuses_leaves_the_order_as_it_was(wechat: Sandbox, now: datetime) -> None:
    order = waiting(wechat, at=now)
    WaybillAccount.objects.update(service_name="特快")
    row = issue(order, at=now)
    assert (row.status, row.last_error.partition(" ")[0]) == ("REFUSED", "9300510")
    waybills.fetch_accounts()
    assert issue(order, at=now).status == "MADE"


def test_an_order_that_left_meanwhile_keeps_its_parcel_and_the_waybill_waits_to_be_cancelled(
    wechat: Sandbox, now: datetime
) -> None:
    order = waiting(wechat, at=now)
    wechat.fault("timeout_after_commit", path=ADD, hang_s=0)
    row = issue(order, at=now)
    other = make.parcel(order, at=now)
    waybills.make_due(at=now + MINUTE)
    row.refresh_from_db()
    assert (row.status, row.parcel, list(Parcel.objects.all())) == ("MADE", None, [other])
    assert "包裹未发出" in row.last_error
    assert waybills.cancel(waybill_no=row.waybill_no, at=now).status == "CANCELLED"


def test_a_cancelled_waybill_is_replaced_on_its_parcel(wechat: Sandbox, now: datetime) -> None:
    order = waiting(wechat, at=now)
    first = issue(order, at=now)
    wechat.fault("timeout_after_commit", path=CANCEL, hang_s=0)
    with pytest.raises(wechat_errors.WechatUnavailable):
        waybills.cancel(waybill_no=first.waybill_no, at=now)
    assert waybills.cancel(waybill_no=first.waybill_no, at=now).status == "CANCELLED"
    second = issue(order, carrier="SF", at=now)
    parcel = Parcel.objects.get(order=order)
    assert (parcel.carrier.code, parcel.tracking_no, second.parcel) == ("SF", second.tracking_no, parcel)
    with pytest.raises(parcels.NotShippable):
        issue(order, at=now)


def test_it_is_off_unless_the_shop_says_so(wechat: Sandbox, now: datetime, settings: Any) -> None:
    order = waiting(wechat, at=now)
    settings.WECHAT_WAYBILLS = False
    with pytest.raises(waybills.WaybillsOff):
        issue(order, at=now)
    assert waybills.make_due(at=now) == 0
