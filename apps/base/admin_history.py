"""Everything done through a form of the operators' pages is in the audit log, and 历史 shows the log of the row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from apps.base import audit
from apps.base.audit import Change
from apps.base.models import AuditEntry
from apps.base.worded import text_of

_PAGE: Final = 50
_ADDED, _CHANGED, _DELETED = "新增", "修改", "删除"


class Recorded(ModelAdmin):
    """An admin whose forms write the audit log, in the transaction of what they save, instead of Django's own log."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What a service that saves the form has to say becomes part of the one entry."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        with audit.watching(operator=request.user):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Any]:
        """What was changed, of the row and of those on its page, as label, before, after."""
        found = list(_of_form(form, add=add))
        for formset in formsets or ():
            found += _of_formset(formset)
        return found

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._log(request, _ADDED, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._log(request, _CHANGED, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Called before the rows are gone: what they said is kept."""
        for row in queryset:
            columns = audit.columns_of(row)
            self._log(
                request, _DELETED, row, [(label, value, "") for label, value in columns.items() if value]
            )

    def _log(self, request: HttpRequest, act: str, row: Model, message: Any) -> None:
        told, changes = ("", message) if isinstance(message, list) else (str(message), [])
        kept = audit.watched()
        with audit.watching(operator=request.user, action=act, row=row) as watch:
            if kept is not None and kept.said:
                watch.action, watch.subject, watch.note, watch.said = (
                    kept.action,
                    kept.subject,
                    kept.note,
                    True,
                )
        audit.close(watch, told=told, changes=changes, at=timezone.now())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All that the log knows of the row, the latest first, for whoever may see the row."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        pages = Paginator(history_of(row), _PAGE)
        context = {
            **self.admin_site.each_context(request),
            "title": f"历史：{audit.name_of(row)}",
            "entries": pages.get_page(request.GET.get("p", "1")),
            # What was written before the audit log had it: Django's own entries.
            "older": LogEntry.objects.filter(
                content_type=ContentType.objects.get_for_model(row, for_concrete_model=False),
                object_id=row.pk,
            ).select_related("user")[:_PAGE],
            "object": row,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


def history_of(row: Model) -> Any:
    """The log of a row, the latest first."""
    return AuditEntry.objects.filter(kind=row._meta.label_lower, key=str(row.pk)).select_related("operator")


def _of_form(form: Any, *, add: bool, of: str = "") -> Iterator[Change]:
    """What a form changed, field by field. A secret and what tells of a person are named only."""
    for name in form.changed_data:
        field = form.fields.get(name)
        if field is None:
            continue
        before = "" if add else form.get_initial_for_field(field, name)
        yield (
            f"{of}{field.label or name}",
            _shown(form, name, field, before),
            _shown(form, name, field, form.cleaned_data.get(name)),
        )


def _shown(form: Any, name: str, field: forms.Field, value: Any) -> str:
    if "password" in name:
        return "（不记录内容）"
    model = getattr(form, "_meta", None) and getattr(form._meta, "model", None)
    try:
        column: Any = model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        column = None
    if column is None or column.many_to_many or not column.concrete:
        return text_of(list(value) if hasattr(value, "all") or hasattr(value, "iterator") else value)
    if column.is_relation:
        value = getattr(value, "pk", value)
    return audit.shown(column, value)


def _of_formset(formset: Any) -> Sequence[Change]:
    """What was changed of rows under their owner: those that are new, changed and gone."""
    found: list[Change] = [(audit.name_of(row), "", _ADDED) for row in getattr(formset, "new_objects", ())]
    changed = {row.pk for row, _ in getattr(formset, "changed_objects", ())}
    for form in getattr(formset, "initial_forms", ()):
        if form.instance.pk in changed:
            found += _of_form(form, add=False, of=f"{audit.name_of(form.instance)} · ")
    found += [(audit.name_of(row), "", _DELETED) for row in getattr(formset, "deleted_objects", ())]
    return found
