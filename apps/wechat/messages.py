"""Subscription messages (订阅消息): one accepted prompt of the user allows one message.

Source: 小程序服务端 API, sendMessage. What a call can end in, and what is to be done, is in each error's own words; WeChat
does not know a repeated message, so one whose outcome is unknown must not be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from apps.base import transactions
from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH: Final = "/cgi-bin/message/subscribe/send"
_MEANINGS: Final[miniprogram.Meanings] = {
    40003: wechat_errors.RecipientUnknown,
    40037: wechat_errors.TemplateUnknown,
    41030: wechat_errors.PageUnknown,
    43101: wechat_errors.NotSubscribed,
    43107: wechat_errors.MessagesBanned,
    43108: wechat_errors.RecipientBusy,
    45168: wechat_errors.ContentForbidden,
    47003: wechat_errors.MessageInvalid,
}

MiniprogramState = Literal["developer", "trial", "formal"]


def send_subscribe(
    *,
    touser: str,
    template_id: str,
    data: Mapping[str, str],
    page: str | None = None,
    miniprogram_state: MiniprogramState = "formal",
) -> str | None:
    """Send one message and return WeChat's msgid (64 bits, as a text), if it tells one.

    ``data`` maps the template's keys ("thing1", "amount2") to their texts, none of them empty or too long: WeChat
    refuses, it does not cut. ``page`` may hold a query.

    Final: NotSubscribed (43101), MessageInvalid (47003, names the field), TemplateUnknown (40037), RecipientUnknown
    (40003), MessagesBanned (43107), ContentForbidden (45168), PageUnknown (41030), any other WechatRefused.
    Again later: RecipientBusy (43108), WechatQuotaUsed (45009), WechatBusy (-1), other WechatUnavailable, but those with
    ``effect_unknown``: the message may have been sent and must not be repeated.
    """
    transactions.forbid("sending a message")
    body: dict[str, object] = {
        "touser": touser,
        "template_id": template_id,
        "miniprogram_state": miniprogram_state,
        "lang": "zh_CN",
        "data": {key: {"value": text} for key, text in data.items()},
    }
    if page is not None:
        body["page"] = page
    try:
        told = miniprogram.call(PATH, body, changes=True)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, _MEANINGS) from None
    msgid = told.get("msgid")
    return str(msgid) if msgid else None
