"""Content security (内容安全): WeChat's opinion of what a shopper wrote (msgSecCheck v2) or shows (mediaCheckAsync v2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from django.conf import settings

from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

PATH = "/wxa/msg_sec_check"
RANK_PATH = "/wxa/getuserriskrank"
HIGHEST_RANK = 4
PICTURE_PATH = "/wxa/media_check_async"
# Pushed within half an hour of the call.
PICTURE_EVENT = "wxa_media_check"
NOT_ACTIVE = 61010  # the user has not used the mini program for two hours
_PICTURE = 2  # media_type
MOST_CHARACTERS = 2500


class Scene(IntEnum):
    """Where the text will appear."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL = 4


class Suggest(StrEnum):
    """What to do: publish, let a person look, reject."""

    PASS = "pass"  # noqa: S105 - WeChat's word, not a password
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True)
class Verdict:
    """The suggestion, the label behind it (100 正常, 10001 广告 …), the trace id for complaints."""

    suggest: Suggest
    label: int
    trace_id: str


def risk_rank(*, openid: str, address: str) -> int:
    """How risky WeChat takes a user to be who registers from this network address: 0 (not at all) to 4.

    Source: 小程序 sec-center, getUserRiskRank, scene 0 (注册). It has to be opened in WeChat's console (48001). Raises
    WechatRefused (61010: not active for two hours, 61080: away, 61081: too often), WechatUnavailable.
    """
    body = {"appid": settings.WECHAT_APPID, "openid": openid, "scene": 0, "client_ip": address}
    told = miniprogram.call(RANK_PATH, body, changes=False).get("risk_rank")
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= HIGHEST_RANK:
        raise wechat_errors.WechatBadAnswer(f"{RANK_PATH} answered no rank from 0 to {HIGHEST_RANK}")
    return told


def check_text(*, openid: str, scene: Scene, content: str, title: str = "") -> Verdict:
    """Return WeChat's verdict on ``content``, written by ``openid`` within the last two hours.

    Raises ContentTooLong, WechatRefused (61010: the user was not active lately), WechatUnavailable: then hold
    the text back, unavailable is not harmless.
    """
    if len(content) > MOST_CHARACTERS:
        raise wechat_errors.ContentTooLong(details={"characters": len(content), "most": MOST_CHARACTERS})
    body: dict[str, object] = {"version": 2, "openid": openid, "scene": int(scene), "content": content}
    if title:
        body["title"] = title
    verdict = _verdict(miniprogram.call(PATH, body, changes=False))
    if verdict is None:
        raise wechat_errors.WechatBadAnswer(f"{PATH} answered no suggestion that is known")
    return verdict


def check_picture(*, openid: str, scene: Scene, url: str) -> str:
    """Have WeChat fetch and look at the picture at ``url``, shown by ``openid``; return the trace id.

    The verdict comes later, by a push of the kind ``PICTURE_EVENT`` under this trace id, or never. Each call is
    answered by a push of its own, so repeating it harms nothing. Raises WechatRefused (61010 as for texts),
    WechatUnavailable.
    """
    body = {"media_url": url, "media_type": _PICTURE, "version": 2, "openid": openid, "scene": int(scene)}
    trace_id = miniprogram.call(PICTURE_PATH, body, changes=False).get("trace_id")
    if not isinstance(trace_id, str) or not trace_id:
        raise wechat_errors.WechatBadAnswer(f"{PICTURE_PATH} answered no trace id")
    return trace_id


def picture_verdict(message: Mapping[str, Any]) -> Verdict:
    """Return the verdict that a push of the kind ``PICTURE_EVENT`` brings.

    Where WeChat could not look at the picture (errcode -1008: it could not be fetched) or says what is not known,
    a person has to: REVIEW with label 0.
    """
    failed = str(message.get("errcode") or 0) != "0"
    verdict = None if failed else _verdict(message)
    return verdict or Verdict(Suggest.REVIEW, label=0, trace_id=str(message.get("trace_id", "")))


def _verdict(told: Mapping[str, Any]) -> Verdict | None:
    """Read ``result`` and ``trace_id``; None without a suggestion that is known. A push in XML holds texts only."""
    result = told.get("result")
    if not isinstance(result, dict) or result.get("suggest") not in list(Suggest):
        return None
    label = str(result.get("label", ""))
    return Verdict(
        suggest=Suggest(result["suggest"]),
        label=int(label) if label.isascii() and label.isdigit() else 0,
        trace_id=str(told.get("trace_id", "")),
    )
