"""What the room of messages holds of people: what they were told, what they granted and want, how messages went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.messaging import selectors as message_facts
from apps.messaging.models import BroadcastTarget, Card, Dispatch, Grant, GrantEntry, Message, Standing
from apps.messaging.services import forgetting, inbox


def export(person: Person) -> Mapping[str, personal.Table]:
    """The inbox, how each message went out, what was granted and used, and what the member wants."""
    mine = {"member_id": person.member_id}
    return {
        "消息": personal.table(
            Message.objects.filter(**mine).order_by("id"),
            *("scene", "subject", "title", "text", "page", "status", "reason", "channel"),
            *("written_at", "due_at", "ended_at", "read_at"),
        ),
        "消息发送": personal.table(
            Dispatch.objects.filter(**mine).order_by("id"),
            *("channel", "status", "reason", "tried_at", "ended_at"),
        ),
        "订阅授权": personal.table(
            Grant.objects.filter(**mine).order_by("id"), "balance", 模板="template__title"
        ),
        "订阅授权流水": personal.table(
            GrantEntry.objects.filter(grant__member_id=person.member_id).order_by("id"),
            *("what", "change", "source", "at"),
            模板="grant__template__title",
        ),
        "消息设置": personal.table(Standing.objects.filter(**mine), "marketing", "said_at", "window_until"),
        "服务动态": personal.table(
            Card.objects.filter(**mine).order_by("id"), "order_no", "status", "wanted", "told", "paid_at"
        ),
        "群发名单": personal.table(
            BroadcastTarget.objects.filter(**mine).order_by("id"), 群发="broadcast__content__title"
        ),
    }


def erase(person: Person, *, at: datetime) -> None:
    """Nothing is told any more; the inbox is emptied, grants and wishes are gone."""
    forgetting.forget(member_id=person.member_id, at=at)


def overdue(*, at: datetime) -> int:
    """Messages whose texts the inbox has kept longer than it should."""
    return message_facts.past_keeping(at=at).count()


_ONCE = "同一时机绝不重复告知的依据；会员注销后内容删除，不再指向个人"

ROOM = Room(
    name="messaging",
    holdings=(
        Holding(
            model="messaging.Message",
            personal=("title", "text", "page", "fault"),
            plain=("scene", "subject", "occasion", "status", "reason", "channel"),
            exported="消息",
            fate=Fate.NAMELESS,
            kept="内容 180 天（消息规则中的收件箱保留天数），是否发送过的记录与订单相同",
            why=_ONCE,
        ),
        Holding(
            model="messaging.Dispatch",
            plain=("msgid", "fault"),
            exported="消息发送",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_ONCE,
        ),
        Holding(
            model="messaging.Grant",
            exported="订阅授权",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="每次发送均有授权的依据；会员注销后余额清零，不再指向个人",
        ),
        Holding(
            model="messaging.GrantEntry",
            plain=("business_key",),
            exported="订阅授权流水",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="每次发送均有授权的依据；会员注销后不再指向个人",
        ),
        Holding(
            model="messaging.Standing",
            plain=("day", "week"),
            exported="消息设置",
            fate=Fate.DELETED,
            kept="会员在籍期间",
            why="按会员意愿发送消息（广告法第四十三条）",
        ),
        Holding(
            model="messaging.BroadcastTarget",
            exported="群发名单",
            fate=Fate.DELETED,
            kept="与群发记录相同，会员注销即删",
            why="群发名单由操作员指定",
        ),
        Holding(
            model="messaging.Card",
            plain=("page", "fault", "products"),
            exported="服务动态",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="订单进度告知的依据；会员注销后不再指向个人",
        ),
    ),
    export=export,
    erase=erase,
    forget_old=inbox.forget_old,
    overdue=overdue,
)
