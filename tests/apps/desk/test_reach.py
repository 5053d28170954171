"""Who works at one shop acts on no other order, by whichever door: lists, addresses, files, figures and services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.aftersales.services import swapping
from apps.base import roles
from apps.books.services import journal
from apps.deadlines import reports
from apps.deadlines.states import DelayReason
from apps.fulfillment.models import Parcel
from apps.fulfillment.services import addresses, parcels
from apps.inventory.models import Stock
from apps.orders.models import Order
from apps.pickup.models import SlotClosing, SlotTemplate
from apps.pickup.services import riding
from apps.stores import services as stores
from apps.stores.models import Place, PlaceStaff
from mall.errors import NotFound
from tests.apps.deadlines import make as deadlines
from tests.apps.fulfillment import make as fulfillment
from tests.apps.pickup import make as pickup

pytestmark = pytest.mark.django_db
IMPORT = "/admin/fulfillment/parcel/import/"


def bound(place: Place, *named: str) -> User:
    """An operator of these roles who works at that shop alone."""
    operator = User.objects.create_user(f"店员{User.objects.count()}", is_staff=True)
    roles.make()
    operator.groups.set(Group.objects.filter(name__in=named))
    stores.bind(PlaceStaff(operator=operator, place=place))
    return User.objects.get(pk=operator.pk)


def client(operator: User) -> Client:
    browser = Client()
    browser.force_login(operator)
    return browser


def _of_order(model: type[Model]) -> bool:
    return any(field.related_model is Order for field in model._meta.concrete_fields)


def test_every_page_of_rows_of_orders_is_narrowed() -> None:
    request = RequestFactory().get("/admin/")
    request.user = bound(pickup.shop(), "店长")
    wide = [
        model._meta.label
        for model, page in admin.site._registry.items()
        if (model is Order or _of_order(model)) and "place_id" not in str(page.get_queryset(request).query)
    ]
    assert wide == []


@pytest.mark.parametrize("named", [("店员", "仓库"), ("店员", "客服"), ("店长",)])
def test_no_parcel_of_an_order_leaves_by_a_file_of_numbers(named: tuple[str, ...]) -> None:
    now = timezone.now()
    order = fulfillment.paid_order(1, at=now)
    page = client(bound(pickup.shop(), *named))
    sheet = f"订单号,快递公司,快递单号\n{order.order_no},中通快递,ZT0000000001\n".encode()
    for step in ("", "confirm"):
        answer = page.post(IMPORT, {"file": SimpleUploadedFile("a.csv", sheet), "step": step})
        assert answer.status_code == 409
        assert f"订单「{order.order_no}」不存在" in answer.content.decode()
    assert not Parcel.objects.exists()


def test_no_door_of_an_order_elsewhere_opens() -> None:
    now = timezone.now()
    order = fulfillment.paid_order(2, at=now)
    deadlines.owed(order, at=now)
    sent = fulfillment.parcel(order, quantities={order.lines.get().pk: 1}, at=now)
    page = client(bound(pickup.shop(), "店长"))
    below = [
        "change",
        "history",
        "ship",
        "address",
        "put-off",
        "refund",
        "refund-part",
        "waybill",
        "reveal",
        "upload",
    ]
    for path in [*below, f"parcels/{sent.parcel_no}/correct", "waybills/WB1/print", "waybills/WB1/cancel"]:
        for answer in (page.get, page.post):
            gone = answer(f"/admin/orders/order/{order.pk}/{path}/")
            assert gone.status_code in (302, 403, 404), path
            if gone.status_code == 302:  # as Django says that there is no such row
                assert gone["Location"] == "/admin/", path
    for action in ("print_pick_list", "print_slips"):
        page.post("/admin/orders/order/", {"action": action, "_selected_action": [order.pk]})
    line = order.lines.get()
    for path in (
        f"/admin/fulfillment/parcel/{sent.pk}/ask-now/",
        f"/admin/orders/orderline/{line.pk}/change/",
        f"/admin/deadlines/deadline/{order.deadline.pk}/change/",
        f"/admin/payments/payment/{order.payments.get().pk}/change/",
    ):
        assert page.get(path).status_code in (302, 404), path
    assert parcels.units_left(order) == {line.pk: 1}


def test_services_that_are_told_who_acts_find_no_order_elsewhere() -> None:
    now = timezone.now()
    order = fulfillment.paid_order(2, at=now)
    deadlines.owed(order, at=now)
    sent = fulfillment.parcel(order, quantities={order.lines.get().pk: 1}, at=now)
    operator = bound(pickup.shop(), "店长")
    told: dict[str, Any] = {"operator": operator, "at": now}
    numbered = {"carrier_code": "ZTO", "tracking_no": "ZT0000000009", **told}
    with pytest.raises(NotFound):
        parcels.ship(order_no=order.order_no, **numbered)
    with pytest.raises(NotFound):
        parcels.correct(parcel_no=sent.parcel_no, **numbered)
    with pytest.raises(NotFound):
        addresses.correct(
            order_no=order.order_no, address={**order.address, "detail": "别处 1 号"}, reason="", **told
        )
    with pytest.raises(NotFound):
        swapping.put_off(
            order_no=order.order_no, reason=DelayReason.STOCK_OUT, note="", ships_on=now.date(), **told
        )


def test_today_and_the_boards_show_and_count_what_is_of_the_shop() -> None:
    now = timezone.now()
    lake, hill = pickup.shop(**pickup.RIDES), pickup.shop("龙井门店", **pickup.RIDES)
    mine, theirs = pickup.ridden_from(lake, at=now), pickup.ridden_from(hill, at=now)
    order = fulfillment.paid_order(1, at=now)
    sent = fulfillment.paid_order(1, at=now)
    deadlines.owed(order, at=now)
    parcel = fulfillment.parcel(sent, at=now)
    operator = bound(lake, "店长")
    page = client(operator)

    front = page.get("/admin/")
    figures = {card.title: card.value for card in [*front.context["cards"], *front.context["tasks"]]}
    assert (figures["今日支付订单"], figures["待发货"], figures["即将超时"]) == ("1 单", "0", "0")
    assert list(front.context["next_orders"]) == []
    for other in (theirs, order, sent):
        assert other.order_no not in front.content.decode()
    for listed in ("orders_order", "deadlines_deadline", "fulfillment_parcel"):
        shown = page.get(reverse(f"admin:{listed}_changelist")).content.decode()
        for number in (theirs.order_no, order.order_no, parcel.tracking_no):
            assert number not in shown, listed
    assert mine.order_no in page.get("/admin/orders/order/").content.decode()
    day = now.replace(hour=0, minute=0) - timedelta(days=2)
    until = day + timedelta(days=5)
    assert sum(line.owed for line in reports.by_day(since=day, until=until, at=now)) == 1
    assert reports.by_day(since=day, until=until, at=now, shops={lake.pk}) == []


def test_rows_of_a_place_are_written_for_ones_own_alone() -> None:
    lake, hill = pickup.shop(**pickup.RIDES), pickup.shop("龙井门店", **pickup.RIDES)
    sku = pickup.goods(lake, 3)
    page = client(bound(lake, "店长"))
    times = {"kind": "CITY", "weekdays": [1], "starts_at": "09:00", "ends_at": "11:00"}
    times |= {"capacity": 4, "order_before_min": 30, "active": "on"}
    day = {"day": f"{timezone.localdate() + timedelta(days=2):%Y-%m-%d}", "note": ""}
    for address, typed in (
        ("/admin/pickup/slottemplate/add/", times),
        ("/admin/pickup/slotclosing/add/", day),
    ):
        assert "不选表示全部门店" not in page.get(address).content.decode()
        for elsewhere in (hill.pk, ""):
            assert page.post(address, {**typed, "place": elsewhere}).status_code == 200
        assert page.post(address, {**typed, "place": lake.pk}).status_code == 302
    assert [row.place for row in (*SlotTemplate.objects.all(), *SlotClosing.objects.all())] == [lake, lake]
    for address in ("/admin/inventory/stock/receive-any/", "/admin/coupons/storeuse/add/"):
        offered = page.get(address).context["form"].fields["place"].queryset
        assert list(offered) == [lake], address
    received = {"code": sku.code, "quantity": "5", "reason": "到货", "token": str(uuid4())}
    page.post("/admin/inventory/stock/receive-any/", {**received, "place": hill.pk})
    assert not Stock.objects.filter(place=hill).exists()
    page.post("/admin/inventory/stock/receive-any/", {**received, "place": lake.pk})
    assert Stock.objects.get(place=lake, sku=sku).on_hand == 8


def test_the_profit_of_orders_is_that_of_the_shop() -> None:
    now = timezone.now()
    lake, hill = pickup.shop(**pickup.RIDES), pickup.shop("龙井门店", **pickup.RIDES)
    orders = [pickup.ridden_from(place, at=now) for place in (lake, hill)]
    for order in orders:
        riding.leave(order_no=order.order_no, rider="", operator=None, at=now)
    journal.post_due(at=now + timedelta(days=2))
    shown = client(bound(lake, "店长")).get("/admin/books/soldorder/").content.decode()
    assert [order.order_no in shown for order in orders] == [True, False]
