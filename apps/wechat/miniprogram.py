"""One call to the mini program's server API: token, errcode, the one retry, and our errors.

WeChat answers HTTP 200 even when it refuses; ``errcode`` (absent or 0 means content) is what counts.
Source: 小程序服务端 API, common rules and global return codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.wechat import errors as wechat_errors
from apps.wechat import http, tokens
from mall.errors import ShopError

BUSY = -1
TOKEN_REJECTED = frozenset({40001, 40014, 42001})
QUOTA_USED = frozenset({45009, 45011})
# The shop itself is rejected: appid, secret, frozen secret or account, IP whitelist, permission.
SHOP_REJECTED = frozenset(
    {40002, 40013, 40125, 40164, 40243, 41001, 41002, 41004, 48001, 50004, 50007}
    | {89501, 89503, 89506, 89507}
)
_REPEATS_WHEN_BUSY = 2

# What a call's own errcodes mean; both kinds of error are made of an errcode and WeChat's sentence.
Meanings = Mapping[int, type[wechat_errors.WechatRefused] | type[wechat_errors.WechatNotYet]]


def call(path: str, body: Mapping[str, Any], *, changes: bool) -> dict[str, Any]:
    """POST ``body`` to ``path`` with the access token; return the answer, whose errcode is 0.

    ``changes``: the call alters something at WeChat, so it is never repeated unless WeChat rejected the
    token, which it does before it looks at the call. Raises WechatUnavailable or WechatRefused.
    """
    return _content(_answered(path, body, changes=changes), path=path, changes=changes)


def told_apart(refused: wechat_errors.WechatRefused, meanings: Meanings) -> ShopError:
    """Return the error that ``refused`` means by ``meanings``, or itself; to be raised ``from None``."""
    meant = meanings.get(refused.errcode) if isinstance(refused.errcode, int) else None
    return refused if meant is None else meant(refused.errcode, refused.errmsg)


def call_for_picture(path: str, body: Mapping[str, Any]) -> bytes:
    """Like ``call``, for answers that are an image on success and JSON on refusal."""
    answer = _answered(path, body, changes=False)
    if answer.content_type.startswith("image/") and answer.body:
        return answer.body
    _content(answer, path=path, changes=False)
    raise wechat_errors.WechatBadAnswer(f"{path} answered no image")


def read(path: str, params: Mapping[str, str], *, changes: bool) -> dict[str, Any]:
    """GET ``path`` with the access token; return the answer, whose errcode is 0. Otherwise like ``call``."""
    return _content(_answered(path, None, changes=changes, params=params), path=path, changes=changes)


def upload(path: str, params: Mapping[str, str], form: bytes, content_type: str) -> dict[str, Any]:
    """POST a form with a file in it and the access token; return the answer. Like a ``call`` that changes nothing."""
    return _content(
        _answered(path, form, changes=False, params=params, content_type=content_type),
        path=path,
        changes=False,
    )


def ask(path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """GET ``path`` without a token (login); return the answer, whose errcode is 0."""
    for attempt in range(1, _REPEATS_WHEN_BUSY + 2):
        answer = http.send(
            method="GET", base=settings.WECHAT_API_BASE, path=path, params=params, changes=False
        )
        errcode = _errcode(answer)
        http.record(method="GET", path=path, answer=answer, errcode=errcode)
        if errcode != BUSY or attempt > _REPEATS_WHEN_BUSY:
            break
        http.pause(attempt)
    return _content(answer, path=path, changes=False)


def _answered(
    path: str,
    body: Mapping[str, Any] | bytes | None,
    *,
    changes: bool,
    params: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> http.Answer:
    """Return the last answer: a rejected token is renewed once, "busy" is repeated for mere questions.

    Without a body it is a GET.
    """
    method = "GET" if body is None else "POST"
    written = http.encode(body) if isinstance(body, Mapping) else body
    token, renewed, repeats = tokens.current(), False, 0
    while True:
        answer = http.send(
            method=method,
            base=settings.WECHAT_API_BASE,
            path=path,
            params={**(params or {}), "access_token": token},
            body=written,
            headers={"Content-Type": content_type},
            changes=changes,
        )
        errcode = 0 if answer.content_type.startswith("image/") else _errcode(answer)
        http.record(method=method, path=path, answer=answer, errcode=errcode)
        if errcode in TOKEN_REJECTED and not renewed:
            token, renewed = tokens.renew(rejected=token), True
        elif errcode == BUSY and not changes and repeats < _REPEATS_WHEN_BUSY:
            repeats += 1
            http.pause(repeats)
        else:
            return answer


def _errcode(answer: http.Answer) -> int:
    """Return the errcode; 0 also for an answer that is no JSON object, which ``_content`` then refuses."""
    told = answer.as_json()
    errcode = told.get("errcode", 0) if isinstance(told, dict) else 0
    return errcode if isinstance(errcode, int) else 0


def _content(answer: http.Answer, *, path: str, changes: bool) -> dict[str, Any]:
    """Return the JSON object of a contented answer, or raise what its errcode means."""
    told = answer.as_json()
    if answer.status != 200 or not isinstance(told, dict):
        raise wechat_errors.WechatBadAnswer(f"{path} answered HTTP {answer.status}", effect_unknown=changes)
    errcode = told.get("errcode", 0)
    if not isinstance(errcode, int):
        raise wechat_errors.WechatBadAnswer(f"{path} answered a strange errcode", effect_unknown=changes)
    if errcode == 0:
        return told
    why = f"{path} errcode {errcode}"
    if errcode in QUOTA_USED:
        raise wechat_errors.WechatQuotaUsed(why)
    if errcode == BUSY:
        raise wechat_errors.WechatBusy(why)
    if errcode in TOKEN_REJECTED or errcode in SHOP_REJECTED:
        raise wechat_errors.WechatMisconfigured(why)
    raise wechat_errors.WechatRefused(errcode, str(told.get("errmsg", "")))
