"""Customer-service messages as the sandbox plays them: the window of 48 hours, five messages, pictures of three days."""

from __future__ import annotations

import json

import pytest
import requests

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Json, Merchant
from tests.wechat.sandbox.test_pushes import opened

SEND = "/cgi-bin/message/custom/send"
UPLOAD = "/cgi-bin/media/upload"
HOUR_S = 3600


def text(openid: str, content: object = "您好") -> Json:
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


def upload(merchant: Merchant, **form: tuple[str, bytes]) -> Json:
    token = merchant.token()["access_token"]
    query = {"access_token": token, "type": "image"}
    return dict(requests.post(merchant.base_url + UPLOAD, params=query, files=form, timeout=10).json())


def test_each_word_of_the_customer_allows_five_messages(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    assert merchant.post(SEND, text(openid)).json()["errcode"] == 45015
    sandbox.enter_service(openid)
    assert merchant.post(SEND, text(openid)).json()["errcode"] == 45015
    sandbox.write(openid, "在吗")
    assert [merchant.post(SEND, text(openid)).json()["errcode"] for _ in range(6)] == [0] * 5 + [45047]
    sandbox.write(openid, "还在吗")
    assert merchant.post(SEND, text(openid, "在的")).json()["errcode"] == 0
    assert [row["content"]["content"] for row in sandbox.service_messages()][-2:] == ["您好", "在的"]


def test_the_window_closes_after_48_hours(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    sandbox.write(openid, "在吗")
    for hours, errcode in ((47.9, 0), (48, 45015)):
        sandbox.put_clock_ahead(hours * HOUR_S + 1)
        token = merchant.token()["access_token"]
        assert merchant.post(SEND, text(openid), token=token).json()["errcode"] == errcode


@pytest.mark.parametrize(
    ("asked", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"msgtype": "voice"}, 40008),
        ({"msgtype": []}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "link", "link": {"title": "t"}}, 47001),
        ({"msgtype": "image", "image": {"media_id": "unknown"}}, 40007),
        ({"msgtype": "image", "image": "unknown"}, 47001),
    ],
)
def test_what_is_no_message_is_refused_and_costs_nothing(
    sandbox: Sandbox, merchant: Merchant, asked: Json, errcode: int
) -> None:
    openid = sandbox.login("小明").openid
    sandbox.write(openid, "在吗")
    assert merchant.post(SEND, text(openid) | asked).json()["errcode"] == errcode
    assert [merchant.post(SEND, text(openid)).json()["errcode"] for _ in range(6)] == [0] * 5 + [45047]


def test_a_picture_is_uploaded_and_sent_for_three_days(sandbox: Sandbox, merchant: Merchant) -> None:
    openid = sandbox.login("小明").openid
    made = upload(merchant, media=("a.jpg", b"\xff\xd8picture"))
    assert (made["errcode"], made["type"]) == (0, "image")
    assert upload(merchant, picture=("a.jpg", b"x"))["errcode"] == 41005
    image = {"touser": openid, "msgtype": "image", "image": {"media_id": made["media_id"]}}
    for days, errcode in ((2.9, 0), (3, 40007)):
        sandbox.put_clock_ahead(days * 24 * HOUR_S + 1)
        sandbox.write(openid, "在吗")
        token = merchant.token()["access_token"]
        assert merchant.post(SEND, image, token=token).json()["errcode"] == errcode


@pytest.mark.parametrize(("kind", "field"), [("image", "MediaId"), ("miniprogrampage", "ThumbMediaId")])
def test_customers_send_pictures_and_cards_too(
    sandbox: Sandbox, merchant: Merchant, doorstep: Doorstep, kind: str, field: str
) -> None:
    sandbox.push_to(doorstep.url)
    openid = sandbox.login("小明").openid
    sandbox.write(openid, "这件", kind=kind)
    said = json.loads(opened(merchant, doorstep.wait_for(1)[0]))
    assert (said["MsgType"], said["FromUserName"], said[field] != "") == (kind, openid, True)
    assert merchant.post(SEND, text(openid)).json()["errcode"] == 0
