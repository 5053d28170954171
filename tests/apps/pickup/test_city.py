"""An order that the shop's own rider brings: who goes where, what it costs, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout.delivering import Asked
from apps.fulfillment.services import addresses, parcels, receipt, waybills
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.messaging.models import Message
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.pickup import selectors as pickup_facts
from apps.pickup.services import riding
from apps.stores.models import Place
from apps.wechat.sandbox.control import Sandbox
from mall.errors import Faulty
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members
from tests.apps.pickup import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
SQUARE = [[120.14, 30.24], [120.16, 30.24], [120.16, 30.26], [120.14, 30.26]]


def at(north: float) -> dict[str, float]:
    return {"latitude": make.LAT + north, "longitude": make.LNG}


def test_the_fee_grows_with_the_way_and_goes_back_like_postage(shopper_of: Shoppers) -> None:
    fulfillment.carriers()
    shop = make.shop(**make.RIDES)
    cup = make.goods(shop, 5)
    member = members.member()
    near = members.address(member, **at(0.01))
    far = members.address(member, **at(0.03))
    shopper = shopper_of(member)

    def quoted(address: Any, quantity: int = 1) -> Any:
        said = {"items": [{"sku_id": cup.pk, "quantity": quantity}], "address_id": address.pk}
        return shopper.call("POST", "/checkout/quote", {**said, "delivery": {"kind": "CITY"}})

    # 1,112 m are within the first 2,000; 3,336 m are two kilometres begun beyond it.
    assert quoted(near).json()["shipping_fen"] == 500
    answer = quoted(far).json()
    assert (answer["shipping_fen"], answer["payable_fen"]) == (900, 5900)
    assert (answer["delivery"]["place_id"], answer["delivery"]["distance_m"]) == (shop.pk, 3336)

    order = make.order(member, cup, 2, asked=Asked("CITY"), address=far)
    counter.pay(order)
    with pytest.raises(parcels.NotByParcel):
        fulfillment.parcel(order)
    clerk = fulfillment.operator()
    riding.leave(order_no=order.order_no, rider="小王", operator=clerk, at=make.NOW)
    outbox.deliver_due(at=make.NOW)
    assert Message.objects.filter(member=member, scene="city_leaving").exists()
    shown = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert (shown["status"], shown["status_text"], shown["pickup_code"]) == ("SHIPPED", "配送中", None)
    assert shown["address"]["detail"] == "龙井路 1 号"
    riding.arrive(order_no=order.order_no, operator=clerk, at=make.NOW)
    refund = aftersales.refund(order, {cup: 2}, operator=clerk, shipping_fen=900)
    assert refund.goods_fen + refund.shipping_fen == 10_900
    # It had left: it goes on no shelf by itself.
    assert stock_facts.available_at([shop.pk], [cup.pk])[shop.pk][cup.pk] == 3
    assert list(pickup_facts.held_elsewhere()) == []


def test_before_it_leaves_all_of_it_comes_back(shopper_of: Shoppers) -> None:
    shop = make.shop(**make.RIDES)
    cup = make.goods(shop, 5)
    member = members.member()
    order = make.order(member, cup, 2, asked=Asked("CITY"), address=members.address(member, **at(0.01)))
    counter.pay(order)
    refund = aftersales.refund(order, {cup: 2}, operator=fulfillment.operator())
    assert refund.goods_fen + refund.shipping_fen == 10_500
    assert stock_facts.available_at([shop.pk], [cup.pk])[shop.pk][cup.pk] == 5


def test_the_nearest_shop_that_goes_there_and_has_it_brings_it() -> None:
    make.shop("近而无货", north=0.001, **make.RIDES)
    make.shop("区域之外", north=0.002, **{**make.RIDES, "delivery_area": SQUARE, "delivery_radius_m": None})
    has = make.shop("有货", north=0.03, **make.RIDES)
    cup = make.goods(has, 2)
    member = members.member()
    address = members.address(member, **at(0.02))
    order = make.order(member, cup, asked=Asked("CITY"), address=address)
    assert order.delivery is not None and order.delivery["place"]["name"] == "有货"


def test_who_lives_too_far_or_buys_too_little_is_told_so(shopper_of: Shoppers) -> None:
    shop = make.shop(**{**make.RIDES, "delivery_area": SQUARE})
    cup, lid = make.goods(shop, 5), make.goods(shop, 5, 1000)
    member = members.member()
    shopper = shopper_of(member)

    def refused(address: Any, sku: Any, **named: Any) -> tuple[int, str, Any]:
        said = {"items": [{"sku_id": sku.pk, "quantity": 1}], "address_id": address.pk}
        answer = shopper.call("POST", "/checkout/quote", {**said, "delivery": {"kind": "CITY", **named}})
        body = answer.json()
        return answer.status_code, body["code"], body["details"]

    inside, outside = members.address(member, **at(0.005)), members.address(member, **at(0.02))
    assert refused(members.address(member), cup)[:2] == (400, "invalid")
    assert refused(outside, cup)[:2] == (409, "delivery_out_of_reach")
    assert refused(outside, cup, place_id=shop.pk)[2] == {"distance_m": 2224}
    assert refused(inside, lid) == (409, "delivery_below_minimum", {"min_fen": 3000, "short_by_fen": 2000})


def test_an_address_keeps_its_place_on_the_map_until_it_moves(shopper_of: Shoppers) -> None:
    shopper = shopper_of(members.member())
    said = {
        "name": "林小茶",
        "phone": "13800000000",
        "province": "浙江省",
        "city": "杭州市",
        "detail": "龙井路 1 号",
    }
    assert shopper.call("POST", "/me/addresses", {**said, "lat": 30.25}).status_code == 400
    assert shopper.call("POST", "/me/addresses", {**said, "lat": 91, "lng": 120}).status_code == 400
    kept = shopper.call("POST", "/me/addresses", {**said, "lat": 30.25, "lng": 120.15}).json()
    assert (kept["lat"], kept["lng"]) == (30.25, 120.15)
    page = f"/me/addresses/{kept['id']}"
    assert shopper.call("PATCH", page, {"name": "小茶"}).json()["lat"] == 30.25
    assert shopper.call("PATCH", page, {"detail": "文三路 9 号"}).json()["lat"] is None


def test_wechat_hears_of_it_as_delivered_in_town(wechat: Sandbox, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    now = timezone.now()
    shop = make.shop(**make.RIDES)
    cup = make.goods(shop)
    member = members.member(openid=wechat.login("小茶").openid)
    wechat.fault("notify_lost", times=9)
    placed = make.order(member, cup, asked=Asked("CITY"), address=members.address(member, **at(0.01)), at=now)
    order = fulfillment.pay_at_wechat(wechat, placed, at=now)
    riding.leave(order_no=order.order_no, rider="", operator=fulfillment.operator(), at=now)
    outbox.deliver_due(at=now)
    (told,) = wechat.shipments()
    assert told["logistics_type"] == 2
    # Who says nothing has received it after as many days as of a parcel.
    assert receipt.receive_overdue(at=now + timedelta(days=10)) == 1
    assert Order.objects.get(pk=order.pk).status == "RECEIVED"


def test_an_order_under_way_with_a_rider_moves_within_its_district_only() -> None:
    order = make.ridden_from(make.shop(**make.RIDES))
    told = {**order.address, "detail": "龙井路 2 号"}
    said = {"order_no": order.order_no, "reason": "更正", "operator": fulfillment.operator(), "at": make.NOW}
    with pytest.raises(Faulty) as moved:
        addresses.correct(
            address={**told, "province": "上海市", "city": "上海市", "district": "静安区"}, **said
        )
    assert sorted(moved.value.details) == ["city", "district", "province"]
    assert addresses.correct(address=told, **said).after["detail"] == "龙井路 2 号"


def test_no_waybill_is_asked_for_where_no_parcel_is_sent(settings: Any) -> None:
    settings.WECHAT_WAYBILLS = True
    shop = make.shop(**make.RIDES)
    counter.goods()  # in a warehouse
    Place.objects.update(
        province="浙江省", city="杭州市", district="余杭区", detail="茶亭路 18 号", phone="0571-88880018"
    )
    for order in (make.ridden_from(shop), make.fetched_from(shop, make.goods(shop))):
        with pytest.raises(parcels.NotByParcel):
            waybills.issue(
                order_no=order.order_no, account_id=1, operator=fulfillment.operator(), at=make.NOW
            )
