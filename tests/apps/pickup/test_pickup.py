"""An order that is fetched: from the quote to the counter, what stock it takes, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.aftersales.services import deciding, sweeping
from apps.base.filled_sheets import Sheet
from apps.base.models import AuditEntry
from apps.checkout import closing, receiving
from apps.checkout.delivering import Asked
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.services import fixing
from apps.fulfillment import wave
from apps.fulfillment.number_files import Row
from apps.fulfillment.services import importing, parcels, receipt
from apps.fulfillment.services.receipt import NotFetched
from apps.inventory import selectors as stock_facts
from apps.inventory.services import OutOfStock
from apps.members.models import Member
from apps.messaging.models import Message
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.pickup import codes
from apps.pickup import selectors as pickup_facts
from apps.pickup.models import Pickup, PickupTries
from apps.pickup.services import moving
from apps.wechat.sandbox.control import Sandbox
from mall.errors import Faulty, ShopError
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.inventory import make as inventory
from tests.apps.members import make as members
from tests.apps.pickup import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
DAY = timedelta(days=1)


def free(place: Any, sku: Any) -> int:
    return stock_facts.available_at([place.pk], [sku.pk])[place.pk][sku.pk]


def hand_over(order: Order, *, at: Any = make.NOW, code: str = "", **more: Any) -> Pickup:
    return moving.hand_over(
        operator=fulfillment.operator(),
        code=code or make.code_of(order),
        place_id=order.delivery["place_id"] if order.delivery else 0,
        at=at,
        **more,
    )


def whole() -> None:
    """What the nightly look would find."""
    assert list(pickup_facts.misplaced()) == list(pickup_facts.held_elsewhere()) == []


def test_a_shopper_fetches_an_order_by_its_code(shopper_of: Shoppers) -> None:
    shop = make.shop()
    cup = make.goods(shop, 5, title="手工陶瓷茶杯")
    inventory.stock(cup, 50)
    counter.freight(800)
    member = members.member()
    shopper = shopper_of(member)
    said = {"items": [{"sku_id": cup.pk, "quantity": 2}], "delivery": {"kind": "PICKUP", "place_id": shop.pk}}

    quote = shopper.call("POST", "/checkout/quote", said).json()
    assert (quote["payable_fen"], quote["shipping_fen"], quote["shipping_known"]) == (10_000, 0, True)
    assert quote["delivery"]["place"]["name"] == "西湖门店"
    placed = shopper.call(
        "POST", "/orders", {**said, "expected_payable_fen": 10_000}, idempotency_key=counter.key()
    )
    assert placed.status_code == 201, placed.content
    body = placed.json()
    assert (body["address"], body["pickup_code"], body["delivery"]["kind"]) == (None, None, "PICKUP")
    assert free(shop, cup) == 3

    order = Order.objects.get()
    counter.pay(order, at=timezone.now())
    paid = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert (paid["status"], paid["status_text"]) == ("PAID", "待备货")
    assert len(paid["pickup_code"]) == 8 and paid["pickup_code"].isdigit()
    assert paid["pickup_code"] not in str(Pickup.objects.values().get())
    shown = shopper.call("GET", f"/orders/{order.order_no}/pickup-code").json()
    assert shown["pickup_code"] == paid["pickup_code"]
    assert shown["image"].startswith("data:image/png;base64,")

    at = timezone.now()
    moving.lie_ready(order_no=order.order_no, operator=fulfillment.operator(), at=at)
    lies = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert (lies["status"], lies["status_text"]) == ("SHIPPED", "待自提")
    assert lies["fetch_by"].endswith("T00:00:00+08:00")
    done = hand_over(order, code=shown["text"], at=at)
    assert (done.status, done.code_sealed) == ("FETCHED", "")
    over = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert (over["status"], over["pickup_code"], over["parcels"]) == ("RECEIVED", None, [])
    assert shopper.call("GET", f"/orders/{order.order_no}/pickup-code").status_code == 404
    assert AuditEntry.objects.get(action="核销取货").subject == order.order_no
    with pytest.raises(moving.FetchedAlready):
        hand_over(order, code=paid["pickup_code"], at=at)
    whole()


@pytest.mark.parametrize(
    ("delivery", "status", "code", "field"),
    [
        ({"kind": "PICKUP"}, 400, "invalid", "delivery"),
        ({"kind": "DRONE"}, 400, "invalid", "delivery"),
        ({"kind": "PICKUP", "place_id": 99_999}, 404, "place_not_found", "place_id"),
        ({"kind": "EXPRESS", "slot": "9-12"}, 400, "invalid", "delivery"),
        ({"kind": "EXPRESS", "packing": {"kind": "GIFT"}}, 400, "invalid", "delivery"),
        ({"kind": "CITY"}, 400, "invalid", "address_id"),
    ],
)
def test_what_cannot_be_delivered_so_is_refused_at_its_field(
    shopper_of: Shoppers, delivery: Any, status: int, code: str, field: str
) -> None:
    cup = counter.goods()
    answer = shopper_of(members.member()).call(
        "POST", "/checkout/quote", {"items": [{"sku_id": cup.pk, "quantity": 1}], "delivery": delivery}
    )
    assert answer.status_code == status
    error = answer.json()
    assert error["code"] == code and field in error["details"]


def test_only_the_chosen_shops_shelf_counts_and_gets_its_units_back(shopper_of: Shoppers) -> None:
    shop, other = make.shop(), make.shop("滨江门店", north=0.1)
    cup = make.goods(shop, 2)
    inventory.stock(cup, 50)
    member = members.member()
    with pytest.raises(OutOfStock) as short:
        make.order(member, cup, asked=Asked("PICKUP", other.pk))
    assert short.value.details["available"] == 0
    order = make.order(member, cup, 2, asked=Asked("PICKUP", shop.pk))
    assert (free(shop, cup), stock_facts.available([cup.pk])[cup.pk]) == (0, 50)
    closing.close_unpaid(order_no=order.order_no, why="买家取消", actor=Actor.MEMBER, at=make.NOW)
    assert free(shop, cup) == 2

    # Ready and refunded in part: what did not leave the shop goes back on its shelf.
    lies = make.ready(shop, cup, 2)
    aftersales.refund(lies, {cup: 1}, operator=fulfillment.operator())
    assert free(shop, cup) == 1
    assert hand_over(lies).order.status == "RECEIVED"
    # What was handed over does not, unless somebody says so.
    aftersales.refund(lies, {cup: 1}, operator=fulfillment.operator())
    assert free(shop, cup) == 1
    assert Order.objects.get(pk=lies.pk).status == "REFUNDED"
    whole()


def test_a_gift_is_promised_from_the_shelf_of_the_shop() -> None:
    shop = make.shop()
    cup, lid = make.goods(shop, 2), counter.goods(100, units=9)
    counter.promotion("GIFT", label="买就送", parts=[(4000, lid.pk, 1)])
    bare = make.order(members.member(), cup, asked=Asked("PICKUP", shop.pk))
    assert [line.sku_id for line in bare.lines.all()] == [cup.pk]
    inventory.stock(lid, 1, at_place=shop)
    given = make.order(members.member(), cup, asked=Asked("PICKUP", shop.pk))
    assert [line.sku_id for line in given.lines.all()] == [cup.pk, lid.pk]


def test_no_parcel_is_sent_of_it_and_nobody_but_the_counter_receives_it(shopper_of: Shoppers) -> None:
    fulfillment.carriers()
    shop = make.shop()
    cup = make.goods(shop)
    order = make.fetched_from(shop, cup)
    with pytest.raises(parcels.NotByParcel):
        fulfillment.parcel(order)
    # It is packed all the same, by whoever puts it ready.
    (slip,) = wave.slips([order.pk])
    assert (slip.way, slip.address, slip.units) == ("到店自提：西湖门店", "", 1)
    row = Row(number=2, order_no=order.order_no, carrier="顺丰速运", tracking_no="SF1234567")
    with pytest.raises(Faulty) as refused:
        importing.preview(Sheet([row], []))
    assert "不发快递" in refused.value.faults[0].text
    # Nor does it burn until a parcel has to leave.
    assert fixing.fix(order_no=order.order_no, at=make.NOW) is None
    assert order.order_no not in deadline_facts.unfixed(limit=10)
    moving.lie_ready(order_no=order.order_no, operator=fulfillment.operator(), at=make.NOW)
    with pytest.raises(NotFetched):
        receiving.receive(member=order.member, order_no=order.order_no, at=make.NOW)
    assert receipt.receive_overdue(at=make.NOW + 30 * DAY) == 0


def test_the_counter_refuses_what_it_must_and_counts_wrong_codes() -> None:
    shop, other = make.shop(), make.shop("滨江门店", north=0.1)
    cup = make.goods(shop)
    clerk = fulfillment.operator()
    waits = make.fetched_from(shop, cup)

    def refused(code: str, place: Any = shop, at: Any = make.NOW) -> str:
        try:
            moving.hand_over(operator=clerk, code=code, place_id=place.pk, at=at)
        except ShopError as refusal:
            return refusal.code
        return "done"

    assert refused(make.code_of(waits)) == "pickup_not_ready"
    order = make.ready(shop, cup, 2)
    code = make.code_of(order)
    assert refused(code, other) == "pickup_elsewhere"
    row = Pickup.objects.get(order=order)
    word, until = codes.word_of(row.pk, at=make.NOW)
    assert refused(word, at=until) == "pickup_code_expired"
    assert refused(word.replace(f"PU{row.pk}-", f"PU{row.pk + 1}-")) == "pickup_code_invalid"
    seen = pickup_facts.fingerprint(row)
    aftersales.refund(order, {cup: 1}, operator=clerk)
    with pytest.raises(moving.GoodsChanged):
        hand_over(order, seen=seen)
    wrong = PickupTries.objects.get(operator=clerk).wrong
    for _ in range(moving.MOST_WRONG - wrong):
        assert refused("00000000" if code != "00000000" else "11111111") == "pickup_code_invalid"
    assert refused(code) == "throttled"
    assert refused(code, at=make.NOW + timedelta(hours=1)) == "done"


def test_who_does_not_fetch_is_reminded_and_then_refunded() -> None:
    shop = make.shop()
    cup = make.goods(shop, 3)
    order = make.ready(shop, cup, 2)
    outbox.deliver_due(at=make.NOW)
    told = {message.scene: message.due_at for message in Message.objects.filter(member=order.member)}
    assert "pickup_ready" in told
    assert told["pickup_waiting"] == make.NOW + 3 * DAY
    fetch_by = Pickup.objects.get(order=order).fetch_by
    assert fetch_by is not None and timezone.localtime(fetch_by).isoformat() == "2026-03-10T00:00:00+08:00"
    assert sweeping.refund_unfetched(at=fetch_by - timedelta(seconds=1)) == 0
    assert sweeping.refund_unfetched(at=fetch_by) == 1
    assert sweeping.refund_unfetched(at=fetch_by) == 0
    order.refresh_from_db()
    assert (order.status, order.refunded_fen) == ("REFUNDED", 10_000)
    assert Pickup.objects.get(order=order).status == "OFF"
    assert free(shop, cup) == 3
    whole()


def test_wechat_hears_of_it_as_picked_up(wechat: Sandbox, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    now = timezone.now()
    shop = make.shop()
    cup = make.goods(shop, title="手工陶瓷茶杯")
    member = members.member(openid=wechat.login("小茶").openid)
    wechat.fault("notify_lost", times=9)
    order = make.order(member, cup, 2, asked=Asked("PICKUP", shop.pk), at=now)
    fulfillment.pay_at_wechat(wechat, order, at=now)
    moving.lie_ready(order_no=order.order_no, operator=fulfillment.operator(), at=now)
    outbox.deliver_due(at=now)
    (told,) = wechat.shipments()
    assert told["logistics_type"] == 4
    assert told["parcels"] == [{"item_desc": "手工陶瓷茶杯*2"}]


def test_what_is_asked_back_is_not_handed_over_until_that_is_decided() -> None:
    shop = make.shop()
    order = make.ready(shop, cup := make.goods(shop), 2)
    row = apply.applied(order, {cup: 1})
    with pytest.raises(moving.NotReady, match="买家已申请售后"):
        hand_over(order)
    deciding.refuse(
        after_sale_no=row.after_sale_no, reason="商品已备好", operator=fulfillment.operator(), at=make.NOW
    )
    assert hand_over(order).status == "FETCHED"


def test_what_is_left_is_handed_over_as_soon_as_the_rest_is_refunded_though_the_money_is_under_way() -> None:
    shop = make.shop()
    order = make.ready(shop, cup := make.goods(shop), 2)
    row = apply.applied(order, {cup: 1})
    row = apply.approve(row)
    # Decided, though WeChat has not paid yet.
    assert (row.status, row.refund is not None) == ("APPROVED", True)
    assert hand_over(order).status == "FETCHED"
    assert Order.objects.get(pk=order.pk).status == "RECEIVED"
    whole()
