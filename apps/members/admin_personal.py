"""What members asked about their own data, for operators: how far it is, what holds it up, and acting in their name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, days
from apps.base.admin import ReadOnlyAdmin, chip, fault_column
from apps.base.asking import operator
from apps.base.finding import Number
from apps.members import forms
from apps.members.models import ErasureRequest, ExportRequest
from apps.members.services import erasures
from mall.errors import ShopError

# Who may act in a member's name.
_ACT: Final = "members.change_erasurerequest"
# By the status of either kind of request; what has no colour is over.
_COLOURS = {"READY": "success", "DONE": "success", "WAITING": "info"}


@admin.register(ExportRequest)
class ExportRequestAdmin(ReadOnlyAdmin):
    """Files that members asked for. What is in them is their members' alone; no page shows it."""

    trouble = fault_column("last_error", "最近错误")
    list_display = ["member", "code", "state", "asked_at", "made_at", "until", "fetched_at", "trouble"]
    list_filter = ["status", "asked_at"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"
    fields = [
        ("member", "code", "state"),
        ("asked_at", "made_at", "until", "fetched_at"),
        ("attempts", "due_at", "trouble"),
    ]
    readonly_fields = ["trouble", "code", "state"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExportRequest]:
        return super().get_queryset(request).defer("file")

    @admin.display(description="会员编号")
    def code(self, row: ExportRequest) -> str:
        return row.member.public_id

    @admin.display(description="状态", ordering="status")
    def state(self, row: ExportRequest) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    """Who asked to be erased, how far that is, and what stands in the way."""

    trouble = fault_column("last_error", "最近错误")
    list_display = ["member", "code", "state", "asked_at", "until", "ended_at", "held_up", "trouble"]
    list_filter = ["status", "asked_at"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"
    fields = [
        ("member", "code", "state"),
        ("asked_at", "until", "ended_at"),
        "open_now",
        ("operator", "reason"),
        ("closed_at", "due_at", "attempts"),
        "trouble",
    ]
    readonly_fields = ["trouble", "code", "state", "open_now"]
    actions_list = ["ask_for_member"]
    actions_detail = ["take_back"]

    @admin.display(description="会员编号")
    def code(self, row: ErasureRequest) -> str:
        return row.member.public_id

    @admin.display(description="状态", ordering="status")
    def state(self, row: ErasureRequest) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))

    @admin.display(description="未了结", boolean=True)
    def held_up(self, row: ErasureRequest) -> bool | None:
        """A cross where the sweep found something open; nothing where it has not looked or found nothing."""
        return False if row.held_up_by else None

    @admin.display(description="未了结事项（当前）")
    def open_now(self, row: ErasureRequest) -> SafeString | str:
        """Asked afresh: what the sweep saw may be settled since."""
        if row.status != ErasureRequest.Status.WAITING:
            return "—"
        found = ((one.text, "、".join(one.numbers)) for one in erasures.still_open(member=row.member))
        return format_html_join("", "<div>{} {}</div>", found) or "无"

    @action(description="代会员申请注销", url_path="ask", permissions=[_ACT], icon="person_remove")
    def ask_for_member(self, request: HttpRequest) -> HttpResponse:
        """Ask in the name of a member who wrote or called; the seven days begin now."""

        def act(form: Any) -> str:
            typed, at = form.cleaned_data, timezone.now()
            member, reason = typed["member"], typed["reason"]
            try:
                asked = erasures.ask(member=member, operator=operator(request), reason=reason, at=at)
            except erasures.ErasureBlocked as refusal:
                raise erasures.ErasureBlocked(_with_numbers(refusal)) from refusal
            _note(request, "代会员申请注销", asked, reason)
            return f"已申请注销，{days.minute(asked.until, at=at)} 前可撤回。"

        return self.ask(request, forms.AskErasureForm, act, heading="个人信息保护法第四十七条")

    @action(description="撤回注销申请", url_path="take-back", permissions=[_ACT], icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the request back in the member's name."""
        row: ErasureRequest = self.row(request, object_id)

        def act(form: Any) -> str:
            erasures.take_back(member=row.member, operator=operator(request), at=timezone.now())
            _note(request, "撤回注销申请", row, form.cleaned_data["reason"])
            return "已撤回，会员继续使用原账号。"

        heading = f"{row.member} · {row.get_status_display()}"
        return self.ask(request, forms.TakeBackErasureForm, act, row=row, heading=heading)

    def usable(self, row: ErasureRequest) -> Collection[str]:
        return {"take_back"} if row.status == ErasureRequest.Status.WAITING else ()


def _note(request: HttpRequest, act: str, row: ErasureRequest, reason: str) -> None:
    audit.record(
        operator=operator(request), action=act, subject=row.member.public_id, note=reason, at=timezone.now()
    )


def _with_numbers(refusal: ShopError) -> str:
    """A refusal with everything that is open, number by number."""
    found: list[dict[str, Any]] = refusal.details["open"]
    return "；".join([refusal.text, *(" ".join([one["text"], *one["numbers"]]) for one in found)])
