"""An order's address is put right before anything leaves, and not after; what it was stays until its own time is over."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from apps.base import audit
from apps.base.models import AuditEntry
from apps.fulfillment.services import addresses
from apps.orders import personal
from apps.orders.models import AddressChange, Order
from mall.errors import Faulty
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make
from tests.apps.members.test_personal import lies_in

pytestmark = pytest.mark.django_db

NEW = {
    "name": " 林小满\u202c",
    "phone": "+86 138 0000 0009",
    "province": "江苏省",
    "city": "苏州市",
    "district": "姑苏区",
    "detail": "平江路9号",
    "postal_code": "215000",
}


@pytest.fixture
def wide() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("店长"))
    return browser


def correct(order: Order, **said: Any) -> AddressChange:
    return addresses.correct(
        order_no=order.order_no,
        address={**NEW, **said},
        reason="买家来电更正",
        operator=make.operator(),
        at=make.AT,
    )


def test_the_parcel_goes_to_the_new_address_and_the_old_one_is_known() -> None:
    order = make.paid_order(1)
    was = order.address
    change = correct(order)
    order.refresh_from_db()
    assert order.address == {**NEW, "name": "林小满", "phone": "13800000009"}
    assert (change.before, change.after, change.reason) == (was, order.address, "买家来电更正")
    with pytest.raises(addresses.AddressUnchanged):
        correct(order)


def test_once_a_parcel_has_left_or_before_it_is_paid_nothing_is_changed() -> None:
    sent = make.paid_order(2)
    make.parcel(sent, quantities={sent.lines.get().pk: 1})
    unpaid = counter.order(*counter.buyer(), [(counter.goods(), 1)])
    for order in (sent, unpaid):
        with pytest.raises(addresses.AddressTooLate):
            correct(order)
    assert not AddressChange.objects.exists()


def test_each_part_that_is_wrong_is_named() -> None:
    order = make.paid_order(1)
    wrong = {
        "name": "\u200b",
        "phone": "12",
        "city": "杭州市",
        "detail": "很" * 121,
        "postal_code": "21500",
    }
    with pytest.raises(Faulty) as refusal:
        correct(order, **wrong)
    assert {fault.field for fault in refusal.value.faults} == set(wrong)
    with pytest.raises(Faulty, match="这个省份"):
        correct(order, province="江苏县")


def test_what_it_was_is_emptied_with_the_orders_own() -> None:
    order = make.paid_order(1)
    correct(order)
    later = make.AT + timedelta(days=1100)
    Order.objects.filter(pk=order.pk).update(status="RECEIVED", shipped_at=make.AT, received_at=make.AT)
    assert personal.forget_old(at=later, limit=10) == 1
    change = AddressChange.objects.get()
    assert (change.before["detail"], change.after["name"], change.reason) == ("", "", "")
    assert change.after["city"] == "苏州市"


def test_why_it_was_put_right_stands_with_the_change_alone(wide: Client) -> None:
    order = make.paid_order(1)
    door = f"/admin/orders/order/{order.pk}/address/"
    said = wide.post(door, {**NEW, "phone": "13800000009", "reason": "王女士来电 13900000001"}, follow=True)
    assert said.status_code == 200
    assert lies_in("王女士来电") == {"orders_addresschange"}
    (entry,) = AuditEntry.objects.filter(action="修改收货信息")
    assert entry.note == "收货信息已修改。"


def test_entries_of_former_days_do_not_say_why_either() -> None:
    audit.record(
        operator=None, action="修改收货信息", subject="x", note="收货信息已修改。 原因：王女士", at=make.AT
    )
    audit.record(operator=None, action="驳回", subject="x", note="已驳回。 原因：抬头有误", at=make.AT)
    migration = import_module(
        "apps.fulfillment.migrations.0016_why_an_address_changed_is_said_once"
    ).Migration
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.operations[0].sql)
    assert list(AuditEntry.objects.order_by("id").values_list("note", flat=True)) == [
        "收货信息已修改。",
        "已驳回。 原因：抬头有误",
    ]
