"""Content security (内容安全): WeChat's opinion of a text that a shopper wrote (msgSecCheck v2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from apps.wechat import errors, miniprogram

PATH = "/wxa/msg_sec_check"
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


def check_text(*, openid: str, scene: Scene, content: str, title: str = "") -> Verdict:
    """Return WeChat's verdict on ``content``, written by ``openid`` within the last two hours.

    Raises ContentTooLong, WechatRefused (61010: the user was not active lately), WechatUnavailable: then hold
    the text back, unavailable is not harmless.
    """
    if len(content) > MOST_CHARACTERS:
        raise errors.ContentTooLong(details={"characters": len(content), "most": MOST_CHARACTERS})
    body: dict[str, object] = {"version": 2, "openid": openid, "scene": int(scene), "content": content}
    if title:
        body["title"] = title
    told = miniprogram.call(PATH, body, changes=False)
    result = told.get("result")
    if not isinstance(result, dict):
        raise errors.WechatBadAnswer(f"{PATH} answered no result")
    suggest, label = result.get("suggest"), result.get("label")
    if suggest not in list(Suggest):
        raise errors.WechatBadAnswer(f"{PATH} answered an unknown suggestion")
    return Verdict(
        suggest=Suggest(suggest),
        label=label if isinstance(label, int) else 0,
        trace_id=str(told.get("trace_id", "")),
    )
