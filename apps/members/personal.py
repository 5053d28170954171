"""What members' own tables hold of people: who they are to WeChat, what they told, where parcels go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import Q

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.members.models import (
    Address,
    Consent,
    ErasureRequest,
    ExportRequest,
    GrowthEntry,
    LevelChange,
    Member,
    Membership,
    Session,
    Upload,
)
from apps.members.services import exports, sessions, uploads
from apps.pictures.stored import Size, address

# In the place of an openid, which is unique: whoever comes back gets a new row.
ERASED_OPENID: Final = "erased:"
_CONTRACT = "履行合同所必需（PIPL 第十三条第一款第二项）"
_CONSENT = "会员同意（PIPL 第十三条第一款第一项、第四十七条）"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Profile, addresses, logins, consents, growth and levels, groups, and what was asked about these data before."""
    mine = {"member_id": person.member_id}
    return {
        "会员": personal.table(
            Member.objects.filter(pk=person.member_id), "public_id", "openid", "unionid", "nickname", "avatar_url",
            "phone", "birthday", "growth", "level_since", "level_valid_until", "registered_at", "last_login_at",
            等级="level__name",
        ),
        "收货地址": personal.table(
            Address.objects.filter(**mine).order_by("id"), "name", "phone", "province", "city", "district",
            "detail", "postal_code", "latitude", "longitude", "is_default",
        ),
        "登录会话": personal.table(
            Session.objects.filter(**mine).order_by("id"), "started_at", "refresh_expires_at", "revoked_at",
            "revoked_why",
        ),
        "同意记录": personal.table(
            Consent.objects.filter(**mine).order_by("id"), "act", "at", 文件="document__kind", 版本="document__version"
        ),
        "上传的图片": [
            {**upload, "文件": address(upload["文件"], Size.FULL)}
            for upload in personal.table(
                Upload.objects.filter(**mine).exclude(file="").order_by("id"),
                "public_id", "purpose", "file", "uploaded_at", "taken_at",
            )
        ],
        "成长值流水": personal.table(
            GrowthEntry.objects.filter(**mine).order_by("id"), "change", "business_key", "counts_at", "at"
        ),
        "等级变更": personal.table(
            LevelChange.objects.filter(**mine).order_by("id"), "why", "note", "at",
            原等级="from_level__name", 新等级="to_level__name",
        ),
        "会员分组": personal.table(
            Membership.objects.filter(**mine).order_by("id"), "added_at", 名称="group__name"
        ),
        "个人信息导出": personal.table(
            ExportRequest.objects.filter(**mine).order_by("id"), "status", "asked_at", "made_at", "fetched_at"
        ),
        "注销申请": personal.table(
            ErasureRequest.objects.filter(**mine).order_by("id"), "status", "asked_at", "until", "ended_at"
        ),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Empty the member's row and free the openid; delete addresses, logins, groups and files made for the member.

    The row itself stays, because orders and ledgers point to it.
    """
    mine = {"member_id": person.member_id}
    Address.objects.filter(**mine).delete()
    Session.objects.filter(**mine).delete()
    Membership.objects.filter(**mine).delete()
    uploads.erase_of_member(member_id=person.member_id, all_of_them=True)
    ExportRequest.objects.filter(**mine).exclude(status=ExportRequest.Status.EXPIRED).update(
        status=ExportRequest.Status.EXPIRED, file=None
    )
    Member.objects.filter(pk=person.member_id, erased_at=None).update(
        openid=f"{ERASED_OPENID}{person.public_id}",
        unionid="",
        nickname="",
        avatar_url="",
        phone="",
        birthday=None,
        birthday_set_at=None,
        level_valid_until=None,
        last_login_at=None,
        disabled_at=at,
        erased_at=at,
    )


def forget_old(*, at: datetime, limit: int) -> int:
    """Delete files whose week is over; sessions have a sweep of their own."""
    return exports.forget_past(at=at, limit=limit)


def overdue(*, at: datetime) -> int:
    """How many files and dead sessions should be gone, and members that were erased but are named still."""
    files = ExportRequest.objects.filter(status=ExportRequest.Status.READY, until__lte=at)
    old = at - sessions.KEEP_DEAD
    dead = Session.objects.filter(Q(revoked_at__lt=old) | Q(refresh_expires_at__lt=old))
    named = Member.objects.filter(erased_at__isnull=False).exclude(openid__startswith=ERASED_OPENID)
    unused = Upload.objects.filter(taken_at__isnull=True, uploaded_at__lte=at - uploads.KEEP_UNUSED)
    return files.count() + dead.count() + named.count() + unused.count()


ROOM = Room(
    name="members",
    holdings=(
        Holding(
            model="members.Member",
            personal=("openid", "unionid", "nickname", "avatar_url", "phone", "birthday"),
            exported="会员",
            fate=Fate.EMPTIED,
            kept="会员撤回同意（openid 除外）或注销为止",
            why=f"openid：{_CONTRACT}；其余：{_CONSENT}",
        ),
        Holding(
            model="members.Upload",
            personal=("file",),
            exported="上传的图片",
            fate=Fate.DELETED,
            kept="未被使用的一天，其余至不再使用、会员撤回同意或注销为止",
            why=_CONSENT,
        ),
        Holding(
            model="members.Address",
            personal=(
                *("name", "phone", "province", "city", "district", "detail", "postal_code"),
                *("latitude", "longitude"),
            ),
            exported="收货地址",
            fate=Fate.DELETED,
            kept="会员自行删除或注销为止",
            why=_CONTRACT,
        ),
        Holding(
            model="members.Session",
            plain=("revoked_why",),
            exported="登录会话",
            fate=Fate.DELETED,
            kept="失效后 30 天",
            why="保障账号安全：识别被盗用的令牌；令牌只存散列值",
        ),
        Holding(
            model="members.SpentRefresh",
            plain=("device", "sealed"),
            not_exported="已用令牌的散列值，不可读",
            fate=Fate.DELETED,
            kept="与登录会话相同",
            why="保障账号安全",
        ),
        Holding(
            model="members.Consent",
            exported="同意记录",
            fate=Fate.NAMELESS,
            kept="长期",
            why="证明处理有合法依据（PIPL 第六十九条举证责任），只增不改",
        ),
        Holding(
            model="members.GrowthEntry",
            exported="成长值流水",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="成长值等于流水之和，只增不改；会员注销后不再指向个人",
        ),
        Holding(
            model="members.LevelChange",
            plain=("note",),
            exported="等级变更",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why="等级权益的依据，只增不改；会员注销后不再指向个人",
        ),
        Holding(
            model="members.Membership",
            exported="会员分组",
            fate=Fate.DELETED,
            kept="移出分组或注销为止",
            why="经营所需的分组，仅操作员可见",
        ),
        Holding(
            model="members.ExportRequest",
            personal=("file",),
            plain=("last_error",),
            exported="个人信息导出",
            fate=Fate.EMPTIED,
            kept=f"文件：生成后 {exports.FILE_KEPT.days} 天；申请记录长期",
            why="会员的查阅、复制权（PIPL 第四十五条）；记录用于证明已经履行",
        ),
        Holding(
            model="members.ErasureRequest",
            plain=("reason", "held_up_by", "last_error"),
            exported="注销申请",
            fate=Fate.NAMELESS,
            kept="长期",
            why="会员的删除权（PIPL 第四十七条）；记录用于证明已经履行",
        ),
    ),
    export=export,
    erase=erase,
    forget_old=forget_old,
    overdue=overdue,
)
