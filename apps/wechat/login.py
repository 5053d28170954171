"""wx.login: a one-time code becomes the openid of whoever stands before us (jscode2session)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.conf import settings

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH = "/sns/jscode2session"

# 40029 wrong or used, 40163 used, 41008 missing.
_CODE_REFUSED = frozenset({40029, 40163, 41008})
_USER_BLOCKED = 40226
# What a code can look like at all: anything else is refused without troubling WeChat.
_CODE = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class Login:
    """Who logged in. None of it may be printed; ``session_key`` must never leave the server."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    session_key: str = field(repr=False)


def exchange(code: str) -> Login:
    """Exchange the code of wx.login (single use, 5 minutes).

    Raises LoginCodeInvalid, UserBlocked, or WechatUnavailable of kind UNAVAILABLE whatever ails WeChat: the
    shopper can only try again with a new code, and the contract promises 503.
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise wechat_errors.LoginCodeInvalid(errmsg="not a code of wx.login")
    params = {
        "appid": settings.WECHAT_APPID,
        "secret": settings.WECHAT_APP_SECRET,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    try:
        told = miniprogram.ask(PATH, params)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode in _CODE_REFUSED:
            raise wechat_errors.LoginCodeInvalid(refused.errcode, refused.errmsg) from None
        if refused.errcode == _USER_BLOCKED:
            raise wechat_errors.UserBlocked(refused.errcode, refused.errmsg) from None
        raise wechat_errors.WechatUnavailable(f"{PATH} errcode {refused.errcode}") from None
    except wechat_errors.WechatUnavailable as trouble:
        raise wechat_errors.WechatUnavailable(trouble.why) from None
    openid, session_key, unionid = told.get("openid"), told.get("session_key"), told.get("unionid")
    if not (isinstance(openid, str) and openid and isinstance(session_key, str) and session_key):
        raise wechat_errors.WechatUnavailable(f"{PATH} answered no openid")
    return Login(
        openid=openid,
        # Only there if the mini program is bound to an Open Platform account.
        unionid=unionid if isinstance(unionid, str) and unionid else None,
        session_key=session_key,
    )
