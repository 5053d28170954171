"""Electronic waybills under real threads: one is asked for at a time, one parcel leaves by it, whoever hears the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from apps.fulfillment.models import Carrier, Parcel, Waybill, WaybillAccount
from apps.fulfillment.services import waybills
from tests.apps.fulfillment import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def account() -> WaybillAccount:
    carrier, _ = Carrier.objects.get_or_create(code="ZTO", defaults={"name": "中通快递"})
    return WaybillAccount.objects.create(
        carrier=carrier, biz_id="biz", service_type=0, service_name="标准快件"
    )


def test_of_six_operators_who_press_at_once_one_asks_wechat() -> None:
    order, of = make.paid_order(2), account()

    def press() -> str:
        waybills._begin(order_no=order.order_no, account_id=of.pk, operator=None, at=make.AT)
        return "asked"

    assert all_answers([press] * 6) == {"asked": 1, "waybill_pending": 5}
    assert Waybill.objects.count() == 1


def test_whoever_hears_the_answer_first_sends_the_parcel_and_the_others_nothing() -> None:
    order = make.paid_order(2)
    row = waybills._begin(order_no=order.order_no, account_id=account().pk, operator=None, at=make.AT)

    def hear() -> str:
        waybills._made(Waybill.objects.get(pk=row.pk), "ZT0000000001", at=make.AT)
        return "heard"

    assert all_answers([hear] * 4) == {"heard": 4}
    row.refresh_from_db()
    assert (row.status, row.last_error) == ("MADE", "")
    assert [parcel.pk for parcel in Parcel.objects.filter(order=order)] == [row.parcel_id]


def test_looking_first_and_writing_then_loses_the_parcel_that_left() -> None:
    """The race that the lock closes: both find it asked for, one sends the parcel, the other is refused its own."""
    order = make.paid_order(2)
    row = waybills._begin(order_no=order.order_no, account_id=account().pk, operator=None, at=make.AT)
    both_looked = threading.Barrier(2)

    def careless() -> Callable[[], str]:
        def hear() -> str:
            held = Waybill.objects.select_related("account__carrier").get(pk=row.pk)
            both_looked.wait(30)
            held.tracking_no = "ZT0000000001"
            held.parcel = waybills._sent(held, order, at=make.AT)
            return "sent"

        return hear

    assert all_answers([careless(), careless()]) == {"sent": 1, "order_not_shippable": 1}
