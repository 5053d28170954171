"""Shares for operators: who shows what, how many came, registered and ordered; what WeChat has not made yet."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, chip
from apps.base.finding import Number
from apps.base.seeking import Recent, Whole
from apps.shares import cards
from apps.shares import pictures_api as share_pictures
from apps.shares import selectors as share_facts
from apps.shares.models import LiveCard, Share, ShareOrder, Visit


class KindFilter(admin.SimpleListFilter):
    """By the kinds that the board has."""

    title = "类型"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.name, kind.label) for kind in cards.board()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.display(description="类型")
def _of_kind(row: Share | LiveCard) -> str:
    """What operators call the kind; the board may have it no more."""
    return next((kind.label for kind in cards.board() if kind.name == row.kind), "其他")


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """The funnel of each share: landing, visitor, registration, order, payment."""

    list_display = [
        "shared_at",
        "title",
        _of_kind,
        "member",
        "landings",
        "visitors",
        "registrations",
        "ordered",
        "paid",
        "standing",
    ]
    list_filter = [KindFilter, "shared_at"]
    list_select_related = ["member"]
    found_by = (Number("token"), Whole("subject", beside={"kind": cards.names}), Number("member__public_id"))
    search_help_text = "分享码、内容编号或会员编号"
    fields = [
        ("title", _of_kind, "subject"),
        ("member", "token"),
        ("opened_at", "shared_at"),
        ("landings", "visitors", "registrations", "ordered", "paid"),
        ("standing", "due_at", "tries"),
        "fault",
        "pictures",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        return share_facts.with_funnel()

    @admin.display(description="到访次数", ordering="landings")
    def landings(self, row: Any) -> int:
        return int(row.landings)

    @admin.display(description="访客", ordering="visitors")
    def visitors(self, row: Any) -> int:
        return int(row.visitors)

    @admin.display(description="注册", ordering="registrations")
    def registrations(self, row: Any) -> int:
        return int(row.registrations)

    @admin.display(description="下单", ordering="ordered")
    def ordered(self, row: Any) -> int:
        return int(row.ordered)

    @admin.display(description="支付", ordering="paid")
    def paid(self, row: Any) -> int:
        return int(row.paid)

    @admin.display(description="小程序码与海报")
    def standing(self, row: Share) -> SafeString:
        if row.is_made:
            return chip("已生成", "success")
        return chip("生成失败，将重试", "danger") if row.fault else chip("生成中", "info")

    @admin.display(description="图片")
    def pictures(self, row: Share) -> SafeString | str:
        if not row.is_made:
            return "—"
        return format_html(
            '<img src="{}" height="160" alt="小程序码"> <img src="{}" height="320" alt="海报">',
            share_pictures.address(row, "code"),
            share_pictures.address(row, "poster"),
        )


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """Who came by which share, a row a day."""

    list_display = ["first_at", "share", "sharer", "member", "landings", "last_at", "registered"]
    list_filter = ["registered", "day"]
    list_select_related = ["share__member", "member"]
    found_by = (Number("share__token"), Number("member__public_id"))
    search_help_text = "分享码或会员编号"
    fields = [("share", "day"), ("member", "visitor_id"), ("first_at", "last_at", "landings"), "registered"]

    @admin.display(description="分享人")
    def sharer(self, row: Visit) -> str:
        return str(row.share.member)


@admin.register(ShareOrder)
class ShareOrderAdmin(ReadOnlyAdmin):
    """Orders of members who had come by a share."""

    list_display = ["placed_at", "order_no", "share", "sharer", "member", "visited_at", "paid_at"]
    list_filter = ["placed_at"]
    list_select_related = ["share__member", "member"]
    found_by = (Number("order_no"), Number("share__token"), Number("member__public_id"))
    search_help_text = "订单号、分享码或会员编号"
    fields = [("order_no", "share", "member"), ("visited_at", "placed_at", "paid_at")]

    @admin.display(description="分享人")
    def sharer(self, row: ShareOrder) -> str:
        return str(row.share.member)


@admin.register(LiveCard)
class LiveCardAdmin(ReadOnlyAdmin):
    """What cards in chats say of groups."""

    list_display = ["opened_at", _of_kind, "subject", "progress", "expires_at", "begun", "over", "fault"]
    list_filter = ["over", "begun"]
    found_by = (Recent("subject", whole=True),)
    search_help_text = "内容编号，如团号"
    fields = [
        (_of_kind, "subject", "path"),
        ("progress", "told_members"),
        ("activity_id", "expires_at"),
        ("begun", "over"),
        ("due_at", "tries", "fault"),
    ]

    @admin.display(description="进度")
    def progress(self, row: LiveCard) -> str:
        return f"{row.members}/{row.limit}"
