"""Journeys for operators: what runs and what came of it, made from ready ones, started, paused, ended, copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from apps.base.admin import ReadOnlyTabular, chip, with_way
from apps.base.asking import Done, operator
from apps.journeys import admin_progress, forms, wording
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.admin_steps import EDITING, StepsAdmin, names_of
from apps.journeys.models import Journey, JourneyVersion
from apps.journeys.selectors import Side, StepResult
from apps.journeys.states import JOURNEY, JourneyStatus
from apps.journeys.steps import Action, Branch
from apps.messaging import board
from mall.money import priced

__all__ = ["admin_progress"]

_RUN: Final = "journeys.run_journey"
_COLOURS: Final[dict[str, str]] = {
    JourneyStatus.LIVE: "success",
    JourneyStatus.PAUSED: "warning",
    JourneyStatus.ENDED: "",
    JourneyStatus.DRAFT: "info",
}


class Stopped(admin.SimpleListFilter):
    """Those that the shop paused because they cannot go on."""

    title = gettext_lazy("无法继续")
    parameter_name = "stopped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "因引用失效或出错而暂停")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=journey_facts.stopped().values("pk"))


class VersionInline(ReadOnlyTabular):
    """What was in force, the newest first."""

    model = JourneyVersion
    verbose_name_plural = "历史版本"
    fields = ["number", "at", "operator", "meaning"]
    readonly_fields = fields

    @admin.display(description="步骤")
    def meaning(self, row: JourneyVersion) -> SafeString:
        lines = (
            ("\u3000" * placed.depth, placed.number, placed.step.label, told)
            for placed, told in journey_facts.told_of(row)
        )
        return format_html_join(mark_safe("<br>"), "{}{}. {}：{}", lines)


@admin.register(Journey)
class JourneyAdmin(StepsAdmin):
    """What happens to whoever meets a trigger."""

    form = forms.JourneyForm
    list_display = ["title", "state", "begins", "walking", "version", "started_at"]
    list_filter = ["status", Stopped]
    list_select_related = ["current"]
    search_fields = ["title", "code"]
    inlines = [VersionInline]
    actions_list = ["make_ready", "coming"]
    actions_detail = ["start", "publish", "pause", "resume", "results", *EDITING, "copy", "end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Journey]:
        walking = Count("participations", filter=Q(participations__status="WALKING"))
        return super().get_queryset(request).annotate(on_the_way=walking)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A new journey does not stand anywhere yet."""
        typed: list[Any] = ["title", "code", "note", ("holdout_percent", "measure_days")]
        return typed if obj is None else [("state", "walking", "version"), "lacking", *typed]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Who is held out follows from code and share: they stand still once it has begun."""
        shown = ["state", "walking", "version", "lacking"]
        begun = obj is not None and obj.status != JourneyStatus.DRAFT
        return [*shown, "code", "holdout_percent"] if begun else shown

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes the row."""
        journeys.save(obj, at=timezone.now())

    def usable(self, row: Journey) -> list[str]:
        """What the journey's standing has a use for; single steps are changed where they are listed."""
        moves = [name for name, move in JOURNEY.moves.items() if row.status in move.sources]
        edits = [] if row.status == JourneyStatus.ENDED else ["trigger", "rules", "add_step"]
        runs = ["publish"] if row.status in (JourneyStatus.LIVE, JourneyStatus.PAUSED) else []
        return [*moves, *edits, *runs, "copy", "results"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Journey) -> SafeString:
        shown = chip(row.get_status_display(), _COLOURS[row.status])
        return format_html("{} {}", shown, row.paused_for) if row.paused_for else shown

    @admin.display(description="进入条件")
    def begins(self, row: Journey) -> str:
        plan = row.plan if row.current is None else row.current.plan
        return wording.told_raw(plan.get("trigger") or {}, names=names_of(row))

    @admin.display(description="途中会员", ordering="on_the_way")
    def walking(self, row: Journey) -> SafeString | str:
        number = int(getattr(row, "on_the_way", 0))
        if not number:
            return "0"
        way = {"journey__id__exact": row.pk, "status__exact": "WALKING"}
        return with_way(f"{number:,} 人", "journeys_participation", **way)

    @admin.display(description="版本")
    def version(self, row: Journey) -> str:
        if row.current is None:
            return "未开始"
        return str(row.current) if row.current.plan == row.plan else f"{row.current}，有未发布的修改"

    @admin.display(description="尚缺内容")
    def lacking(self, row: Journey) -> SafeString | str:
        """What keeps the plan from being put in force."""
        if row.status == JourneyStatus.ENDED:
            return "—"
        try:
            journeys.check_plan(row, at=timezone.now())
        except journeys.FlowRefused as refusal:
            return format_html_join(mark_safe("<br>"), "{}", ((fault.text,) for fault in refusal.faults))
        return "无，可以开始" if row.status == JourneyStatus.DRAFT else "无"

    @action(
        description="从范例新建", permissions=["journeys.add_journey"], url_path="ready", icon="library_add"
    )
    def make_ready(self, request: HttpRequest) -> HttpResponse:
        def make(form: forms.ReadyForm) -> Done:
            row = journeys.make_ready(at=timezone.now(), **form.cleaned_data)
            return Done("已新建草稿，请补充后开始。", then=self.page_of(row), about=row)

        return self.ask(request, forms.ReadyForm, make)

    @action(
        description="将要发送的",
        permissions=["journeys.view_journey"],
        url_path="coming",
        icon="calendar_month",
    )
    def coming(self, request: HttpRequest) -> HttpResponse:
        at = timezone.now()
        scenes = {name: scene.title for name, scene in board.scenes().items()}
        found = [one._replace(what=scenes.get(one.what, one.what)) for one in journey_facts.coming(at=at)]
        context = {
            **self.admin_site.each_context(request),
            "title": "将要发送的",
            "days": journey_facts.days_of(found, at=at),
            "back": self.list_page(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/journeys/coming.html", context)

    @action(
        description="查看效果", permissions=["journeys.view_journey"], url_path="results", icon="bar_chart"
    )
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)
        found = journey_facts.results(row, at=timezone.now())
        told = (
            {} if row.current is None else {p.number: text for p, text in journey_facts.told_of(row.current)}
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row.title} · 效果",
            "journey": row,
            "results": found,
            "sides": [_side("实验组", found.treated), _side("对照组（什么都没收到）", found.held_out)],
            "steps": [_step(one, told[one.placed.number]) for one in found.steps],
            "back": self.page_of(row),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/journeys/results.html", context)

    @action(description="开始", permissions=[_RUN], url_path="start", icon="play_arrow")
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._put(request, object_id, forms.StartForm, journeys.start, "已开始。")

    @action(description="发布新版本", permissions=[_RUN], url_path="publish", icon="publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._put(
            request, object_id, forms.PublishForm, journeys.publish, "已发布，之后进入的会员按新版本。"
        )

    @action(description="暂停", permissions=[_RUN], url_path="pause", icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.PauseForm, journeys.pause, "已暂停。")

    @action(description="恢复", permissions=[_RUN], url_path="resume", icon="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.ResumeForm, journeys.resume, "已恢复。")

    @action(description="结束", permissions=[_RUN], url_path="end", icon="stop")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._moved(request, object_id, forms.EndForm, journeys.end, "已结束。")

    @action(description="复制", permissions=["journeys.add_journey"], url_path="copy", icon="content_copy")
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)

        def copy(form: forms.CopyForm) -> Done:
            typed, at = form.cleaned_data, timezone.now()
            made = journeys.copy(journey_id=row.pk, code=typed["code"], title=typed["called"], at=at)
            return Done("已复制为草稿。", then=self.page_of(made))

        initial = {"called": row.title, "code": journey_facts.free_codes([row.code])[row.code]}
        return self.ask(request, forms.CopyForm, copy, row=row, heading=row.title, initial=initial)

    def _moved(
        self, request: HttpRequest, object_id: str, form: Any, move: Callable[..., Any], told: str
    ) -> HttpResponse:
        row: Journey = self.row(request, object_id)

        def moved(_: Any) -> str:
            move(journey_id=row.pk, at=timezone.now())
            return told

        facts = [("途中会员", f"{int(getattr(row, 'on_the_way', 0)):,} 人")]
        return self.ask(request, form, moved, row=row, heading=row.title, facts=facts)

    def _put(
        self, request: HttpRequest, object_id: str, form: Any, put: Callable[..., Any], told: str
    ) -> HttpResponse:
        """Put the plan in force as it was looked at."""
        row: Journey = self.row(request, object_id)

        def moved(_: Any) -> str:
            put(journey_id=row.pk, operator=operator(request), at=timezone.now())
            return told

        facts = [
            ("进入条件", self.begins(row)),
            ("对照组", f"{row.holdout_percent}%"),
            ("尚缺内容", self.lacking(row)),
        ]
        return self.ask(request, form, moved, row=row, heading=row.title, facts=facts, seen=str(row.revision))


def _side(label: str, side: Side) -> tuple[str, Side, str, str]:
    return label, side, priced(side.spent_fen), priced(side.each_fen)


def _step(result: StepResult, told: str) -> dict[str, Any]:
    """A step of the report: a question by its two answers, an action by what was done and why not."""
    asked = isinstance(result.placed.step, Branch)
    acted = f"{result.done:,}" if isinstance(result.placed.step, Action) else "—"
    return {
        "number": result.placed.number,
        "depth": result.placed.depth * 2,
        "label": result.placed.step.label,
        "told": told,
        "done": f"是 {result.yes:,}，否 {result.no:,}" if asked else acted,
        "skipped": "；".join(f"{why} {rows:,}" for why, rows in result.skipped.items()) or "—",
    }
