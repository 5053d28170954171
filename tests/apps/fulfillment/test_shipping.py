"""Parcels leave: whole, in parts, never more than was ordered; the last one makes the order SHIPPED."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.base.models import AuditEntry
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import Parcel, ParcelLine, ShippingUpload
from apps.fulfillment.services import parcels, receipt
from apps.orders.models import Order, OrderLine
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from mall.errors import NotFound, ShopError
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db


def status(order: Order) -> str:
    return str(Order.objects.get(pk=order.pk).status)


def lines(order: Order) -> list[int]:
    return list(order.lines.order_by("id").values_list("pk", flat=True))


def news(order: Order) -> list[str]:
    """What was announced about the order's shipping, oldest first."""
    told = Announcement.objects.filter(payload__order_no=order.order_no, kind__contains="Shipped")
    return list(told.order_by("id").values_list("kind", flat=True))


def correct(parcel: Parcel, **said: Any) -> Parcel:
    whole = {
        "parcel_no": parcel.parcel_no,
        "carrier_code": "SF",
        "tracking_no": "SF99999",
        "operator": make.operator(),
        "at": make.AT + timedelta(hours=1),
    }
    return parcels.correct(**{**whole, **said})


def test_one_parcel_with_everything_ships_the_order() -> None:
    order = make.paid_order(2, 1)
    operator = make.operator()

    parcel = make.parcel(order, carrier_code="SF", tracking_no=" sf1234567890 ", operator=operator)

    shipped = Order.objects.get(pk=order.pk)
    assert (shipped.status, shipped.shipped_at) == ("SHIPPED", make.AT)
    assert (parcel.carrier.code, parcel.tracking_no) == ("SF", "SF1234567890")
    assert sorted(parcel.lines.values_list("quantity", flat=True)) == [1, 2]
    move = shipped.history.latest("id")
    assert (move.move, move.actor, move.operator) == ("ship", "operator", operator)
    assert news(order) == ["ParcelShipped", "OrderShipped"]
    assert ShippingUpload.objects.get(order=order).status == "WAITING"


@pytest.mark.parametrize(
    "pasted",
    [
        "sf 1234 5678 90",
        "\u202dSF1234567890\u202c",
        "ＳＦ１２３４５６７８９０",
        "'SF1234567890",
        "SF12345\u200b67890\n",
    ],
)
def test_a_tracking_number_is_kept_as_the_slip_has_it(pasted: str) -> None:
    parcel = make.parcel(make.paid_order(1), tracking_no=pasted)
    assert parcel.tracking_no == "SF1234567890"
    assert correct(parcel, tracking_no=pasted).tracking_no == "SF1234567890"


@pytest.mark.parametrize("pasted", ["\u200b\u200b", "'", "快递单号", "\u3164"])
def test_what_is_no_tracking_number_ships_nothing(pasted: str) -> None:
    order = make.paid_order(1)
    with pytest.raises(parcels.TrackingNumberInvalid):
        make.parcel(order, tracking_no=pasted)
    assert status(order) == "PAID"


def test_a_part_leaves_the_order_waiting_and_the_last_unit_ships_it() -> None:
    order = make.paid_order(3, 1)
    cups, pot = lines(order)

    make.parcel(order, quantities={cups: 2})
    assert (status(order), parcels.units_left(order)) == ("PAID", {cups: 1, pot: 1})
    make.parcel(order, quantities={pot: 1, cups: 0})
    assert (status(order), parcels.units_left(order)) == ("PAID", {cups: 1})
    make.parcel(order)

    assert (status(order), parcels.units_left(order)) == ("SHIPPED", {})
    assert news(order) == ["ParcelShipped", "ParcelShipped", "ParcelShipped", "OrderShipped"]
    assert ShippingUpload.objects.filter(order=order).count() == 1


@pytest.mark.parametrize("units", [4, 0, -1, 10**12], ids=["too many", "none", "negative", "huge"])
def test_more_than_is_left_or_nothing_at_all_is_no_parcel(units: int) -> None:
    order = make.paid_order(3)

    with pytest.raises(parcels.QuantityNotShippable):
        make.parcel(order, quantities={lines(order)[0]: units})

    assert (Parcel.objects.count(), status(order), news(order)) == (0, "PAID", [])


def test_a_line_of_another_order_goes_into_no_parcel() -> None:
    mine, other = make.paid_order(1), make.paid_order(1)

    with pytest.raises(parcels.QuantityNotShippable):
        make.parcel(mine, quantities={lines(mine)[0]: 1, lines(other)[0]: 1})

    assert ParcelLine.objects.count() == 0


@pytest.mark.parametrize(
    "number",
    [
        "",
        "SF12",
        "SF12345678 SF12345679",
        "SF12345\nSF12346",
        "SF12345;DROP",
        "顺丰12345",
        "S" * 65,
        "SF12345\nX",
    ],
)
def test_what_no_courier_prints_is_no_tracking_number(number: str) -> None:
    order = make.paid_order()

    with pytest.raises(parcels.TrackingNumberInvalid):
        make.parcel(order, tracking_no=number)

    assert Parcel.objects.count() == 0


def test_a_carrier_that_wechat_does_not_list_is_refused() -> None:
    with pytest.raises(parcels.CarrierUnknown):
        make.parcel(make.paid_order(), carrier_code="OWL")


def test_an_order_that_does_not_exist_is_not_found() -> None:
    make.carriers()
    with pytest.raises(NotFound):
        parcels.ship(order_no="SO1", carrier_code="SF", tracking_no="SF12345", operator=None, at=make.AT)


def test_only_a_paid_order_with_something_left_can_be_shipped() -> None:
    order = make.paid_order()
    unpaid = make.counter.order(*make.counter.buyer(), [(make.counter.goods(), 1)])
    make.parcel(order)

    for refused in (order, unpaid):
        with pytest.raises(parcels.NotShippable):
            make.parcel(refused)

    assert Parcel.objects.count() == 1


def test_the_same_number_twice_on_one_order_is_a_slip_on_two_orders_it_is_one_box() -> None:
    order = make.paid_order(2)
    first = lines(order)[0]
    make.parcel(order, tracking_no="ZT12345", quantities={first: 1})

    with pytest.raises(parcels.ParcelTwice):
        make.parcel(order, tracking_no="zt12345", quantities={first: 1})
    make.parcel(make.paid_order(), tracking_no="ZT12345")

    assert Parcel.objects.filter(order=order).count() == 1


def test_wechat_takes_fifteen_parcels_so_the_sixteenth_is_refused() -> None:
    order = make.paid_order(16)
    first = lines(order)[0]
    for _ in range(15):
        make.parcel(order, quantities={first: 1})

    with pytest.raises(parcels.TooManyParcels):
        make.parcel(order)

    assert parcels.units_left(order) == {first: 1}


def test_a_wrong_number_is_corrected_and_the_old_one_is_written_down() -> None:
    order = make.paid_order()
    parcel = make.parcel(order, tracking_no="ZT00001")
    operator = make.operator()

    correct(parcel, tracking_no="sf99999", operator=operator)

    corrected = Parcel.objects.get()
    assert (corrected.carrier.code, corrected.tracking_no) == ("SF", "SF99999")
    audit = AuditEntry.objects.get()
    assert (audit.subject, audit.note, audit.operator) == (parcel.parcel_no, "原：ZTO ZT00001", operator)
    assert news(order) == ["ParcelShipped", "OrderShipped", "ParcelShipped"]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"tracking_no": "?"}, parcels.TrackingNumberInvalid),
        ({"carrier_code": "OWL"}, parcels.CarrierUnknown),
        ({"parcel_no": "PK1"}, NotFound),
        ({"carrier_code": "ZTO", "tracking_no": "ZT00002"}, parcels.ParcelTwice),
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(
    said: dict[str, str], refusal: type[ShopError]
) -> None:
    order = make.paid_order(2)
    parcel = make.parcel(order, tracking_no="ZT00001", quantities={lines(order)[0]: 1})
    make.parcel(order, tracking_no="ZT00002")

    with pytest.raises(refusal):
        correct(parcel, **said)

    parcel.refresh_from_db()
    assert (parcel.carrier.code, parcel.tracking_no) == ("ZTO", "ZT00001")
    assert AuditEntry.objects.count() == 0


def test_after_receipt_a_number_is_history() -> None:
    order = make.paid_order()
    parcel = make.parcel(order)
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=make.AT)

    with pytest.raises(parcels.NotShippable):
        correct(parcel)

    assert Parcel.objects.get().tracking_no == parcel.tracking_no


def _shown(line: OrderLine) -> dict[str, Any]:
    return {
        "sku_id": line.sku_id,
        "product_id": line.sku.product_id,
        "option_text": line.option_text,
        "image": line.image,
        "quantity": 1,
    }


def test_parcels_are_read_in_one_statement_and_show_what_is_in_them(django_assert_num_queries: Any) -> None:
    order, other = make.paid_order(2, 1), make.paid_order(1)
    cups, pot = order.lines.order_by("id")
    first = make.parcel(order, quantities={cups.pk: 1}, tracking_no="ZT00001")
    make.parcel(order, tracking_no="ZT00002")
    make.parcel(other)

    with django_assert_num_queries(1):
        shown = parcel_facts.parcels_of([order.pk, other.pk])

    assert [len(shown[order.pk]), len(shown[other.pk])] == [2, 1]
    assert shown[order.pk][0] == {
        "parcel_no": first.parcel_no,
        "carrier_code": "ZTO",
        "carrier_name": "中通快递",
        "tracking_no": "ZT00001",
        "shipped_at": make.AT,
        "items": [_shown(cups)],
    }
    assert shown[order.pk][1]["items"] == [_shown(cups), _shown(pot)]


def test_an_order_without_parcels_has_none() -> None:
    assert parcel_facts.parcels_of([make.paid_order().pk]) == {}


def test_shipping_costs_the_same_for_one_line_and_for_ten(django_assert_max_num_queries: Any) -> None:
    for order in (make.paid_order(1), make.paid_order(*[1] * 10)):
        with django_assert_max_num_queries(21):
            make.parcel(order)


def test_a_number_that_anothers_parcel_has_is_a_slip() -> None:
    first, second = make.paid_order(), make.paid_order()
    make.parcel(first, tracking_no="SF0000000001")
    second.address["detail"] = "平江路 9 号"
    second.save(update_fields=["address"])
    with pytest.raises(parcels.NumberOfAnother) as taken:
        make.parcel(second, tracking_no="SF0000000001")
    assert taken.value.details == {"field": "tracking_no", "order_no": first.order_no}


def test_the_number_of_another_receivers_parcel_is_no_correction(admin_client: Client) -> None:
    first, second = make.paid_order(), make.paid_order()
    make.parcel(first, carrier_code="SF", tracking_no="SF1111111111")
    parcel = make.parcel(second, carrier_code="SF", tracking_no="SF2222222222")
    Order.objects.filter(pk=second.pk).update(
        address={**second.address, "name": "王五", "detail": "北山街 9 号"}
    )

    with pytest.raises(parcels.NumberOfAnother) as refusal:
        correct(parcel, tracking_no="SF1111111111")
    assert refusal.value.details == {"field": "tracking_no", "order_no": first.order_no}
    # Another carrier has numbers of its own.
    assert correct(parcel, carrier_code="ZTO", tracking_no="SF1111111111").tracking_no == "SF1111111111"
    typed = {"carrier": "SF", "tracking_no": "SF1111111111"}
    door = f"/admin/orders/order/{second.pk}/parcels/{parcel.parcel_no}/correct/"
    said = admin_client.post(door, typed)
    assert said.status_code == 409
    assert said.context["form"].errors == {
        "tracking_no": [f"该快递单号已用于另一收货人的订单 {first.order_no}，请核对"]
    }
    assert Parcel.objects.get(pk=parcel.pk).carrier.code == "ZTO"


def test_parcels_of_one_receiver_may_be_put_right_to_one_number() -> None:
    first, second = make.paid_order(), make.paid_order()
    Order.objects.filter(pk=second.pk).update(address=first.address)
    make.parcel(first, carrier_code="SF", tracking_no="SF1111111111")
    parcel = make.parcel(second)
    assert correct(parcel, tracking_no="SF1111111111").tracking_no == "SF1111111111"
