"""Beside subscription messages: the customer-service window, SMS, WeChat's cards, and what WeChat pushes about all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from apps.members.models import Member
from apps.messaging.channels import End, Outcome
from apps.messaging.models import Card, Dispatch, SceneSetting, Standing
from apps.messaging.services import cards, hearing, wishes
from apps.messaging.states import CardStatus, Channel, DispatchStatus, Reason
from apps.outbox import services as outbox
from apps.wechat.pushed import CardFailed, Choice, ChoiceChanged, CustomerSpoke
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.service_cards import Product, Progress
from apps.wechat.services import keep_push
from mall.events import WechatPushed
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, HOUR, MINUTE, NOW

pytestmark = pytest.mark.django_db
# The tests' scenes, of which cards tell that an order is paid.
CARDED = tuple(replace(scene, by_card=scene.name == "order_paid") for scene in make.SCENES)
SERVICE = "/cgi-bin/message/custom/send"
CARD = "/wxa/set_user_notify"


def wrote(owner: Member, *, at: Any = NOW) -> None:
    """The member wrote to the customer service."""
    hearing.hear(said=CustomerSpoke(owner.openid, at, "text"), cause=f"push{at}", at=at)


def by_service(scene: str = "order_paid") -> None:
    SceneSetting.objects.update_or_create(scene=scene, defaults={"by_service": True})


def shopper(wechat: Sandbox) -> Member:
    return make.member(openid=wechat.login("小茶").openid)


def test_who_wrote_lately_and_granted_nothing_is_told_by_the_customer_service(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    wechat.write(owner.openid, "在吗")
    wrote(owner)
    by_service()
    make.write(owner, make.is_true("SO1"))

    make.tell_and_send()

    way = make.the_way(owner)
    assert (way.channel, way.status) == (Channel.SERVICE, DispatchStatus.SENT)
    assert Standing.objects.get(member=owner).window_left == 4
    assert len(wechat.calls(SERVICE)) == 1


def test_a_scene_that_is_not_marked_for_it_never_goes_that_way(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    wrote(owner)
    make.write(owner, make.is_true("SO1"))
    make.tell_and_send()
    assert not Dispatch.objects.exists()


def test_the_window_is_open_for_48_hours(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    wrote(owner)
    by_service()
    make.write(owner, make.is_true("SO1"), at=NOW + 2 * DAY)
    make.tell_and_send(at=NOW + 2 * DAY)
    assert make.the_message(owner).reason == Reason.NO_CHANNEL


def test_offers_go_by_the_customer_service_only_to_who_said_yes(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    wrote(owner)
    by_service("price_drop")
    make.write(owner, make.is_true("P1"), scene="price_drop")
    make.tell()
    assert make.the_message(owner).reason == Reason.NOT_ASKED_FOR

    wishes.set_marketing(member_id=owner.pk, wanted=True, at=NOW)
    make.write(owner, make.is_true("P2"), scene="price_drop")
    make.tell()
    assert make.the_way(owner).channel == Channel.SERVICE


def test_what_no_grant_carries_goes_by_the_customer_service_instead(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    wechat.turn_messages_off(owner.openid, found.template_id)
    wechat.write(owner.openid, "在吗")
    wrote(owner)
    by_service()
    make.write(owner, make.is_true("SO1"))

    make.tell_and_send()
    make.send(at=NOW + MINUTE)

    ways = dict(Dispatch.objects.values_list("channel", "status"))
    assert ways == {
        Channel.SUBSCRIPTION: DispatchStatus.REFUSED,
        Channel.SERVICE: DispatchStatus.SENT,
    }
    assert make.the_message(owner).channel == Channel.SERVICE


def test_a_window_that_wechat_has_closed_is_closed(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    wrote(owner)
    by_service()
    make.write(owner, make.is_true("SO1"))
    make.tell()
    wechat.fault("errcode", path=SERVICE, errcode=45015)

    make.send()

    assert (make.the_way(owner).status, make.the_message(owner).reason) == (
        DispatchStatus.REFUSED,
        Reason.NO_GRANT,
    )
    assert Standing.objects.get(member=owner).window_left == 0


def told_by_sms() -> None:
    SceneSetting.objects.update_or_create(
        scene="order_paid",
        defaults={"by_sms": True, "sms_template": "SMS_1", "sms_values": "code=order_no, amount"},
    )


@pytest.fixture
def _sms(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A provider that takes everything, and what it was given."""
    settings.SMS_PROVIDER = "aliyun"
    given: list[Any] = []

    def send(out: Any, *, at: Any) -> Outcome:
        given.append(out)
        return Outcome(end=End.SENT, msgid="sms1")

    monkeypatch.setattr("apps.messaging.channels.CHANNELS", {Channel.SMS: send})
    yield given


def test_sms_is_the_last_way_and_takes_the_facts_in_the_templates_order(_sms: list[Any]) -> None:
    owner = make.member(phone="13800000000")
    told_by_sms()
    make.write(owner, make.is_true("SO1"))

    make.tell_and_send()

    (out,) = _sms
    assert (out.phone, out.sms_template, out.sms_values) == (
        "13800000000",
        "SMS_1",
        {"code": "SO1", "amount": "¥128.00"},
    )
    assert make.the_way(owner).status == DispatchStatus.SENT


def test_no_sms_without_a_provider_or_a_phone(_sms: list[Any], settings: Any) -> None:
    told_by_sms()
    make.write(make.member(), make.is_true("SO1"))
    settings.SMS_PROVIDER = None
    make.write(make.member(phone="13800000000"), "SO1")
    make.tell_and_send()
    assert _sms == []


def test_what_wechat_pushes_changes_the_ledger_once(wechat: Sandbox) -> None:
    owner, found = make.member(), make.template("T-paid")
    content = {
        "FromUserName": owner.openid,
        "CreateTime": str(int(NOW.timestamp())),
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
        "List": {"TemplateId": "T-paid", "SubscribeStatusString": "accept", "PopupScene": "0"},
    }
    with transaction.atomic():
        keep_push(message_key="k1", kind="subscribe_msg_popup_event", content=content, at=NOW)
        outbox.publish(WechatPushed(message_key="k1", kind="subscribe_msg_popup_event"), at=NOW)
        outbox.publish(WechatPushed(message_key="k1", kind="subscribe_msg_popup_event"), at=NOW)
    outbox.deliver_due(at=NOW)
    assert make.balance(owner, found) == 1

    said = ChoiceChanged(owner.openid, NOW + HOUR, (Choice("T-paid", "reject"),))
    hearing.hear(said=said, cause="k2", at=NOW + HOUR)
    assert make.balance(owner, found) == 0


def test_a_push_about_nobody_we_know_changes_nothing() -> None:
    hearing.hear(said=CustomerSpoke("oNobody", NOW, "text"), cause="k", at=NOW)
    assert not Standing.objects.exists()


# --- cards ---------------------------------------------------------------------------------------------------------------


def begun(owner: Member, *, at: Any = NOW) -> bool:
    with transaction.atomic():
        return cards.begin(
            order_no="SO1",
            member_id=owner.pk,
            transaction_id="4200000000000001",
            paid_fen=12_800,
            paid_at=at,
            products=[
                Product(
                    name="春茶", picture="https://shop.example.com/a.jpg", path="pages/product/detail?id=1"
                )
            ],
            page="pages/order/detail?order_no=SO1",
            at=at,
        )


@pytest.fixture
def _cards_on(settings: Any) -> None:
    settings.WECHAT_SERVICE_CARDS = True


@pytest.fixture
def _carded(settings: Any) -> None:
    """The scene of paid orders is one that cards tell of."""
    settings.MESSAGE_SCENES = "tests.apps.messaging.test_other_ways.CARDED"


def accepts(wechat: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have WeChat take every card; what it was told."""
    told: list[str] = []
    monkeypatch.setattr("apps.wechat.service_cards.activate", lambda **said: told.append("activate"))
    monkeypatch.setattr(
        "apps.wechat.service_cards.update", lambda **said: told.append(f"update {said['content'].progress}")
    )
    return told


def test_a_shop_without_cards_begins_none(wechat: Sandbox) -> None:
    assert not begun(make.member())
    assert not Card.objects.exists()


@pytest.mark.usefixtures("_cards_on")
def test_a_card_is_shown_goes_on_telling_and_ends(wechat: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    told = accepts(wechat, monkeypatch)
    owner = make.member()
    assert begun(owner)
    begun(owner)
    cards.tell_due(at=NOW)
    cards.tell_due(at=NOW)
    assert (Card.objects.get().status, told) == (CardStatus.LIVE, ["activate"])

    with transaction.atomic():
        assert cards.advance(order_no="SO1", progress=Progress.SHIPPED, at=NOW + HOUR)
        assert not cards.advance(order_no="SO1", progress=Progress.TO_SHIP, at=NOW + HOUR)
        assert not cards.advance(order_no="SO2", progress=Progress.SHIPPED, at=NOW + HOUR)
    cards.tell_due(at=NOW + HOUR)
    with transaction.atomic():
        cards.advance(order_no="SO1", progress=Progress.DONE, at=NOW + DAY)
    cards.tell_due(at=NOW + DAY)

    card = Card.objects.get()
    assert (card.status, card.told, card.due_at) == (CardStatus.OVER, Progress.DONE, None)
    assert told == ["activate", f"update {Progress.SHIPPED}", f"update {Progress.DONE}"]


@pytest.mark.usefixtures("_cards_on", "_carded")
def test_while_a_card_lives_it_tells_instead_of_the_message(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    begun(owner)
    make.write(owner, make.is_true("SO1"))

    make.tell_and_send()

    assert make.the_message(owner).reason == Reason.CARD
    assert (wechat.messages(), make.balance(owner, found)) == ([], 1)


@pytest.mark.usefixtures("_cards_on", "_carded")
def test_what_wechat_does_not_show_on_a_card_is_told_by_message_after_all(wechat: Sandbox) -> None:
    owner, _ = make.subscribed(wechat)
    begun(owner)
    make.write(owner, make.is_true("SO1"))
    make.tell_and_send()

    said = CardFailed(owner.openid, NOW, "p1.4200000000000001", 2001, 1, -1004, "user reject")
    for _ in range(2):
        hearing.hear(said=said, cause="k", at=NOW + MINUTE)
    make.send(at=NOW + MINUTE)

    assert Card.objects.get().status == CardStatus.FAILED
    assert make.the_message(owner).channel == Channel.SUBSCRIPTION
    assert len(wechat.messages()) == 1


@pytest.mark.usefixtures("_cards_on")
def test_a_card_that_wechat_refuses_is_over_and_one_that_must_wait_is_told_later(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    begun(owner)
    wechat.fault("errcode", path=CARD, errcode=85437)
    cards.tell_due(at=NOW)
    card = Card.objects.get()
    assert (card.status, card.due_at) == (CardStatus.BEGINNING, NOW + MINUTE)

    wechat.fault("errcode", path=CARD, errcode=85433)
    cards.tell_due(at=NOW + MINUTE)
    card.refresh_from_db()
    assert (card.status, card.due_at) == (CardStatus.FAILED, None)


@pytest.mark.usefixtures("_cards_on")
def test_a_card_that_could_not_be_shown_within_a_day_is_given_up(wechat: Sandbox) -> None:
    owner = shopper(wechat)
    begun(owner)
    wechat.fault("errcode", path=CARD, errcode=85431, times=2)
    cards.tell_due(at=NOW)
    cards.tell_due(at=NOW + DAY)
    assert Card.objects.get().status == CardStatus.FAILED
