"""WeChat is told of payments whose goods leave more than fifteen days later, once each, and asked again when it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.checkout import asking, paying
from apps.checkout.handlers import tell_on_order_paid
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.presale import services as presales
from apps.presale.models import Report
from apps.wechat.errors import ShippingNotYet
from apps.wechat.sandbox.control import Sandbox
from mall.events import OrderPaid
from tests.apps.checkout import make as counter
from tests.apps.groupbuy import make as group_buys
from tests.apps.members import make as members
from tests.apps.presale import make

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(wechat: Sandbox, settings: Any) -> Order:
    """An unpaid order of a pre-sale, all of it paid at once, that leaves in twenty days."""
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # no notification ever arrives
    counter.freight(0)
    row = make.live(whole=True, ships_by=timezone.now() + timedelta(days=20))
    shopper = members.member(openid=wechat.login("小茶").openid)
    return make.order(row, (shopper, members.address(shopper)), at=timezone.now())


def pays(order: Order, wechat: Sandbox) -> None:
    asked = paying.pay(member=order.member, order_no=order.order_no, at=timezone.now())
    assert asked is not None
    wechat.pay(order.member.openid, asked)
    assert asking.query_unheard(at=timezone.now() + 2 * MINUTE) == 1


def test_a_payment_that_leaves_late_is_reported_once(order: Order, wechat: Sandbox) -> None:
    pays(order, wechat)
    outbox.deliver_due(at=timezone.now())
    report = Report.objects.get()
    assert (report.status, report.order) == ("DONE", order)
    (known,) = wechat.transactions()
    assert known["delay_to"] == int(report.delay_to.timestamp())
    presales.report(
        order=order, transaction_id=report.transaction_id, paid_at=timezone.now(), at=timezone.now()
    )
    assert Report.objects.count() == 1


def test_what_leaves_within_fifteen_days_is_not_reported() -> None:
    counter.freight(0)
    order = make.paid(make.presale())
    presales.report(order=order, transaction_id="4200", paid_at=make.NOW, at=make.NOW)
    assert Report.objects.count() == 0


def test_of_orders_of_which_wechat_is_told_nothing_only_their_activity_is_read() -> None:
    counter.freight(0)
    plain = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    group = group_buys.order(group_buys.campaign(counter.goods(50_00)))
    for order in (plain, group):
        counter.pay(order)
        with CaptureQueriesContext(connection) as asked:
            tell_on_order_paid(OrderPaid(order_no=order.order_no, member_id=order.member_id), at=counter.NOW)
        (only,) = asked.captured_queries
        assert '"orders_order"."activity"' in only["sql"] and "payable_fen" not in only["sql"]


def test_while_wechat_does_not_know_the_payment_the_report_comes_again(order: Order) -> None:
    with pytest.raises(ShippingNotYet):
        presales.report(order=order, transaction_id="4200", paid_at=timezone.now(), at=timezone.now())
    assert Report.objects.get().status == "WAITING"


def test_what_wechat_refuses_waits_for_a_person_who_asks_again(order: Order, wechat: Sandbox) -> None:
    pays(order, wechat)
    transaction_id = order.payments.get().transaction_id or ""
    Report.objects.create(
        order=order, transaction_id=transaction_id, delay_to=datetime(2020, 1, 1, tzinfo=UTC)
    )
    outbox.deliver_due(at=timezone.now())
    report = Report.objects.get()
    assert (report.status, report.last_error[:9]) == ("FAILED", "268546001")
    Report.objects.update(delay_to=timezone.now() + timedelta(days=20))
    presales.report_again(report_id=report.pk, at=timezone.now())
    outbox.deliver_due(at=timezone.now())
    report.refresh_from_db()
    assert report.status == "DONE"
    with pytest.raises(presales.NothingToReport):
        presales.report_again(report_id=report.pk, at=timezone.now())
    assert Delivery.objects.filter(status="DEAD").count() == 0
