"""Surveys for operators: writing one with its questions, its results, and the answers as CSV."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, sheets, transactions
from apps.base.admin import EditableAdmin, StackedInline, chip
from apps.support import exports, forms
from apps.support import selectors as survey_facts
from apps.support import services as surveys
from apps.support.models import Question, Response, Survey
from mall.errors import ShopError

_TEXTS_A_PAGE: Final = 20
# What an answered survey may still change: for whom and how long, never what was asked.
_FREE: Final = ("levels", "ends_at", "enabled")
_FIELDS: Final = ("title", "introduction", "levels", "starts_at", "ends_at", "enabled")


class QuestionsFrozen(ShopError):
    """Somebody answered while the questions were being changed."""

    code = "survey_questions_frozen"
    message = "已有会员提交答卷，问题不能再修改"


class QuestionInline(StackedInline):
    """What is asked. It stands still once somebody answered; the database refuses a change as well."""

    model = Question
    form = forms.QuestionForm
    formset = forms.QuestionFormSet
    extra = 0
    readonly_fields = ["options_shown"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Options are typed one a line, and read in one line where they are not typed."""
        options = "options" if self.has_change_permission(request, obj) else "options_shown"
        return [("position", "kind", "required"), "text", options]

    @admin.display(description="选项")
    def options_shown(self, row: Question) -> str:
        return "、".join(row.options) or "—"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_answered(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_answered(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_answered(obj)


@admin.register(Survey)
class SurveyAdmin(EditableAdmin):
    """What the shop asks its members."""

    form = forms.SurveyForm
    saves = staticmethod(surveys.save_survey)
    list_display = ["title", "state", "audience", "answers", "starts_at", "ends_at", "enabled"]
    list_filter = ["enabled"]
    search_fields = ["title"]
    fields = ["title", "introduction", "levels", ("starts_at", "ends_at"), "enabled"]
    inlines = [QuestionInline]
    actions_row = ["results", "export"]
    actions_detail = ["results", "export"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Survey]:
        rows: QuerySet[Survey] = super().get_queryset(request)
        return rows.annotate(answer_count=Count("responses", distinct=True)).prefetch_related("levels")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in _FIELDS if name not in _FREE] if _is_answered(obj) else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_answered(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The service writes the questions."""
        changed = formset.save(commit=False)
        surveys.save_questions(survey=form.instance, changed=changed, removed=formset.deleted_objects)

    @admin.display(description="状态")
    def state(self, row: Survey) -> SafeString:
        now = timezone.now()
        if not row.enabled:
            return chip("未启用")
        if now < row.starts_at:
            return chip("未开始", "info")
        return chip("进行中", "success") if now < row.ends_at else chip("已结束", "warning")

    @admin.display(description="面向")
    def audience(self, row: Survey) -> str:
        return "、".join(str(level) for level in row.levels.all()) or "所有会员"

    @admin.display(description="答卷数", ordering="answer_count")
    def answers(self, row: Survey) -> int:
        return int(getattr(row, "answer_count", 0))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Say so where an answer was quicker than the change of what was asked."""
        try:
            with transactions.refine({"survey_questions_frozen": QuestionsFrozen}):
                return super().changeform_view(request, *args, **kwargs)
        except QuestionsFrozen as refusal:
            self.message_user(request, refusal.text, level=messages.ERROR)
            return redirect(request.path)

    @action(description="查看结果", permissions=["support.view_survey"], url_path="results", icon="bar_chart")
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        survey: Survey = self.row(request, object_id)
        found = survey_facts.results(survey)
        chosen = request.GET.get("question", "")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{survey.title} · 结果",
            "survey": survey,
            "responses": Response.objects.filter(survey=survey).count(),
            "results": [
                {"result": one, "average": _average(one), "texts": _texts(request, one.question, chosen)}
                for one in found
            ],
            "back": reverse("admin:support_survey_change", args=[survey.pk]),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/support/results.html", context)

    @action(description="导出答卷", permissions=["support.change_survey"], url_path="export", icon="download")
    def export(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        survey: Survey = self.row(request, object_id)
        audit.record(
            operator=request.user,
            action="导出问卷答案",
            subject=f"问卷 {survey.pk}",
            note=survey.title,
            at=timezone.now(),
        )
        return sheets.download(exports.lines(survey), name=f"survey-{survey.pk}")


def _is_answered(survey: Any) -> bool:
    return survey is not None and survey.pk is not None and survey.responses.exists()


def _average(result: survey_facts.Result) -> str:
    """A rating's average as people write it: 4.3."""
    if result.average_tenths is None:
        return ""
    whole, tenths = divmod(result.average_tenths, 10)
    return f"{whole}.{tenths}"


def _texts(request: HttpRequest, question: Question, chosen: str) -> Any:
    """The page of a question's texts that is asked for, the first of all others; None where none are written."""
    if question.kind != Question.Kind.TEXT:
        return None
    pages = Paginator(survey_facts.texts(question), _TEXTS_A_PAGE)
    return pages.get_page(request.GET.get("page", 1) if chosen == str(question.pk) else 1)
