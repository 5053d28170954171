"""Who is on the way, what was done to them and why not; and what staff have to do for members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import finding
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, link
from apps.base.asking import operator
from apps.base.seeking import Through
from apps.journeys import forms, steps
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.models import Participation, StaffTask, StepRecord
from apps.journeys.states import TASK, Arm, Outcome, Standing, TaskStatus
from apps.journeys.steps import Message
from apps.orders import selectors as order_facts

_COLOURS: Final[dict[str, str]] = {
    Standing.WALKING: "info",
    Standing.FINISHED: "success",
    Standing.LEFT: "warning",
    Outcome.DONE: "success",
    Outcome.SKIPPED: "warning",
    Outcome.HELD: "danger",
    TaskStatus.OPEN: "warning",
    TaskStatus.DONE: "success",
}
_TASK: Final = "journeys.change_stafftask"


class RecordInline(ReadOnlyTabular):
    """What steps did, or why they did nothing."""

    model = StepRecord
    verbose_name_plural = "做过的事"
    fields = ["at", "step", "what", "result", "detail", "message"]
    readonly_fields = fields
    ordering = ["at", "step"]

    @admin.display(description="动作")
    def what(self, row: StepRecord) -> str:
        kind = steps.STEPS.get(row.kind)
        return kind.label if kind is not None else row.kind

    @admin.display(description="结果")
    def result(self, row: StepRecord) -> SafeString:
        shown = chip(row.get_outcome_display(), _COLOURS.get(row.outcome, ""))
        return format_html("{} {}", shown, row.get_reason_display()) if row.reason else shown

    @admin.display(description="消息后来")
    def message(self, row: StepRecord) -> SafeString | str:
        """What messaging made of it: whether it was told, and why not."""
        if row.kind != Message.kind or row.outcome != Outcome.DONE:
            return "—"
        told = journey_facts.messages_of(row.participation).get(row.step)
        if told is None:
            return "—"
        text = f"{told.get_status_display()}{'，' + told.get_reason_display() if told.reason else ''}"
        read = "，已阅读" if told.read_at is not None else ""
        return link(reverse("admin:messaging_message_change", args=[told.pk]), f"{text}{read}")


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    """Members in journeys, searched by the member's number."""

    list_display = ["member", "journey", "standing", "group", "next_step", "next_due_at", "entered_at"]
    list_filter = ["journey", "status", "arm", "exit"]
    list_select_related = ["member", "journey", "version"]
    found_by = (
        finding.Number("member__public_id"),
        Through("subject", owner="member", whose=order_facts.buyers_of, how="exact"),
    )
    search_help_text = "会员编号或订单号"
    linked_by = ("member__id__exact",)
    fields = [
        ("member", "journey", "version"),
        ("standing", "group"),
        ("next_step", "next_due_at"),
        ("subject", "entered_at", "ended_at"),
    ]
    readonly_fields = ["standing", "group", "next_step"]
    inlines = [RecordInline]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Participation) -> SafeString:
        shown = chip(row.get_status_display(), _COLOURS.get(row.status, ""))
        return format_html("{} {}", shown, row.get_exit_display()) if row.exit else shown

    @admin.display(description="分组", ordering="arm")
    def group(self, row: Participation) -> SafeString:
        return chip(row.get_arm_display(), "warning" if row.arm == Arm.HOLDOUT else "")

    @admin.display(description="下一步")
    def next_step(self, row: Participation) -> str:
        if row.status != Standing.WALKING:
            return "—"
        lines = journey_facts.told_of(row.version)
        return f"{row.cursor}. {lines[row.cursor - 1][0].step.label}" if row.cursor else "走完"


@admin.register(StaffTask)
class StaffTaskAdmin(ReadOnlyAdmin):
    """What staff have to do for members, and what came of it."""

    list_display = ["text", "member", "state", "of", "created_at", "done_by", "done_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["member", "participation__journey", "done_by"]
    found_by = (finding.Number("member__public_id"),)
    search_help_text = "会员编号"
    fields = ["text", ("member", "of"), ("state", "created_at"), ("done_by", "done_at"), "note"]
    readonly_fields = ["state", "of"]
    actions_detail = ["finish", "drop"]

    def usable(self, row: StaffTask) -> list[str]:
        """Both ways out, while it waits."""
        return [name for name, move in TASK.moves.items() if row.status in move.sources]

    @admin.display(description="状态", ordering="status")
    def state(self, row: StaffTask) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))

    @admin.display(description="出自")
    def of(self, row: StaffTask) -> SafeString:
        page = reverse("admin:journeys_participation_change", args=[row.participation_id])
        return link(page, row.participation.journey.title)

    @action(description="完成", permissions=[_TASK], url_path="finish", icon="done")
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._closed(request, object_id, forms.FinishTaskForm, journeys.finish_task, "已记为完成。")

    @action(description="作废", permissions=[_TASK], url_path="drop", icon="close")
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._closed(request, object_id, forms.DropTaskForm, journeys.drop_task, "已作废。")

    def _closed(
        self, request: HttpRequest, object_id: str, form: Any, close: Callable[..., None], told: str
    ) -> HttpResponse:
        row: StaffTask = self.row(request, object_id)

        def closed(typed: Any) -> str:
            note, at = typed.cleaned_data["note"], timezone.now()
            close(task_id=row.pk, note=note, operator=operator(request), at=at)
            return told

        return self.ask(request, form, closed, row=row, heading=row.text)
