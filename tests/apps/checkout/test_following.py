"""服务动态: a paid order's way on its card in WeChat, told there instead of by messages; off, it costs nobody a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.messaging.models import Card, Message
from apps.messaging.services import cards, carrying, deciding, grants
from apps.messaging.states import CardStatus, Channel, Reason
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.service_cards import Progress
from mall import events
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout import make
from tests.apps.fulfillment import make as fulfillment
from tests.apps.messaging import make as messages

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def _cards_on(settings: Any, wechat: Sandbox) -> None:
    """The shop tells cards; its account at the sandbox has their template."""
    settings.WECHAT_SERVICE_CARDS = True


def rounds(at: datetime) -> None:
    """Deliver the news, tell what is due, and have cards say what they should."""
    for _ in range(3):
        outbox.deliver_due(at=at)
    deciding.decide_due(at=at)
    cards.tell_due(at=at)
    carrying.carry_due(at=at)


def paid(wechat: Sandbox, at: datetime) -> Order:
    return fulfillment.paid_at_wechat(wechat, [(make.goods(50_00, title="手工陶瓷茶杯"), 2)], at=at)


def shown(wechat: Sandbox) -> list[int]:
    """What the cards at WeChat say."""
    return [card["content"]["cur_status"] for card in wechat.cards()]


def reasons(order: Order) -> dict[str, str]:
    """Why messages of the order went into the inbox only, by scene."""
    told = Message.objects.filter(member_id=order.member_id, status="TOLD")
    return dict(told.values_list("scene", "reason"))


@pytest.mark.usefixtures("_cards_on")
def test_a_card_begins_with_the_payment_and_tells_of_parcel_and_receipt_instead_of_messages(
    wechat: Sandbox,
) -> None:
    at = timezone.now()
    order = paid(wechat, at)
    rounds(at)
    (card,) = wechat.cards()
    assert shown(wechat) == [Progress.PAID]
    assert card["content"]["wxa_path_query"] == f"pages/order/detail?order_no={order.order_no}"
    (product,) = card["content"]["product_list"]["info_list"]
    assert (product["product_name"], product["count"]) == ("手工陶瓷茶杯", 2)
    assert product["product_img"].startswith("http")

    line = order.lines.get()
    fulfillment.parcel(order, quantities={line.pk: 1}, at=at + MINUTE)
    rounds(at + MINUTE)
    assert shown(wechat) == [Progress.PARTLY_SHIPPED]
    fulfillment.parcel(order, at=at + 2 * MINUTE)
    rounds(at + 2 * MINUTE)
    assert shown(wechat) == [Progress.SHIPPED]
    assert reasons(order) == {"order_paid": "CARD", "order_shipped": "CARD"}

    aftersales.receive(order, at=at + 3 * MINUTE)
    rounds(at + 3 * MINUTE)
    assert shown(wechat) == [Progress.DONE]
    assert Card.objects.get().status == CardStatus.OVER


@pytest.mark.usefixtures("_cards_on")
def test_an_order_that_goes_back_whole_before_it_left_is_called_off_on_its_card(wechat: Sandbox) -> None:
    at = timezone.now()
    order = paid(wechat, at)
    rounds(at)
    aftersales.refund(order, {order.lines.get().sku: 2}, at=at)
    rounds(at)
    assert shown(wechat) == [Progress.CANCELLED]


@pytest.mark.usefixtures("_cards_on")
def test_what_the_card_cannot_show_any_more_is_told_by_messages_after_all(wechat: Sandbox) -> None:
    at = timezone.now()
    order = paid(wechat, at)
    rounds(at)
    found = messages.template(keys=("character_string1",))
    messages.told_by(found, scene="order_shipped", fields={"character_string1": "{tracking_no}"})
    grants.note_answers(
        member_id=order.member_id, scene="order_shipped", results={found.template_id: "accept"}, at=at
    )
    wechat.fault("errcode", path="/wxa/set_user_notify", errcode=85438)
    fulfillment.parcel(order, at=at)
    rounds(at)
    carrying.carry_due(at=at)
    assert Card.objects.get().status == CardStatus.FAILED
    shipped = Message.objects.get(scene="order_shipped")
    assert shipped.reason != Reason.CARD
    assert shipped.ways.get().channel == Channel.SUBSCRIPTION


def test_where_the_shop_tells_no_cards_nothing_is_begun_and_nobody_hears_the_news_of_them(
    wechat: Sandbox, settings: Any
) -> None:
    at = timezone.now()
    order = paid(wechat, at)
    fulfillment.parcel(order, at=at)
    rounds(at)
    assert not Card.objects.exists()
    assert heard(at, "follow") == []
    settings.WECHAT_SERVICE_CARDS = True
    assert heard(at, "follow") == ["apps.checkout.handlers.follow_on_order_received"]


def heard(at: datetime, effect: str) -> list[str]:
    """Who hears that an order was received, of the listeners with this effect."""
    with transaction.atomic():
        outbox.publish(events.OrderReceived(order_no="SO1", member_id=1), at=at)
        outbox.sort_mail(at=at)
        found = Delivery.objects.filter(listener__contains=f".{effect}_").values_list("listener", flat=True)
        told = list(found)
        transaction.set_rollback(True)
    return told
