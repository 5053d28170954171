"""An order of virtual goods: no address, no freight, its cards with the payment for its buyer alone, back with a refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.aftersales import planning, proposing
from apps.aftersales.models import AfterSaleReason
from apps.base.personal import Person
from apps.cardkeys import personal
from apps.cardkeys import selectors as card_facts
from apps.cardkeys.models import CardKey
from apps.checkout import paying, placing, promising, quoting, uploading, virtual
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import parcels, receipt
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.orders import telling as order_telling
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import make as aftersales
from tests.apps.cardkeys import make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members
from tests.apps.payments import make as payments

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def bought(*wanted: tuple[Any, int]) -> Order:
    buyer, _ = counter.buyer()
    order = counter.order(buyer, None, wanted)
    counter.pay(order)
    order.refresh_from_db()
    return order


def test_cards_come_with_the_payment_and_their_buyer_alone_reads_them(shopper_of: Shoppers) -> None:
    counter.freight(800)
    gift, pass_ = make.goods(5000), make.goods(2000)
    buyer, _ = counter.buyer()
    order = counter.order(buyer, None, [(gift, 2), (pass_, 1)])
    assert (order.payable_fen, order.shipping_fen, order.address, order.virtual) == (12_000, 0, {}, True)
    shopper = shopper_of(buyer)
    before = shopper.call("GET", f"/orders/{order.order_no}").json()
    assert (before["cards"], before["address"], before["virtual"]) == ([], None, True)
    attempt = payments.attempt(order, at=make.NOW, amount_fen=order.due_fen)
    said = payments.paid(attempt, success_time=make.NOW.isoformat())
    for _ in range(2):  # WeChat tells it twice
        paying.confirm_payment(transaction=said, at=make.NOW)

    told = shopper.call("GET", f"/orders/{order.order_no}").json()
    sold = CardKey.objects.filter(order_no=order.order_no).order_by("id")
    assert told["status"] == "PAID"
    assert told["cards"] == [{"number": card.number, "secret": card_facts.secret_of(card)} for card in sold]
    assert len(told["cards"]) == 3
    assert [len(item["cards"]) for item in told["items"]] == [2, 1]
    stranger, _ = counter.buyer()
    assert shopper_of(stranger).call("GET", f"/orders/{order.order_no}").status_code == 404
    assert "secret" not in shopper.call("GET", "/orders").content.decode()
    assert stock_facts.available([gift.pk, pass_.pk]) == {gift.pk: 8, pass_.pk: 9}
    assert list(card_facts.unbalanced()) == []


def test_virtual_goods_are_ordered_by_themselves_and_real_ones_need_an_address() -> None:
    counter.freight(800)
    card, cup = make.goods(5000), counter.goods(3000)
    buyer, address = counter.buyer()
    with pytest.raises(virtual.VirtualApart) as apart:
        counter.order(buyer, address, [(card, 1), (cup, 1)])
    assert apart.value.details == {"sku_ids": [card.pk]}
    with pytest.raises(placing.AddressRequired):
        counter.order(buyer, None, [(cup, 1)])
    choice = quoting.Choice(items=((card.pk, 1),), address_id=address.pk)
    quote = quoting.compose(member=buyer, choice=choice, at=make.NOW).as_dict()
    # An address that the shopper names all the same is not kept with what goes nowhere.
    assert (quote["shipping_known"], quote["shipping_fen"], quote["items"][0]["virtual"]) == (True, 0, True)
    assert counter.order(buyer, address, [(card, 1)]).address == {}


def test_it_is_shipped_by_itself_a_minute_later_told_as_virtual_and_received_after_two_days() -> None:
    order = bought((make.goods(5000), 1))
    with pytest.raises(parcels.NothingTravels):
        parcels.ship(
            order_no=order.order_no,
            carrier_code="SF",
            tracking_no="SF12345",
            operator=fulfillment.operator(),
            at=make.NOW,
        )
    assert virtual.ship_due(at=make.NOW + timedelta(seconds=59)) == 0
    later = make.NOW + timedelta(seconds=60)
    assert (virtual.ship_due(at=later), virtual.ship_due(at=later)) == (1, 0)
    asked = Announcement.objects.filter(kind="UploadAsked").values_list("payload", flat=True)
    assert [payload["bill_no"] for payload in asked] == [order.order_no]
    assert receipt.receive_overdue(at=later + timedelta(days=2) - timedelta(seconds=1)) == 0
    assert receipt.receive_overdue(at=later + timedelta(days=2)) == 1
    order.refresh_from_db()
    assert order.status == "RECEIVED"


def test_what_wechat_was_told_of_it_stands_with_the_order_and_can_be_asked_for_again(wechat: Sandbox) -> None:
    now = timezone.now()
    login = wechat.login("小茶")
    wechat.fault("notify_lost", times=9)
    member = members.member(openid=login.openid)
    order = counter.order(member, None, [(make.goods(5000), 1)], at=now)
    order = fulfillment.pay_at_wechat(wechat, order, at=now)
    assert virtual.ship_due(at=now + timedelta(minutes=1)) == 1
    uploading.tell(bill_kind="order", bill_no=order.order_no, at=now + timedelta(minutes=1))
    row = ShippingUpload.objects.get(order=order)
    assert (row.status, row.bill_no, row.uploaded_parcels) == ("DONE", order.order_no, 0)

    with pytest.raises(parcels.NothingToUpload):
        parcels.upload_again(order_no=order.order_no, at=now)
    ShippingUpload.objects.update(status="FAILED", last_error="10060023")
    Announcement.objects.all().delete()
    parcels.upload_again(order_no=order.order_no, at=now)
    assert [row.payload["bill_no"] for row in Announcement.objects.filter(kind="UploadAsked")] == [
        order.order_no
    ]
    row.refresh_from_db()
    assert row.status == "WAITING"


def test_uploads_of_before_are_given_their_orders() -> None:
    order = bought((make.goods(5000), 1))
    mine = ShippingUpload.objects.create(bill_kind="order", bill_no=order.order_no)
    recharge = ShippingUpload.objects.create(bill_kind="recharge", bill_no=order.order_no)
    migration = import_module("apps.fulfillment.migrations.0014_uploads_of_virtual_orders")
    with connection.cursor() as cursor:
        cursor.execute(migration.BACKFILL)
    mine.refresh_from_db()
    recharge.refresh_from_db()
    assert (mine.order_id, recharge.order_id) == (order.pk, None)


def test_of_a_card_for_nothing_wechat_is_told_nothing_and_nobody_is_told_of_shipping(
    shopper_of: Shoppers,
) -> None:
    buyer, _ = counter.buyer()
    order = counter.order(buyer, None, [(make.goods(0), 1)])
    paying.pay(member=buyer, order_no=order.order_no, at=make.NOW)
    uploading.tell(bill_kind="order", bill_no=order.order_no, at=make.NOW)
    uploading.tell(bill_kind="order", bill_no=order.order_no, at=make.NOW)
    row = ShippingUpload.objects.get(order=order)
    assert row.status == "NOT_NEEDED"
    told = order_telling.paid(subject=order.order_no, member_id=buyer.pk, at=make.NOW)
    assert told is not None
    assert told.values["next"] == "卡密已发放，请在订单详情查看"
    shown = shopper_of(buyer).call("GET", f"/orders/{order.order_no}").json()
    assert (shown["status"], shown["status_text"], shown["ship_by"]) == ("PAID", "已发放", None)
    # Nothing of it burns on the board of deadlines either.
    assert promising.fix(order_no=order.order_no, at=make.NOW) is False
    assert promising.fix_missed(at=make.NOW) == 0
    assert virtual.ship_due(at=make.NOW + timedelta(minutes=1)) == 1
    shown = shopper_of(buyer).call("GET", f"/orders/{order.order_no}").json()
    assert (shown["status"], shown["status_text"]) == ("SHIPPED", "已发放")


def test_a_refund_by_an_operator_revokes_the_card_for_good_and_the_unit_stays_gone() -> None:
    sku = make.goods(5000, cards=3)
    order = bought((sku, 2))
    # Who says that it is back on the shelf is not believed: somebody has seen it.
    aftersales.refund(order, {sku: 1}, restock={sku})
    order.refresh_from_db()
    assert (order.status, order.refunded_fen) == ("PAID", 5000)
    assert sorted(CardKey.objects.values_list("status", flat=True)) == ["AVAILABLE", "REVOKED", "SOLD"]
    assert [len(virtual.cards_of(order)), stock_facts.available([sku.pk])] == [1, {sku.pk: 1}]
    aftersales.refund(order, {sku: 1})
    order.refresh_from_db()
    assert (order.status, virtual.cards_of(order)) == ("REFUNDED", [])
    assert list(card_facts.unbalanced()) == []


def test_its_buyer_asks_for_money_alone() -> None:
    order = bought((make.goods(5000), 1))
    standing = planning.standing_of(order)
    line = order.lines.get()
    for kind in ("RETURN", "EXCHANGE", "RESHIP", "REFUND"):
        reason = AfterSaleReason.objects.filter(kind=kind, enabled=True).order_by("id")[0].code
        ask = proposing.Ask(kind=kind, units={line.pk: 1}, reason=reason)
        if kind == "REFUND":
            assert proposing.propose(standing, ask, at=make.NOW).amount_fen == 5000
        else:
            with pytest.raises(proposing.NothingTravels):
                proposing.propose(standing, ask, at=make.NOW)


def test_secrets_go_with_their_buyer_and_no_export_has_them() -> None:
    order = bought((make.goods(5000), 1))
    person = Person(member_id=order.member_id, openid="", public_id="")
    told = personal.export(person)["卡密"]
    card = CardKey.objects.get(order_no=order.order_no)
    assert [row["卡号"] for row in told] == [card.number]
    assert card_facts.secret_of(card) not in str(told)
    personal.erase(person, at=make.NOW)
    card.refresh_from_db()
    assert (card.sealed, card_facts.secret_of(card)) == ("", "")
