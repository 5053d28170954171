"""What a push of 物流助手 says of a parcel's way (add_express_path), read into types.

In JSON ``Actions`` is a list, or the action itself when there is one; XML repeats the element. What does not have the form
of its event is read as nothing. Source: 小程序 物流助手, 运单轨迹更新事件 (onPathUpdate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

EVENT: Final = "add_express_path"
_LATEST: Final = 253402300799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Action:
    """One step: ``kind`` is WeChat's number of it (100001 picked up … 300003 signed), 0 where it is none."""

    at: datetime
    kind: int
    text: str


@dataclass(frozen=True, slots=True)
class PathAdded:
    """Steps of one waybill, the oldest first."""

    openid: str = field(repr=False)
    carrier_id: str
    tracking_no: str
    actions: tuple[Action, ...]


def read(content: Mapping[str, Any]) -> PathAdded | None:
    """Return what a push says of a waybill; None if it is about something else or says nothing."""
    if content.get("MsgType") != "event" or content.get("Event") != EVENT:
        return None
    carrier, number = _text(content, "DeliveryID"), _text(content, "WayBillId")
    listed = content.get("Actions")
    rows = listed if isinstance(listed, list) else [listed]
    read_rows = (_action(row) for row in rows if isinstance(row, Mapping))
    actions = sorted((one for one in read_rows if one is not None), key=lambda one: one.at)
    if not carrier or not number or not actions:
        return None
    return PathAdded(_text(content, "FromUserName"), carrier, number, tuple(actions))


def _action(row: Mapping[str, Any]) -> Action | None:
    seconds, kind = _number(row, "ActionTime"), _number(row, "ActionType")
    text = _text(row, "ActionMsg")
    if not 0 < seconds <= _LATEST or not text:
        return None
    return Action(datetime.fromtimestamp(seconds, tz=UTC), kind, text)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(row: Mapping[str, Any], name: str) -> int:
    digits = _text(row, name)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else 0
