"""Cards of 服务动态: off by default, told as WeChat's page prints them, every code with its meaning, the sandbox agrees."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import push, pushed, service_cards, templates
from apps.wechat.pay import client
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.identity import Identity
from apps.wechat.service_cards import Progress, Told
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import token, told

PAID_AT = datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)
CUP = service_cards.Product("茶杯", "https://a.b/c.jpg", "pages/goods/detail?id=1", count=2)


def content(progress: Progress, **more: Any) -> service_cards.Content:
    return service_cards.Content(progress, (CUP,), "pages/order/detail?id=9", **more)


def update(progress: Progress = Progress.SHIPPED) -> Told:
    return service_cards.update(openid="oX", transaction_id="4200", content=content(progress))


@pytest.fixture(autouse=True)
def _cards_on(settings: Any) -> None:
    settings.WECHAT_SERVICE_CARDS = True


def test_nothing_is_asked_of_wechat_where_cards_are_off(wechat: Script, settings: Any) -> None:
    settings.WECHAT_SERVICE_CARDS = False

    with pytest.raises(service_cards.CardsOff):
        update()

    assert wechat.heard == []


def test_a_card_is_activated_with_the_payment_s_own_figures(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0))

    first = content(Progress.TO_SHIP, ships_by=datetime(2026, 11, 25, tzinfo=UTC))
    done = service_cards.activate(
        openid="oX", transaction_id="4200", content=first, paid_fen=1200, paid_at=PAID_AT
    )

    said = json.loads(wechat.heard[-1].body)
    assert done is Told.ACCEPTED
    assert {name: said[name] for name in ("openid", "notify_type", "notify_code")} == {
        "openid": "oX",
        "notify_type": 2001,
        "notify_code": "4200",
    }
    assert json.loads(said["check_json"]) == {"pay_amount": 1200, "pay_time": 1795420801}
    assert json.loads(said["content_json"]) == {
        "cur_status": 2,
        "product_count": 2,
        "product_list": {
            "info_list": [
                {
                    "product_img": "https://a.b/c.jpg",
                    "product_name": "茶杯",
                    "product_path_query": "pages/goods/detail?id=1",
                    "count": 2,
                }
            ]
        },
        "wxa_path_query": "pages/order/detail?id=9",
        "send_time": 1795564800,
    }
    assert "茶杯".encode() in wechat.heard[-1].body


def test_an_update_checks_no_payment_and_what_was_told_is_told(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0), told(errcode=85448))

    assert (update(), update()) == (Told.ACCEPTED, Told.ALREADY)
    assert "check_json" not in json.loads(wechat.heard[-1].body)


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (85433, service_cards.PaymentMismatch),
        (85434, service_cards.CardInvalid),
        (85435, service_cards.CardInvalid),
        (85436, service_cards.CardBanned),
        (85438, service_cards.CardExpired),
        (85439, service_cards.ProgressRefused),
        (85440, service_cards.CardInvalid),
        (85441, service_cards.CardInvalid),
        (85442, wechat_errors.ContentForbidden),
        (85443, service_cards.CardInvalid),
        (85461, service_cards.CardsNotGranted),
        (85462, service_cards.CardsNotGranted),
        (85431, service_cards.CardLocked),
        (85437, service_cards.PaymentUnseen),
        (85449, service_cards.CardLocked),
    ],
)
def test_every_code_has_its_meaning(wechat: Script, errcode: int, error: type[Exception]) -> None:
    wechat.say(token(), told(errcode=errcode))

    with pytest.raises((wechat_errors.WechatRefused, wechat_errors.WechatUnavailable)) as caught:
        update()

    assert type(caught.value) is error
    assert getattr(caught.value, "effect_unknown", False) is False


def test_a_card_is_read_back(wechat: Script) -> None:
    info = {
        "notify_type": 2001,
        "content_json": '{"cur_status":4}',
        "code_state": 10,
        "code_expire_time": 1795420801,
    }
    wechat.say(token(), told(errcode=0, notify_info=info), told(errcode=0, notify_info={"content_json": "{"}))

    card = service_cards.read(openid="oX", transaction_id="4200")
    assert (card.progress, card.state, card.expires_at) == (4, service_cards.CodeState.REJECTED, PAID_AT)
    with pytest.raises(wechat_errors.WechatBadAnswer):
        service_cards.read(openid="oX", transaction_id="4200")


def test_states_follow_each_other_until_a_final_one() -> None:
    may = service_cards.may_follow
    assert [one for one in Progress if may(one, after=None)] == [Progress.PAID, Progress.TO_SHIP]
    way = (Progress.PAID, Progress.TO_SHIP, Progress.SHIPPED, Progress.SIGNED, Progress.DONE)
    assert all(may(later, after=earlier) for earlier, later in itertools.pairwise(way))
    assert not may(Progress.TO_SHIP, after=Progress.SHIPPED)
    finals = {Progress.DONE, Progress.AFTER_SALES_DONE, Progress.CANCELLED, Progress.AFTER_SALES_CLOSED}
    assert {one for one in Progress if service_cards.is_final(one)} == finals


# With the sandbox


@pytest.fixture
def shop() -> Iterator[Script]:
    with scripted.serving() as script:
        script.say(*[Reply(body=b"success", headers={"Content-Type": "text/plain"}) for _ in range(20)])
        yield script


def paid(sandbox: Sandbox, openid: str) -> str:
    now = datetime.now(tz=UTC)
    prepay_id = client.prepay(
        out_trade_no="SO20250101",
        description="茶杯",
        amount_fen=1200,
        openid=openid,
        expires_at=now + timedelta(hours=1),
        notify_url="http://127.0.0.1:9/wechat/pay/notify",
    )
    return sandbox.pay(openid, client.sign_for_client(prepay_id, at=now))


def test_an_order_goes_its_way_on_one_card(sandbox: Sandbox, account: Identity) -> None:
    openid = sandbox.login("小明").openid
    transaction_id = paid(sandbox, openid)
    paid_at = datetime.fromtimestamp(sandbox.transaction("SO20250101")["paid_at"], tz=UTC)
    key = {"openid": openid, "transaction_id": transaction_id}
    start = {**key, "content": content(Progress.TO_SHIP), "paid_at": paid_at}

    with pytest.raises(service_cards.PaymentMismatch):
        service_cards.activate(**start, paid_fen=1201)
    with pytest.raises(service_cards.PaymentMismatch):
        service_cards.update(**key, content=content(Progress.TO_SHIP))
    with pytest.raises(service_cards.PaymentUnseen):
        service_cards.update(openid=openid, transaction_id="4299", content=content(Progress.SHIPPED))
    assert service_cards.activate(**start, paid_fen=1200) is Told.ACCEPTED
    assert service_cards.activate(**start, paid_fen=1200) is Told.ALREADY
    for progress in (Progress.SHIPPED, Progress.SIGNED, Progress.DONE):
        assert service_cards.update(**key, content=content(progress)) is Told.ACCEPTED
    with pytest.raises(service_cards.ProgressRefused):
        service_cards.update(**key, content=content(Progress.AFTER_SALES))

    card = service_cards.read(**key)
    assert (card.progress, card.state) == (Progress.DONE, service_cards.CodeState.GOOD)
    assert [(row["updates"], row["openid"]) for row in sandbox.cards()] == [(3, openid)]


def test_a_card_is_for_the_payer_within_a_day(sandbox: Sandbox) -> None:
    openid, other = sandbox.login("小明").openid, sandbox.login("小红").openid
    transaction_id = paid(sandbox, openid)
    paid_at = datetime.fromtimestamp(sandbox.transaction("SO20250101")["paid_at"], tz=UTC)
    start = {"content": content(Progress.PAID), "paid_fen": 1200, "paid_at": paid_at}

    with pytest.raises(wechat_errors.RecipientUnknown):
        service_cards.activate(openid=other, transaction_id=transaction_id, **start)
    sandbox.put_clock_ahead(24 * 3600 + 1)
    with pytest.raises(service_cards.CardExpired):
        service_cards.activate(openid=openid, transaction_id=transaction_id, **start)


@pytest.mark.parametrize(("template", "fail_ret"), [(True, -1004), (False, -1003)])
def test_a_card_that_is_not_shown_is_told_of_by_a_push(
    sandbox: Sandbox, shop: Script, template: bool, fail_ret: int
) -> None:
    openid = sandbox.login("小明").openid
    transaction_id = paid(sandbox, openid)
    paid_at = datetime.fromtimestamp(sandbox.transaction("SO20250101")["paid_at"], tz=UTC)
    if template:
        sandbox.fault("card_failed")
    else:
        templates.delete(template_id=sandbox.template_id("购物（实体物流）服务动态"))
    sandbox.push_to(f"{shop.base}/wechat/push")

    service_cards.activate(
        openid=openid,
        transaction_id=transaction_id,
        content=content(Progress.PAID),
        paid_fen=1200,
        paid_at=paid_at,
    )

    sandbox.wait(lambda: [{"heard": True}] if shop.heard else [])
    now = datetime.now(tz=UTC)
    said = pushed.read(push.read(shop.heard[0].query, shop.heard[0].body, at=now), at=now)
    assert isinstance(said, pushed.CardFailed)
    assert (said.openid, said.transaction_id, said.fail_ret) == (openid, transaction_id, fail_ret)
    state = service_cards.read(openid=openid, transaction_id=transaction_id).state
    assert (state == service_cards.CodeState.REJECTED) is template
