"""Messages of the demo shop: its scenes, a mass send that some shoppers have in their inbox, and one that is a draft.

No templates: those are the account's own, and 从微信获取 brings them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps.demo import levels
from apps.messaging.models import Broadcast, Content
from apps.messaging.services import broadcasts, deciding, ruling
from apps.messaging.states import Audience

# Numbers of shoppers that nobody else in the demo shop has.
_FIRST: Final = 61
_NAMES: Final = ("苏云卿", "程望舒", "叶知秋")


def fill(*, at: datetime) -> None:
    """Rows for all scenes; a mass send to three tea friends, and a draft for everybody."""
    ruling.complete_scenes()
    if Broadcast.objects.exists():
        return
    friends = [levels.shopper(name, number=number, at=at) for number, name in enumerate(_NAMES, start=_FIRST)]
    sent = broadcasts.draft(
        content=Content(
            title="明前龙井到店",
            text="{nickname}您好，今年的明前龙井已到店，欢迎来尝。",
            page="pages/home/index",
        ),
        audience=Audience.LIST,
        member_numbers=[friend.public_id for friend in friends],
        due_at=at,
        at=at,
        operator=None,
    )
    broadcasts.start(broadcast_id=sent.pk, at=at)
    broadcasts.prepare_due(at=at)
    deciding.decide_due(at=at)
    broadcasts.draft(
        content=Content(
            title="会员日预告",
            text="{nickname}您好，15 日会员日双倍积分，{level}另享会员价。",
            page="pages/member/index",
        ),
        audience=Audience.ALL,
        due_at=at + timedelta(days=3),
        at=at,
        operator=None,
    )
