"""Sending a subscription message: every answer of WeChat is final, later or unknown, and says what is wrong."""

from __future__ import annotations

import pytest

from apps.wechat import errors as wechat_errors
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import send, token, told


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (40003, wechat_errors.RecipientUnknown),
        (40037, wechat_errors.TemplateUnknown),
        (41030, wechat_errors.PageUnknown),
        (43101, wechat_errors.NotSubscribed),
        (43107, wechat_errors.MessagesBanned),
        (45168, wechat_errors.ContentForbidden),
        (47003, wechat_errors.MessageInvalid),
        (47001, wechat_errors.WechatRefused),
    ],
)
def test_a_refusal_for_good_is_of_its_own_kind(
    wechat: Script, errcode: int, error: type[wechat_errors.WechatRefused]
) -> None:
    wechat.say(token(), told(errcode=errcode, errmsg="no rid: 1-2"))

    with pytest.raises(wechat_errors.WechatRefused) as caught:
        send()

    assert type(caught.value) is error
    assert (caught.value.errcode, caught.value.errmsg) == (errcode, "no rid: 1-2")


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (-1, wechat_errors.WechatBusy),
        (43108, wechat_errors.RecipientBusy),
        (45009, wechat_errors.WechatQuotaUsed),
        (45011, wechat_errors.WechatQuotaUsed),
        (48001, wechat_errors.WechatMisconfigured),
    ],
)
def test_a_refusal_for_now_is_made_once_and_had_no_effect(
    wechat: Script, errcode: int, error: type[wechat_errors.WechatUnavailable]
) -> None:
    wechat.say(token(), told(errcode=errcode))

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        send()

    assert (type(caught.value), caught.value.effect_unknown) == (error, False)
    assert len(wechat.heard) == 2


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(status=502), Reply(body=b"{")])
def test_an_answer_that_never_came_leaves_it_unknown_whether_the_message_was_sent(
    wechat: Script, reply: Reply
) -> None:
    wechat.say(token(), reply)

    with pytest.raises(wechat_errors.WechatUnavailable) as caught:
        send()

    assert caught.value.effect_unknown
    assert len(wechat.heard) == 2


@pytest.mark.parametrize(
    ("errmsg", "field"),
    [
        ("argument invalid! data.thing1.value invalid rid: 5f-1", "thing1"),
        ("argument invalid! data.character_string12.value is emtpy", "character_string12"),
        ("argument invalid! data is empty", ""),
        ("", ""),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_keyword(wechat: Script, errmsg: str, field: str) -> None:
    wechat.say(token(), told(errcode=47003, errmsg=errmsg))

    with pytest.raises(wechat_errors.MessageInvalid) as caught:
        send()

    assert caught.value.field == field


def test_the_number_of_a_message_is_kept_to_the_last_digit(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, msgid=1860482366183682051), told(errcode=0))

    assert (send(), send()) == ("1860482366183682051", None)
