"""What shares hold of people: what a member showed to friends, by whose share they came, and what they then ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.shares import selectors as share_facts
from apps.shares import services as shares
from apps.shares.models import Share, ShareOrder, Visit


def export(person: Person) -> Mapping[str, personal.Table]:
    """One's own shares, the visits by friends' shares, the orders that followed. Who visited one's own is theirs."""
    mine = {"member_id": person.member_id}
    return {
        "分享": personal.table(
            Share.objects.filter(**mine).order_by("id"), "kind", "subject", "title", "opened_at", "shared_at"
        ),
        "分享到访": personal.table(
            Visit.objects.filter(**mine).order_by("id"),
            "visitor_id", "first_at", "last_at", "landings", "registered", 内容="share__title",
        ),
        "分享订单": personal.table(
            ShareOrder.objects.filter(**mine).order_by("id"),
            "order_no", "visited_at", "placed_at", "paid_at", 内容="share__title",
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Forget where the member went and who came by theirs; their codes lead nowhere any more, the files are gone."""
    Visit.objects.filter(Q(member_id=person.member_id) | Q(share__member_id=person.member_id)).delete()
    mine = Share.objects.select_for_update(no_key=True).filter(member_id=person.member_id)
    names = [name for share in mine for name in (share.code_file, share.poster_file) if name]
    mine.update(code_file="", poster_file="", due_at=None)
    transaction.on_commit(partial(_delete, names), robust=True)


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def overdue(*, at: datetime) -> int:
    """Visits that are older than they should be."""
    return share_facts.old_visits(at=at).count()


ROOM = Room(
    name="shares",
    holdings=(
        Holding(
            model="shares.Share",
            plain=(
                "kind",
                "subject",
                "title",
                "token",
                "code_file",
                "poster_file",
                "wanted_sign",
                "poster_sign",
                "fault",
            ),
            exported="分享",
            fate=Fate.NAMELESS,
            kept="与分享订单相同",
            why="分享效果的依据；会员注销后分享码失效，不再指向个人，小程序码与海报删除",
        ),
        Holding(
            model="shares.Visit",
            personal=("visitor_id",),
            plain=("day",),
            exported="分享到访",
            fate=Fate.DELETED,
            kept="180 天（SHARE_VISIT_DAYS）",
            why="按分享计算到访、注册与下单（PIPL 第十三条第一款第二项），期满即删",
        ),
        Holding(
            model="shares.ShareOrder",
            exported="分享订单",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="订单来源的依据；会员注销后不再指向个人",
        ),
    ),
    export=export,
    erase=erase,
    forget_old=shares.forget_visits,
    overdue=overdue,
)
