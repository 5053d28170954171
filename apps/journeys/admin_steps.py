"""The plain editor of a plan: a list of steps with indentation, a chart beside it, and a page that asks for each change."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action

from apps.base.admin import KeptAdmin, chip, link
from apps.base.asking import Done
from apps.journeys import choices, drawing, forms, plans, steps, wording
from apps.journeys import services as journeys
from apps.journeys.asked import asked_of
from apps.journeys.models import Journey
from apps.journeys.plans import Line
from apps.journeys.states import JourneyStatus
from apps.journeys.steps import Branch

_CHANGE: Final = "journeys.change_journey"
_MOVED: Final = re.compile(r"([0-9]{1,3})([ud])", re.ASCII)
_TEMPLATE: Final = "admin/journeys/step.html"
EDITING: Final = ("trigger", "rules", "add_step", "change_step", "move_step", "drop_step")


class StepsAdmin(KeptAdmin):
    """What may be done to the plan of a journey that is not over."""

    change_form_before_template = "admin/journeys/flow.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Beside the columns the plan is shown, and to who may change it what can be done to each step."""
        row: Journey | None = self.get_object(request, object_id) if object_id else None
        shown = {}
        if row is not None and self.has_view_permission(request, row):
            edited = self.has_change_permission(request, row) and row.status != JourneyStatus.ENDED
            shown = {"flow": _drawn(row, edited=edited)}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    @action(description="进入条件", permissions=[_CHANGE], url_path="trigger", icon="login")
    def trigger(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What begins the journey; the address says of which kind, the page leads to the others."""
        row: Journey = self.row(request, object_id)
        now = row.plan.get("trigger") or {}
        kind = steps.TRIGGERS.get(request.GET.get("kind", now.get("is", ""))) or steps.OnEvent
        form = forms.form_of(kind, title="进入条件", explanation=f"{kind.label}。也可以换成其他类型：")
        page = reverse("admin:journeys_journey_trigger", args=[row.pk])
        others = [
            (f"{page}?kind={name}", found.label, found is kind) for name, found in steps.TRIGGERS.items()
        ]

        def save(typed: forms.PartForm) -> str:
            trigger, at = typed.part(), timezone.now()
            journeys.set_trigger(journey_id=row.pk, revision=row.revision, trigger=trigger, at=at)
            return "已保存进入条件。"

        initial = forms.initial_of(kind, now) if now.get("is") == kind.kind else {}
        return self._edit(request, row, form, save, initial=initial, context={"others": others})

    @action(description="进入与退出规则", permissions=[_CHANGE], url_path="rules", icon="rule")
    def rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)

        def save(form: forms.RulesForm) -> str:
            journeys.set_rules(
                journey_id=row.pk, revision=row.revision, at=timezone.now(), **form.cleaned_data
            )
            return "已保存规则。"

        initial = {"again_days": row.plan.get("again_days"), "exits": row.plan.get("exits") or []}
        return self._edit(request, row, forms.RulesForm, save, initial=initial)

    @action(description="添加步骤", permissions=[_CHANGE], url_path="add-step", icon="add")
    def add_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """At the place that the address names, else at the end."""
        row: Journey = self.row(request, object_id)
        ends = [line.number for line in plans.lines(row.plan) if not line.depth]
        place = request.GET.get("at", "") or str(ends[-1] if ends else 0)

        def add(form: forms.AddStepForm) -> Done:
            kind, at = form.cleaned_data["kind"], timezone.now()
            number = journeys.add_step(
                journey_id=row.pk, revision=row.revision, place=place, kind=kind, at=at
            )
            page = f"{reverse('admin:journeys_journey_change_step', args=[row.pk])}?at={number}"
            asked = asked_of(steps.STEPS[kind])
            return Done(f"已添加第 {number} 步。", then=page if asked else self.page_of(row))

        return self._edit(request, row, forms.AddStepForm, add)

    @action(description="编辑步骤", permissions=[_CHANGE], url_path="step", icon="edit")
    def change_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)
        line = _line(row, request.GET.get("at", ""))
        kind = steps.STEPS.get(str(line.step.get("is")))
        if kind is None:
            raise Http404
        form = forms.form_of(kind, title="编辑步骤")

        def save(typed: forms.PartForm) -> str:
            journeys.change_step(
                journey_id=row.pk,
                revision=row.revision,
                number=line.number,
                step=typed.part(),
                at=timezone.now(),
            )
            return f"已保存第 {line.number} 步。"

        heading = f"{row.title} · 第 {line.number} 步「{kind.label}」"
        initial = forms.initial_of(kind, line.step)
        return self._edit(request, row, form, save, heading=heading, initial=initial)

    @action(description="移动步骤", permissions=[_CHANGE], url_path="move-step", icon="swap_vert")
    def move_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)
        said = _MOVED.fullmatch(request.GET.get("at", ""))
        line = _line(row, said[1] if said else "")
        up = bool(said and said[2] == "u")

        def move(_: forms.MoveStepForm) -> str:
            journeys.move_step(
                journey_id=row.pk, revision=row.revision, number=line.number, up=up, at=timezone.now()
            )
            return f"已{'上' if up else '下'}移。"

        return self._edit(
            request, row, forms.MoveStepForm, move, facts=[(f"第 {line.number} 步", _told(row, line))]
        )

    @action(description="删除步骤", permissions=[_CHANGE], url_path="drop-step", icon="delete")
    def drop_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Journey = self.row(request, object_id)
        line = _line(row, request.GET.get("at", ""))

        def drop(_: forms.DropStepForm) -> str:
            journeys.drop_step(
                journey_id=row.pk, revision=row.revision, number=line.number, at=timezone.now()
            )
            return f"已删除第 {line.number} 步。"

        return self._edit(
            request, row, forms.DropStepForm, drop, facts=[(f"第 {line.number} 步", _told(row, line))]
        )

    def _edit(
        self, request: HttpRequest, row: Journey, form: Any, act: Callable[[Any], str | Done], **more: Any
    ) -> HttpResponse:
        """A page of the plan as it was looked at: whoever else changed it makes the page stale."""
        shown = {"heading": row.title, **more}
        return self.ask(request, form, act, row=row, seen=str(row.revision), template=_TEMPLATE, **shown)


def names_of(row: Journey) -> wording.Names:
    """What rows are called that a draft names."""
    named: dict[str, set[int]] = {}
    for part in (row.plan.get("trigger") or {}, *(line.step for line in plans.lines(row.plan))):
        kind = {**steps.TRIGGERS, **steps.STEPS}.get(str(part.get("is")))
        for source, ids in steps.rows_of(kind, part) if kind is not None else ():
            named.setdefault(source, set()).update(ids)
    return choices.names(named)


def _line(row: Journey, number: str) -> Line:
    """The step that an address names. Raises Http404."""
    for line in plans.lines(row.plan):
        if str(line.number) == number:
            return line
    raise Http404


def _told(row: Journey, line: Line) -> str:
    return wording.told_raw(line.step, names=names_of(row))


def _drawn(row: Journey, *, edited: bool) -> SafeString:
    """The list and the chart beside each other."""
    names = names_of(row)
    lines = plans.lines(row.plan)
    told = {line.number: wording.told_raw(line.step, names=names) for line in lines}
    begins = wording.told_raw(row.plan.get("trigger") or {}, names=names)
    again, exits = row.plan.get("again_days"), frozenset(row.plan.get("exits") or [])
    head = format_html("<p><strong>进入</strong> {}</p><p>{}</p>", begins, wording.rules(again, exits))
    listed = format_html_join(
        "", "{}", ((_row(row, line, told[line.number], edited=edited),) for line in lines)
    )
    first = _way(row, "add_step", "0", "在最前添加") if edited else ""
    return format_html(
        '<div class="flex flex-wrap" style="gap:2rem;align-items:flex-start"><div style="min-width:18rem;flex:1 1 22rem">'
        '{}<p>{}</p>{}</div><div style="flex:0 1 auto;max-width:100%;overflow-x:auto">{}</div></div>',
        head,
        first,
        listed or "还没有步骤。",
        drawing.chart(row.plan.get("steps") or [], begins=begins, told=told),
    )


def _row(row: Journey, line: Line, told: str, *, edited: bool) -> SafeString:
    kind = steps.STEPS.get(str(line.step.get("is")))
    side = {"yes": "是", "no": "否"}.get(line.side, "")
    ways = _ways(row, line) if edited else mark_safe("")
    return format_html(
        '<div class="border-base-200 border-t py-2 dark:border-base-800" style="margin-left:{}rem">'
        "<div>{} {} {}</div><div>{}</div>{}</div>",
        line.depth * 2,
        f"{line.number}.",
        format_html("{} {}", chip(side, "warning"), chip(kind.label if kind else "？", "info"))
        if side
        else chip(kind.label if kind else "？", "info"),
        "",
        told,
        ways,
    )


def _ways(row: Journey, line: Line) -> SafeString:
    """What can be done to a step."""
    number = line.number
    asked = asked_of(steps.STEPS[line.step["is"]]) if line.step.get("is") in steps.STEPS else {}
    ways = [_way(row, "change_step", str(number), "编辑")] if asked else []
    ways += [
        _way(row, "move_step", f"{number}u", "上移"),
        _way(row, "move_step", f"{number}d", "下移"),
        _way(row, "drop_step", str(number), "删除"),
    ]
    if line.step.get("is") == Branch.kind:
        ways += [
            _way(row, "add_step", f"{number}y", "在「是」下添加"),
            _way(row, "add_step", f"{number}n", "在「否」下添加"),
        ]
    ways.append(_way(row, "add_step", str(number), "在后面添加"))
    each = format_html_join("", "{}", ((way,) for way in ways))
    return format_html('<div class="flex flex-wrap text-sm" style="gap:.75rem">{}</div>', each)


def _way(row: Journey, page: str, at: str, text: str) -> SafeString:
    return link(f"{reverse(f'admin:journeys_journey_{page}', args=[row.pk])}?at={at}", text)
