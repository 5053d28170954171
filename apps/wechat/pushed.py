"""What a kept push says about messages, read into types: prompts, refusals, deliveries, cards, words to the service.

WeChat writes the same event in four ways: as JSON, where ``List`` stands on top and numbers are strings or not, as XML,
where it stands in a wrapper; and ``List`` is the entry itself when there is one, an array when there are several. What
does not have the form of its event is read as nothing. Source: 小程序 订阅消息, 事件推送; 新版一次性订阅消息, 1.5; 客服消息.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

# How long, and for how many messages, a customer who wrote may be written to (客服消息, 下发条数限制).
SERVICE_WINDOW: Final = timedelta(hours=48)
SERVICE_MESSAGES: Final = 5
_LATEST: Final = 253402300799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user chose for one template: ``status`` is accept or reject, ``scene`` where they were asked ("0": a page)."""

    template_id: str
    status: str
    scene: str = ""

    @property
    def accepted(self) -> bool:
        """Whether this is one more grant."""
        return self.status == "accept"


@dataclass(frozen=True, slots=True)
class PromptAnswered:
    """The user answered one prompt, for one template or several (subscribe_msg_popup_event)."""

    openid: str = field(repr=False)
    at: datetime
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ChoiceChanged:
    """The user changed their mind in the menu of a card (subscribe_msg_change_event): by the documents only rejects."""

    openid: str = field(repr=False)
    at: datetime
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message: joined by ``msgid`` (a text) to what was sent; ``error`` "0" is success."""

    template_id: str
    msgid: str
    error: str
    status: str

    @property
    def arrived(self) -> bool:
        return self.error == "0"


@dataclass(frozen=True, slots=True)
class MessagesSent:
    """WeChat's own later word on messages that it had taken (subscribe_msg_sent_event)."""

    openid: str = field(repr=False)
    at: datetime
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class CardFailed:
    """A card of 服务动态 was not shown (notify_service_msg_send_result).

    ``fail_ret``: -10001 system, -10002 content, -1003 template not added, -1004 the user rejects, -1005 too frequent.
    """

    openid: str = field(repr=False)
    at: datetime
    notify_code: str
    notify_type: int
    card_status: int
    fail_ret: int
    fail_msg: str

    @property
    def transaction_id(self) -> str:
        """The payment the card belongs to: WeChat puts a prefix before its number, ``p1.4200…``."""
        return self.notify_code.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class CustomerSpoke:
    """The customer wrote to the service: ``messages`` may be written to them until ``until``."""

    openid: str = field(repr=False)
    at: datetime
    kind: str
    messages: int = SERVICE_MESSAGES

    @property
    def until(self) -> datetime:
        return self.at + SERVICE_WINDOW


@dataclass(frozen=True, slots=True)
class ServiceEntered:
    """The customer opened the conversation (user_enter_tempsession), which alone allows no message any more.

    WeChat's table of what may be sent does not list it; older pages allowed two messages within a minute.
    """

    openid: str = field(repr=False)
    at: datetime
    session_from: str


Said = PromptAnswered | ChoiceChanged | MessagesSent | CardFailed | CustomerSpoke | ServiceEntered

PROMPT_EVENT: Final = "subscribe_msg_popup_event"
CHANGE_EVENT: Final = "subscribe_msg_change_event"
SENT_EVENT: Final = "subscribe_msg_sent_event"
CARD_EVENT: Final = "notify_service_msg_send_result"
ENTER_EVENT: Final = "user_enter_tempsession"
_SPOKEN: Final = frozenset({"text", "image", "miniprogrampage"})
_WRAPPERS: Final = {
    PROMPT_EVENT: "SubscribeMsgPopupEvent",
    CHANGE_EVENT: "SubscribeMsgChangeEvent",
    SENT_EVENT: "SubscribeMsgSentEvent",
}
# What ``WechatPushed.kind`` is for anything that ``read`` understands.
KINDS: Final = frozenset({*_WRAPPERS, CARD_EVENT, ENTER_EVENT, *_SPOKEN})


def read(content: Mapping[str, Any], *, at: datetime) -> Said | None:
    """Return what a push that was received ``at`` says, or None if it is about something else or says nothing.

    Its own time counts (CreateTime), but never a later one than ``at``.
    """
    openid, kind = content.get("FromUserName"), content.get("MsgType")
    if not isinstance(openid, str) or not openid or not isinstance(kind, str):
        return None
    when = _told_at(content.get("CreateTime"), at)
    if kind in _SPOKEN:
        return CustomerSpoke(openid, when, kind)
    reader = _READERS.get(str(content.get("Event"))) if kind == "event" else None
    return None if reader is None else reader(content, openid, when)


def entries(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a subscription event, however they were written."""
    wrapped = content.get(_WRAPPERS.get(str(content.get("Event")), ""))
    listed = (wrapped if isinstance(wrapped, Mapping) else content).get("List")
    rows = listed if isinstance(listed, list) else [listed]
    return [row for row in rows if isinstance(row, Mapping) and _text(row, "TemplateId")]


def _prompt(content: Mapping[str, Any], openid: str, when: datetime) -> Said | None:
    choices = _choices(content)
    return PromptAnswered(openid, when, choices) if choices else None


def _change(content: Mapping[str, Any], openid: str, when: datetime) -> Said | None:
    choices = _choices(content)
    return ChoiceChanged(openid, when, choices) if choices else None


def _choices(content: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(
        Choice(_text(row, "TemplateId"), _text(row, "SubscribeStatusString"), _text(row, "PopupScene"))
        for row in entries(content)
    )


def _sent(content: Mapping[str, Any], openid: str, when: datetime) -> Said | None:
    deliveries = tuple(
        Delivery(
            _text(row, "TemplateId"), _text(row, "MsgID"), _text(row, "ErrorCode"), _text(row, "ErrorStatus")
        )
        for row in entries(content)
    )
    return MessagesSent(openid, when, deliveries) if deliveries else None


def _card(content: Mapping[str, Any], openid: str, when: datetime) -> Said | None:
    code, payer = _text(content, "notify_code"), _text(content, "openid")
    numbers = [_number(content.get(name)) for name in ("notify_type", "card_status", "fail_ret")]
    if not code or None in numbers:
        return None
    kind, status, fault = (number or 0 for number in numbers)
    return CardFailed(payer or openid, when, code, kind, status, fault, _text(content, "fail_msg"))


def _enter(content: Mapping[str, Any], openid: str, when: datetime) -> Said | None:
    return ServiceEntered(openid, when, _text(content, "SessionFrom"))


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], str, datetime], Said | None]]] = {
    PROMPT_EVENT: _prompt,
    CHANGE_EVENT: _change,
    SENT_EVENT: _sent,
    CARD_EVENT: _card,
    ENTER_EVENT: _enter,
}


def _text(row: Mapping[str, Any], name: str) -> str:
    """Return a value as a text; what is no text and no number is none."""
    value = row.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: object) -> int | None:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _told_at(value: object, at: datetime) -> datetime:
    seconds = _number(value)
    if seconds is None or not 0 < seconds <= _LATEST:
        return at
    return min(datetime.fromtimestamp(seconds, tz=UTC), at)
