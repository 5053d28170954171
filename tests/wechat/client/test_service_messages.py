"""Writing to customers who wrote: four kinds of messages, and the refusals that end a conversation."""

from __future__ import annotations

import json

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import service_messages
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import token, told


def test_each_kind_goes_out_as_wechat_documents_it(wechat: Script, account: Identity) -> None:
    wechat.say(token(), *[told(errcode=0)] * 4)

    service_messages.send_text(touser="oX", content="您好")
    service_messages.send_image(touser="oX", media_id="M")
    service_messages.send_link(
        touser="oX", title="t", description="d", url="https://a.b/", thumb_url="https://a.b/c.jpg"
    )
    service_messages.send_card(touser="oX", title="t", pagepath="pages/a?id=1", thumb_media_id="M")

    assert [json.loads(one.body) for one in wechat.heard[1:]] == [
        {"touser": "oX", "msgtype": "text", "text": {"content": "您好"}},
        {"touser": "oX", "msgtype": "image", "image": {"media_id": "M"}},
        {
            "touser": "oX",
            "msgtype": "link",
            "link": {
                "title": "t",
                "description": "d",
                "url": "https://a.b/",
                "thumb_url": "https://a.b/c.jpg",
            },
        },
        {
            "touser": "oX",
            "msgtype": "miniprogrampage",
            "miniprogrampage": {
                "title": "t",
                "appid": account.numbers.appid,
                "pagepath": "pages/a?id=1",
                "thumb_media_id": "M",
            },
        },
    ]


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (45015, service_messages.WindowOver),
        (45047, service_messages.TooManyMessages),
        (70000, service_messages.CustomerIsMinor),
        (40007, service_messages.MediaUnknown),
        (40003, wechat_errors.RecipientUnknown),
        (45002, wechat_errors.WechatRefused),
    ],
)
def test_each_refusal_is_of_its_own_kind(
    wechat: Script, errcode: int, error: type[wechat_errors.WechatRefused]
) -> None:
    wechat.say(token(), told(errcode=errcode))

    with pytest.raises(wechat_errors.WechatRefused) as caught:
        service_messages.send_text(touser="oX", content="您好")

    assert type(caught.value) is error


def test_a_message_is_sent_once_whatever_becomes_of_it(wechat: Script) -> None:
    wechat.say(token(), told(errcode=-1), Reply(drop=True))

    with pytest.raises(wechat_errors.WechatBusy) as busy:
        service_messages.send_text(touser="oX", content="您好")
    with pytest.raises(wechat_errors.WechatDown) as lost:
        service_messages.send_text(touser="oX", content="您好")

    assert (busy.value.effect_unknown, lost.value.effect_unknown, len(wechat.heard)) == (False, True, 3)


def test_a_picture_is_uploaded_as_a_form(wechat: Script) -> None:
    wechat.say(token("t"), told(errcode=0, type="image", media_id="M"), told(errcode=0))

    assert service_messages.upload_image(content=b"\x89PNG\r\n--x", filename='a"\r\n茶.png') == "M"

    asked = wechat.heard[-1]
    assert asked.query == {"access_token": "t", "type": "image"}
    boundary = asked.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    head, _, rest = asked.body.partition(b"\r\n\r\n")
    assert head.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\nContent-Type: image/png'
    )
    assert rest == b"\x89PNG\r\n--x\r\n--" + boundary.encode() + b"--\r\n"
    with pytest.raises(wechat_errors.WechatBadAnswer):
        service_messages.upload_image(content=b"\xff\xd8")


def test_the_sandbox_takes_what_the_shop_writes(sandbox: Sandbox) -> None:
    openid = sandbox.login("小明").openid
    with pytest.raises(service_messages.WindowOver):
        service_messages.send_text(touser=openid, content="您好")
    sandbox.write(openid, "在吗")
    picture = service_messages.upload_image(content=b"\xff\xd8picture")

    service_messages.send_text(touser=openid, content="在的")
    service_messages.send_image(touser=openid, media_id=picture)
    service_messages.send_link(
        touser=openid, title="t", description="d", url="https://a.b/", thumb_url="https://a.b/c"
    )
    service_messages.send_card(touser=openid, title="茶杯", pagepath="pages/a", thumb_media_id=picture)
    with pytest.raises(service_messages.MediaUnknown):
        service_messages.send_image(touser=openid, media_id="unknown")
    service_messages.send_text(touser=openid, content="再见")
    with pytest.raises(service_messages.TooManyMessages):
        service_messages.send_text(touser=openid, content="再见")

    kinds = [row["kind"] for row in sandbox.service_messages()]
    assert kinds == ["text", "image", "link", "miniprogrampage", "text"]
