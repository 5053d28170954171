"""Mass sends for operators: drafted, started, watched, paused, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, chip
from apps.base.asking import Done, operator
from apps.messaging import forms
from apps.messaging import selectors as message_facts
from apps.messaging.inputs import at_fields
from apps.messaging.models import Broadcast
from apps.messaging.services import broadcasts, ruling
from apps.messaging.states import BROADCAST, BroadcastStatus, DispatchStatus, MessageStatus, Reason

_COLOURS: dict[str, str] = {
    BroadcastStatus.RUNNING: "info",
    BroadcastStatus.PAUSED: "warning",
    BroadcastStatus.DONE: "success",
    BroadcastStatus.CANCELLED: "danger",
}
_PERMISSION = "messaging.send_broadcast"


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    """Mass sends; reload the page to see them advance."""

    list_display = ["id", "content", "audience", "standing", "prepared", "due_at", "operator", "ended_at"]
    list_filter = ["status", "due_at"]
    list_select_related = ["content", "operator"]
    fields = [
        ("content", "standing", "due_at"),
        "words",
        ("audience", "level", "group"),
        ("prepared", "unknown"),
        "progress",
        "why_not",
        ("operator", "created_at", "ended_at"),
    ]
    readonly_fields = ["standing", "words", "prepared", "progress", "why_not"]
    actions_list = ["draft"]
    actions_detail = ["start", "pause", "resume", "cancel"]

    def usable(self, row: Broadcast) -> list[str]:
        """The moves from where it stands."""
        return [
            name
            for name, move in BROADCAST.moves.items()
            if row.status in move.sources and name in self.actions_detail
        ]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Broadcast) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))

    @admin.display(description="正文")
    def words(self, row: Broadcast) -> SafeString:
        content = row.content
        return format_html(
            "<strong>{}</strong><div>{}</div><div>{}</div>", content.title, content.text, content.page
        )

    @admin.display(description="已准备")
    def prepared(self, row: Broadcast) -> str:
        return f"{row.written:,} / {row.total:,}（{row.written * 100 // max(row.total, 1)}%）"

    @admin.display(description="进度")
    def progress(self, row: Broadcast) -> SafeString:
        """Members by what became of their message, and of what left the shop."""
        found = message_facts.progress(row)
        lines = [
            (MessageStatus(status).label, f"{rows:,}") for status, rows in sorted(found.messages.items())
        ]
        lines += [
            (f"微信：{DispatchStatus(status).label}", f"{rows:,}")
            for status, rows in sorted(found.ways.items())
        ]
        lines.append(("已阅读", f"{found.read:,}"))
        return format_html_join("", "<div>{} {}</div>", lines)

    @admin.display(description="未发送或仅进收件箱的原因")
    def why_not(self, row: Broadcast) -> SafeString | str:
        found = message_facts.progress(row).reasons
        page = reverse("admin:messaging_message_changelist")
        lines = [
            (
                f"{page}?{urlencode({'broadcast__id__exact': str(row.pk), 'reason__exact': reason})}",
                Reason(reason).label,
                f"{rows:,}",
            )
            for reason, rows in sorted(found.items(), key=lambda each: -each[1])
        ]
        return format_html_join("", '<div><a href="{}" class="text-link">{}</a> {}</div>', lines) or "—"

    @action(description="新建群发", permissions=[_PERMISSION], url_path="draft", icon="campaign")
    def draft(self, request: HttpRequest) -> HttpResponse:
        def draft(form: forms.BroadcastForm) -> Done:
            typed = form.cleaned_data
            now = timezone.now()
            with at_fields(ruling.ContentRefused, name="fields_text"):
                row = broadcasts.draft(
                    content=form.content(),
                    audience=typed["audience"],
                    level=typed["level"],
                    group=typed["group"],
                    member_numbers=form.member_numbers(),
                    due_at=typed["due_at"] or now,
                    token=typed["token"].hex,
                    operator=operator(request),
                    at=now,
                )
            unknown = f"，{row.unknown} 个编号无法识别" if row.unknown else ""
            return Done(f"已存为草稿，共 {row.total:,} 人{unknown}。", then=self.page_of(row), about=row)

        return self.ask(request, forms.BroadcastForm, draft)

    @action(description="开始", permissions=[_PERMISSION], url_path="start", icon="play_arrow")
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        due_at = self.row(request, object_id).due_at
        when = f"{timezone.localtime(due_at):%Y-%m-%d %H:%M}"
        if due_at <= timezone.now():
            when += "（已过，开始后立即发送）"
        return self._moved(
            request,
            object_id,
            forms.StartForm,
            broadcasts.start,
            "已开始，可在本页查看进度。",
            facts=[("发送时间", when)],
        )

    @action(description="暂停", permissions=[_PERMISSION], url_path="pause", icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.PauseForm, broadcasts.pause, "已暂停。")

    @action(description="恢复", permissions=[_PERMISSION], url_path="resume", icon="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.ResumeForm, broadcasts.resume, "已恢复。")

    @action(description="取消", permissions=[_PERMISSION], url_path="cancel", icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.CancelForm, broadcasts.cancel, "已取消，其余不再发送。")

    def _moved(
        self,
        request: HttpRequest,
        object_id: str,
        form: Any,
        move: Callable[..., Any],
        told: str,
        *,
        facts: Sequence[tuple[str, str]] = (),
    ) -> HttpResponse:
        row = self.row(request, object_id)

        def moved(_: Any) -> str:
            move(broadcast_id=row.pk, at=timezone.now())
            return told

        heading = f"{row.content.title} · {self.prepared(row)}"
        return self.ask(request, form, moved, row=row, heading=heading, facts=facts)
