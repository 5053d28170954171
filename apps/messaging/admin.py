"""Messages for operators: what was sent to whom and why or why not, what will be, grants, and what failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import fault_words
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column
from apps.base.finding import Number
from apps.base.seeking import Recent, Whole
from apps.messaging import admin_progress, admin_rules, board, forms
from apps.messaging.models import Card, Dispatch, Grant, GrantEntry, Message
from apps.messaging.services import carrying, deciding
from apps.messaging.states import CardStatus, DispatchStatus, MessageStatus
from apps.wechat.service_cards import Progress

__all__ = ["MessageAdmin", "admin_progress", "admin_rules"]

_MESSAGE: dict[str, str] = {
    MessageStatus.WAITING: "info",
    MessageStatus.HELD: "warning",
    MessageStatus.TOLD: "success",
    MessageStatus.FAILED: "danger",
}
_WAY: dict[str, str] = {
    DispatchStatus.WAITING: "info",
    DispatchStatus.SENDING: "info",
    DispatchStatus.HELD: "warning",
    DispatchStatus.SENT: "success",
    DispatchStatus.UNKNOWN: "warning",
    DispatchStatus.FAILED: "danger",
}


_CARD: dict[str, str] = {
    CardStatus.BEGINNING: "info",
    CardStatus.LIVE: "success",
    CardStatus.FAILED: "danger",
}
_PROGRESS: dict[int, str] = {
    Progress.PAID: "已付款",
    Progress.TO_SHIP: "待发货",
    Progress.PARTLY_SHIPPED: "部分发货",
    Progress.SHIPPED: "已发货",
    Progress.SHIPPED_AGAIN: "再次发货",
    Progress.SIGNED: "已签收",
    Progress.AFTER_SALES: "售后中",
    Progress.DONE: "已完成",
    Progress.AFTER_SALES_DONE: "售后完成",
    Progress.CANCELLED: "已取消",
    Progress.AFTER_SALES_CLOSED: "售后关闭",
}


class SceneFilter(admin.SimpleListFilter):
    """By the scenes of the board."""

    title = "场景"
    parameter_name = "scene"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, scene.title) for name, scene in board.scenes().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(scene=self.value()) if self.value() else queryset


def scene_title(name: str) -> str:
    """What operators call a scene; the board may have it no more."""
    scene = board.scenes().get(name)
    return scene.title if scene is not None else name


class WayInline(ReadOnlyTabular):
    model = Dispatch
    verbose_name_plural = "渠道"
    trouble = fault_column("fault", "错误")
    fields = ["channel", "standing", "why", "tries", "tried_at", "due_at", "ended_at", "msgid", "trouble"]
    readonly_fields = ["trouble", "standing", "why"]

    @admin.display(description="状态")
    def standing(self, row: Dispatch) -> SafeString:
        return chip(row.get_status_display(), _WAY.get(row.status, ""))

    @admin.display(description="原因")
    def why(self, row: Dispatch) -> str:
        return row.get_reason_display() or "—"


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every message: told or not, by which channel, and why not. What is still to come waits here, too."""

    trouble = fault_column("fault", "错误")
    list_display = ["due_at", "what", "member", "subject", "standing", "why", "by", "ended_at", "read_at"]
    list_filter = ["status", "reason", "channel", SceneFilter, "marketing", "due_at"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"), Whole("order_no"), Recent("subject", whole=True))
    search_help_text = "会员编号或订单号；业务编号（如售后单号）在最近 10 万条里查找"
    linked_by = ["member__id__exact", "broadcast__id__exact", "reason__exact"]
    ordering = ["-id"]
    fields = [
        ("member", "what", "marketing"),
        ("subject", "occasion", "order_no"),
        ("standing", "why", "by"),
        ("written_at", "due_at", "expires_at"),
        ("ended_at", "read_at"),
        "title",
        "text",
        "page",
        ("tries", "trouble"),
    ]
    readonly_fields = ["trouble", "what", "standing", "why", "by"]
    inlines = [WayInline]
    actions_detail = ["repeat"]

    def usable(self, row: Message) -> list[str]:
        """Only what failed is tried again by hand."""
        return ["repeat"] if row.status == MessageStatus.FAILED else []

    @admin.display(description="场景", ordering="scene")
    def what(self, row: Message) -> str:
        return scene_title(row.scene)

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Message) -> SafeString:
        return chip(row.get_status_display(), _MESSAGE.get(row.status, ""))

    @admin.display(description="原因", ordering="reason")
    def why(self, row: Message) -> str:
        """Why nothing was sent, was put off, or went into the inbox only."""
        return row.get_reason_display() or "—"

    @admin.display(description="渠道", ordering="channel")
    def by(self, row: Message) -> str:
        """By what it left the shop, beside the inbox."""
        if row.channel:
            return f"收件箱、{row.get_channel_display()}"
        return "收件箱" if row.status == MessageStatus.TOLD else "—"

    @action(description="重试", permissions=["messaging.repeat_message"], url_path="repeat", icon="replay")
    def repeat(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def repeat(form: forms.RepeatForm) -> str:
            deciding.repeat(message_id=row.pk, at=timezone.now())
            return "已重新排队，稍后刷新查看结果"

        heading = f"{scene_title(row.scene)} · {row.member}"
        return self.ask(request, forms.RepeatForm, repeat, row=row, heading=heading)


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    """Messages on their way by WeChat or SMS; what failed for good waits here for somebody."""

    trouble = fault_column("fault", "错误")
    list_display = ["due_at", "what", "member", "channel", "standing", "why", "tries", "trouble", "ended_at"]
    list_filter = ["status", "reason", "channel", "tried_at"]
    list_select_related = ["member", "message"]
    found_by = (
        Number("member__public_id"),
        Whole("msgid"),
        Whole("message__order_no"),
        Recent("message__subject", whole=True),
    )
    search_help_text = "会员编号、订单号或微信消息编号；业务编号在最近 10 万条里查找"
    linked_by = ["member__id__exact"]
    fields = [
        ("message", "member", "channel"),
        ("template", "msgid"),
        ("standing", "why", "tries"),
        ("due_at", "tried_at", "ended_at"),
        "trouble",
    ]
    readonly_fields = ["trouble", "what", "standing", "why"]
    actions_detail = ["repeat"]

    def usable(self, row: Dispatch) -> list[str]:
        """Only what failed is tried again by hand; of what is unknown nobody knows whether it was sent."""
        return ["repeat"] if row.status == DispatchStatus.FAILED else []

    @admin.display(description="场景", ordering="message__scene")
    def what(self, row: Dispatch) -> str:
        return scene_title(row.message.scene)

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Dispatch) -> SafeString:
        return chip(row.get_status_display(), _WAY.get(row.status, ""))

    @admin.display(description="原因", ordering="reason")
    def why(self, row: Dispatch) -> str:
        return row.get_reason_display() or "—"

    @action(description="重试", permissions=["messaging.repeat_dispatch"], url_path="repeat", icon="replay")
    def repeat(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def repeat(form: forms.RepeatForm) -> str:
            carrying.repeat(dispatch_id=row.pk, at=timezone.now())
            return "已重新排队，稍后刷新查看结果"

        facts = [("原因", row.get_reason_display()), ("错误", fault_words.told(row.fault))]
        heading = f"{scene_title(row.message.scene)} · {row.member}"
        return self.ask(request, forms.RepeatForm, repeat, row=row, heading=heading, facts=facts)


class EntryInline(ReadOnlyTabular):
    model = GrantEntry
    fk_name = "grant"
    verbose_name_plural = "流水"
    fields = ["at", "what", "change", "source", "business_key"]
    readonly_fields = fields


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """How many messages of each template a member has accepted and were not used, and everything that moved it."""

    list_display = ["member", "template", "balance"]
    list_filter = ["template"]
    list_select_related = ["member", "template"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"
    linked_by = ["member__id__exact"]
    fields = [("member", "template", "balance")]
    inlines = [EntryInline]


@admin.register(Card)
class CardAdmin(ReadOnlyAdmin):
    """Cards of 服务动态: how far each says its order is."""

    trouble = fault_column("fault", "错误")
    list_display = [
        "order_no",
        "member",
        "standing",
        "wanted_word",
        "told_word",
        "due_at",
        "tries",
        "trouble",
    ]
    list_filter = ["status", "paid_at"]
    list_select_related = ["member"]
    found_by = (Number("order_no"), Number("member__public_id"), Recent("transaction_id", whole=True))
    search_help_text = "订单号或会员编号；微信支付单号在最近 10 万张里查找"
    fields = [
        ("order_no", "member", "standing"),
        ("wanted_word", "told_word", "ships_by"),
        ("transaction_id", "paid_at"),
        ("due_at", "tries"),
        "trouble",
    ]
    readonly_fields = ["trouble", "standing", "wanted_word", "told_word"]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Card) -> SafeString:
        return chip(row.get_status_display(), _CARD.get(row.status, ""))

    @admin.display(description="应显示进度", ordering="wanted")
    def wanted_word(self, row: Card) -> str:
        return _PROGRESS.get(row.wanted, str(row.wanted))

    @admin.display(description="已显示进度", ordering="told")
    def told_word(self, row: Card) -> str:
        return "—" if row.told is None else _PROGRESS.get(row.told, str(row.told))
