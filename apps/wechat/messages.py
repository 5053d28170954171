"""Subscription messages (订阅消息): one accepted prompt of the user allows one message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH = "/cgi-bin/message/subscribe/send"
_NOT_SUBSCRIBED = 43101

MiniprogramState = Literal["developer", "trial", "formal"]


def send_subscribe(
    *,
    touser: str,
    template_id: str,
    data: Mapping[str, str],
    page: str | None = None,
    miniprogram_state: MiniprogramState = "formal",
) -> str | None:
    """Send one message and return WeChat's msgid, if it tells one.

    ``data`` maps the template's keys ("thing1", "amount2") to their texts; ``page`` may hold a query.
    Raises NotSubscribed (43101: drop one grant), WechatRefused (47003 bad data, 40037 template, 41030 page …)
    or WechatUnavailable; with ``effect_unknown`` the message may have been sent and must not be repeated.
    """
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
        if refused.errcode == _NOT_SUBSCRIBED:
            raise wechat_errors.NotSubscribed(refused.errcode, refused.errmsg) from None
        raise
    msgid = told.get("msgid")
    return str(msgid) if msgid else None
