"""Updatable messages (动态消息): a card in a chat that goes on telling how far a group has come.

Source: 小程序服务端 API, createActivityId and setUpdatableMsg. Values are strings, a card lives 24 hours, its texts and
colours are WeChat's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from apps.base import transactions
from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

CREATE: Final = "/cgi-bin/message/wxopen/activityid/create"
SEND: Final = "/cgi-bin/message/wxopen/updatablemsg/send"
# The id is unknown, the card is over, or it has begun already: telling it again changes nothing.
_OVER: Final = frozenset({47501, 47502, 47504})

Version = Literal["develop", "trial", "release"]


class CardOver(wechat_errors.WechatRefused):
    """The card takes no further news: expired, begun, or unknown (47504, 47502, 47501)."""

    code = "wechat_card_over"


@dataclass(frozen=True, slots=True)
class Activity:
    """What a card is sent with (``activityId`` of wx.updateShareMenu), and until when it can be changed."""

    activity_id: str
    expires_at: datetime


def create() -> Activity:
    """Ask for an id. Raises WechatUnavailable, WechatRefused."""
    transactions.forbid("asking WeChat for a card")
    # An id that nobody sends a card with costs nothing, so a lost answer may be asked for again.
    told = miniprogram.read(CREATE, {}, changes=False)
    activity_id, expires_s = told.get("activity_id"), told.get("expiration_time")
    if not isinstance(activity_id, str) or not activity_id or not isinstance(expires_s, int):
        raise wechat_errors.WechatBadAnswer(f"{CREATE} answered no id")
    return Activity(activity_id, datetime.fromtimestamp(expires_s, tz=UTC))


def tell_joined(*, activity_id: str, members: int, limit: int) -> None:
    """Have the card say 「成员正在加入，当前 members/limit 人」. Raises CardOver, WechatUnavailable, WechatRefused."""
    _send(activity_id, 0, {"member_count": str(members), "room_limit": str(limit)})


def tell_begun(*, activity_id: str, path: str, version: Version = "release") -> None:
    """Have the card say 「已开始」, for good; it opens ``path``, which may have a query.

    Raises CardOver, WechatUnavailable, WechatRefused.
    """
    _send(activity_id, 1, {"path": path, "version_type": version})


def _send(activity_id: str, state: int, parameters: dict[str, str]) -> None:
    transactions.forbid("telling WeChat's card")
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    body = {"activity_id": activity_id, "target_state": state, "template_info": {"parameter_list": listed}}
    try:
        # The same state twice is the same card: it may be told again.
        miniprogram.call(SEND, body, changes=False)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode in _OVER:
            raise CardOver(refused.errcode, refused.errmsg) from refused
        raise
