"""What the street door holds of people: WeChat's pushes, which carry the sender's openid and what they wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.wechat.models import PushMessage

# As long as news of a push may be delivered again by hand (``outbox``): its listeners read the content.
PUSHES_KEPT: Final = timedelta(days=30)


def export(person: Person) -> Mapping[str, personal.Table]:
    """What WeChat told the shop of this person."""
    return {"微信消息推送": personal.table(_of(person).order_by("id"), "received_at", "kind", "content")}


def erase(person: Person, *, at: datetime) -> None:
    """Delete every push in which the person's openid stands, wherever it stands."""
    _of(person).delete()


def forget_old(*, at: datetime, limit: int) -> int:
    """Delete pushes older than 30 days, oldest first; return how many."""
    old = list(_old(at=at).order_by("received_at", "id").values_list("pk", flat=True)[:limit])
    PushMessage.objects.filter(pk__in=old).delete()
    return len(old)


def overdue(*, at: datetime) -> int:
    """How many pushes should be gone."""
    return _old(at=at).count()


def _of(person: Person) -> QuerySet[PushMessage]:
    """An openid has 28 characters of chance, so its text is found in any place, nested or not."""
    told = PushMessage.objects.annotate(told=Cast("content", TextField()))
    return told.filter(told__contains=person.openid)


def _old(*, at: datetime) -> QuerySet[PushMessage]:
    return PushMessage.objects.filter(received_at__lt=at - PUSHES_KEPT)


ROOM = Room(
    name="wechat",
    holdings=(
        Holding(
            model="wechat.PushMessage",
            personal=("content",),
            plain=("kind",),
            exported="微信消息推送",
            fate=Fate.DELETED,
            kept="30 天",
            why="履行合同所必需：确认收货、内容检测等通知在重新投递前需要原文（PIPL 第十三条第一款第二项）",
        ),
    ),
    export=export,
    erase=erase,
    forget_old=forget_old,
    overdue=overdue,
)
