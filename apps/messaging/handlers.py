"""What the room of messages does when it hears news of the rooms below: what WeChat pushed, and that a level changed."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from apps.messaging.services import hearing
from apps.wechat import selectors as wechat_facts
from mall.events import LevelChanged, WechatPushed


def hear_on_wechat_pushed(event: WechatPushed, *, at: datetime) -> None:
    """Keep grants, deliveries and customers' words; nothing else of what WeChat pushes concerns messages."""
    said = wechat_facts.push_said(message_key=event.message_key)
    if said is not None:
        hearing.hear(said=said, cause=event.message_key, at=at)


def tell_on_level_changed(event: LevelChanged, *, at: datetime) -> None:
    """Tell the member of their new level."""
    subject = str(event.level_change_id)
    messaging.write(
        scene="level_changed", member_id=event.member_id, subject=subject, occasion=subject, at=at
    )
