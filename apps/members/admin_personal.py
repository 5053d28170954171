"""What members asked about their own data, for operators: how far it is, what holds it up, and acting in their name."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit
from apps.base.admin import ReadOnlyAdmin, chip, form_page, said
from apps.members import forms
from apps.members.models import ErasureRequest, ExportRequest
from apps.members.services import erasures
from mall.errors import ShopError

# By the status of either kind of request; what has no colour is over.
_COLOURS = {"READY": "success", "DONE": "success", "WAITING": "info"}


@admin.register(ExportRequest)
class ExportRequestAdmin(ReadOnlyAdmin):
    """Files that members asked for. What is in them is their members' alone; no page shows it."""

    list_display = ["member", "code", "state", "asked_at", "made_at", "until", "fetched_at", "last_error"]
    list_filter = ["status", "asked_at"]
    list_select_related = ["member"]
    search_fields = ["=member__public_id"]
    search_help_text = "会员编号"
    fields = [
        ("member", "code", "state"),
        ("asked_at", "made_at", "until", "fetched_at"),
        ("attempts", "due_at", "last_error"),
    ]
    readonly_fields = ["code", "state"]

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

    list_display = ["member", "code", "state", "asked_at", "until", "ended_at", "held_up", "last_error"]
    list_filter = ["status", "asked_at"]
    list_select_related = ["member"]
    search_fields = ["=member__public_id"]
    search_help_text = "会员编号"
    fields = [
        ("member", "code", "state"),
        ("asked_at", "until", "ended_at"),
        "open_now",
        ("operator", "reason"),
        ("closed_at", "due_at", "attempts"),
        "last_error",
    ]
    readonly_fields = ["code", "state", "open_now"]
    actions_list = ["ask"]
    actions_detail = ["take_back"]

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this operator may ask, and take back, in a member's name."""
        return request.user.has_perm("members.change_erasurerequest")

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

    @action(description="代会员申请注销", url_path="ask", permissions=["operate"], icon="person_remove")
    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask in the name of a member who wrote or called; the seven days begin now."""
        form = forms.AskErasureForm(request.POST if request.method == "POST" else None)
        page = reverse("admin:members_erasurerequest_changelist")
        if form.is_valid():
            member, at = form.cleaned_data["member"], timezone.now()
            reason = form.cleaned_data["reason"]
            try:
                asked = erasures.ask(member=member, operator=request.user, reason=reason, at=at)
            except ShopError as refusal:
                form.add_error(None, _told(refusal))
            else:
                audit.record(
                    operator=request.user,
                    action="代会员申请注销",
                    subject=member.public_id,
                    note=reason,
                    at=at,
                )
                self.message_user(
                    request, f"已申请注销，{timezone.localtime(asked.until):%m-%d %H:%M} 前可撤回。"
                )
                return redirect(page)
        return form_page(self, request, form, heading="个人信息保护法第四十七条", back=page)

    @action(description="撤回注销申请", url_path="take-back", permissions=["operate"], icon="undo")
    @said
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the request back in the member's name."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = forms.TakeBackErasureForm(request.POST if request.method == "POST" else None)
        page = reverse("admin:members_erasurerequest_change", args=[row.pk])
        if form.is_valid():
            at, reason = timezone.now(), form.cleaned_data["reason"]
            try:
                erasures.take_back(member=row.member, operator=request.user, at=at)
            except ShopError as refusal:
                form.add_error(None, refusal.text)
            else:
                audit.record(
                    operator=request.user,
                    action="撤回注销申请",
                    subject=row.member.public_id,
                    note=reason,
                    at=at,
                )
                self.message_user(request, "已撤回，会员继续使用原账号。")
                return redirect(page)
        return form_page(self, request, form, heading=f"{row.member} · {row.get_status_display()}", back=page)


def _told(refusal: ShopError) -> str:
    """A refusal with everything that is open, number by number."""
    found: list[dict[str, Any]] = (refusal.details or {}).get("open", [])
    said_of_each = [" ".join([one["text"], *one["numbers"]]) for one in found]
    return "；".join([refusal.text, *said_of_each])
