"""The ground the operators' pages stand on: Chinese, paged, read-only where a service writes, actions that call services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import transaction
from django.db.models import CharField, DateField, Field, FileField, Model, QuerySet
from django.db.models import TextField as LongTextField
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from unfold.admin import ModelAdmin as UnfoldAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline

from apps.base import admin_drawing, audit, clock, fault_words, finding, held, periods, picking, seeking
from apps.base.admin_drawing import chip
from apps.base.admin_history import Recorded
from apps.base.admin_lists import CappedPaginator
from apps.base.admin_opened import Versioned
from apps.base.admin_readable import Readable
from apps.base.asking import Asking, operator
from apps.base.forms import LinesField, TextField
from apps.base.models import AuditEntry, JobRun, Pulse, Reckoning
from apps.base.pulses import SILENT_AFTER
from mall import text as texts
from mall.errors import ShopError
from mall.money import priced

__all__ = [
    "EditableAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyTabular",
    "StackedInline",
    "TabularInline",
    "admin_operators",
    "chip",
    "for_chosen",
    "said",
    "yuan_column",
]


class _OneForm:
    """Brings every text that is typed into a column to its one form (``mall.text``) before it is judged or kept."""

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        # Columns with a syntax of their own (addresses, slugs) are subclasses, and judge for themselves.
        if type(db_field) in (CharField, LongTextField) and not db_field.choices:
            kwargs["form_class"] = TextField if type(db_field) is CharField else LinesField
        made = picking.sound(super().formfield_for_dbfield(db_field, request, **kwargs))  # type: ignore[misc]  # a mixin
        # A file that was chosen is not lost because something else on the page is refused.
        return held.kept(made, db_field) if isinstance(db_field, FileField) and made else made


class TabularInline(_OneForm, Readable, UnfoldTabularInline):
    """Rows of another table under their owner, one a line."""


class StackedInline(_OneForm, Readable, UnfoldStackedInline):
    """Rows of another table under their owner, one a block."""


class EditableAdmin(_OneForm, Readable, Recorded, Versioned, Asking):
    """Pages whose plain columns an operator may edit. What a button needs is said by name: ``orders.change_order``."""

    # Unfold's own checks look permissions up in the database, which is not there yet when it is set up; a test
    # looks at every button of every admin instead.
    checks_class = ModelAdminChecks
    list_per_page = 30
    paginator: Any = CappedPaginator
    show_full_result_count = False
    # Labels above their fields: beside them, three on a row do not fit.
    compressed_fields = False
    warn_unsaved_form = True
    # None of ours has these. Templates ask for them by row and by field, and what is missing is looked for twice.
    list_sections: ClassVar[Sequence[Any]] = ()
    conditional_fields: ClassVar[Mapping[str, str]] = {}
    # Look-ups of links that other pages have to this list, beside those of its filters.
    linked_by: Sequence[str] = ()

    # The service that writes a row which a form of this page filled in, ``staticmethod(levels.save)``: it judges the
    # row once more, under its locks. What needs more than the row overrides ``save_model``.
    saves: ClassVar[Callable[..., Any] | None] = None

    @admin.display(description=UnfoldAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> SafeString:
        """The box by which a row is chosen."""
        return admin_drawing.box(obj.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Have the service write the row."""
        if self.saves is None:
            super().save_model(request, obj, form, change)
        else:
            self.saves(obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A list is narrowed by what it declares and by nothing else.

        Django lets every column of a row be asked in the address, also one that the page masks: with
        ``?phone__startswith=`` whoever may see the list reads a whole number, digit by digit.
        """
        return lookup in declared_lookups(self, request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A list that nothing narrows, or that is too long to count, does not say that there were more.

        Nor does its calendar read all rows: above a long list that is narrowed it shows the periods in which there is
        anything, for what is rare in a long time is found by reading it all.
        """
        try:
            rows = super().get_changelist_instance(request)
        except (ValueError, OverflowError) as error:
            if f"{self.date_hierarchy}__year" not in request.GET:
                raise
            # The last year that Python knows has no next one to end at.
            raise IncorrectLookupParameters(error) from error
        rows.looked_at_by = request
        if column := rows.date_hierarchy:
            shown = rows.queryset
            if rows.result_count > CappedPaginator.most:
                shown = periods.chosen(rows.root_queryset, column, rows.params)
            rows.queryset.datetimes = partial(periods.with_rows, shown)
        if rows.result_count > CappedPaginator.most:
            # Nobody chooses all rows of a list without an end either: the page is all there is to say.
            rows.result_count = len(rows.result_list)
            rows.full_result_count = rows.result_count
        elif not (rows.query or rows.has_active_filters):
            rows.full_result_count = rows.result_count
        return rows

    def get_ordering(self, request: HttpRequest) -> Any:
        """A list that is narrowed by its calendar is in the calendar's order: its index ends with the page."""
        column = self.date_hierarchy
        if column and any(name.startswith(f"{column}__") for name in request.GET):
            return [f"-{column}", "-pk"]
        return super().get_ordering(request)

    # How the search box of a long list finds rows, each way by an index; other lists say ``search_fields``.
    found_by: ClassVar[Sequence[finding.Way]] = ()

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """The columns that are searched in parts, for whoever asks whether there is a search box."""
        paths = [seeking.said(way) for way in self.found_by if isinstance(way, finding.Number | finding.Name)]
        return paths or super().get_search_fields(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search for what was typed in its one form."""
        asked = texts.searched(search_term)
        if self.found_by and asked:
            # One more than are counted: a search that finds more says so.
            return finding.found(queryset, self.found_by, search_term, most=CappedPaginator.most + 1), False
        return super().get_search_results(request, queryset, asked)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Do something to the chosen rows. Boxes hold keys: who sends something else is answered 400."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError as error:
            raise SuspiciousOperation("no key") from error
        return super().response_action(request, queryset)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What may be done to the chosen rows of a list, by those who have the permission that it needs."""
        found: dict[str, Any] = super().get_actions(request)
        return {
            name: entry
            for name, entry in found.items()
            if not hasattr(entry[0], "needs") or request.user.has_perm(entry[0].needs)
        }

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """What goes with a row, without the rows that only join two others: nobody knows them by a name."""
        going, counts, *rest = super().get_deleted_objects(objs, request)
        joins = [
            model._meta for model in apps.get_models(include_auto_created=True) if model._meta.auto_created
        ]
        starts = tuple(f"{capfirst(opts.verbose_name)}: " for opts in joins)
        counts = {
            name: number
            for name, number in counts.items()
            if name not in {opts.verbose_name_plural for opts in joins}
        }
        return _without(going, starts), counts, *rest


def declared_lookups(page: Asking, request: HttpRequest) -> set[str]:
    """Return what the filters, the calendar and the links of a list may ask in its address."""
    allowed = set(getattr(page, "linked_by", ()))
    if page.date_hierarchy:
        allowed |= {f"{page.date_hierarchy}__{part}" for part in ("year", "month", "day", "gte", "lt")}
    for item in page.get_list_filter(request):
        if isinstance(item, type) and issubclass(item, admin.SimpleListFilter):
            allowed.add(str(item.parameter_name))
        else:
            path, kind = item if isinstance(item, list | tuple) else (item, None)
            allowed |= {f"{path}{ending}" for ending in _endings(page.model, str(path), kind)}
    return allowed


def _endings(model: type[Model], path: str, kind: Any) -> tuple[str, ...]:
    """What Django's filter of a column appends to its path; comparisons for times only."""
    column: Any = get_fields_from_path(model, path)[-1]
    if kind is admin.EmptyFieldListFilter:
        return ("__isempty",)
    if column.is_relation:
        return (f"__{column.target_field.name}__exact", "__isnull")
    if isinstance(column, DateField):
        return ("__gte", "__lt", "__isnull")
    # Without choices the filter offers every value there is, under the bare name.
    return ("", "__exact", "__isnull")


def _without(rows: list[Any], starts: tuple[str, ...]) -> list[Any]:
    """Return the nested list of texts without those that begin so, as the page for deleting shows it."""
    return [
        _without(row, starts) if isinstance(row, list) else row
        for row in rows
        if not str(row).startswith(starts)
    ]


class KeptAdmin(EditableAdmin):
    """Pages of rows that are never deleted: others point to them for ever. One that is over is ended or switched off."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FixedAdmin(KeptAdmin):
    """Pages of rows that are there, and that nobody makes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ReadOnlyAdmin(FixedAdmin):
    """Pages that show rows which only services write."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyTabular(TabularInline):
    """Rows shown under their owner, never edited there."""

    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def yuan_column(
    field: str, label: str, *, sorted_by: Combinable | None = None
) -> Callable[[Any, Model], str]:
    """Return a sortable list column that shows an amount of fen as yuan.

    An amount that the row works out, and does not keep as a column, says what it is ``sorted_by``.
    """

    @admin.display(description=label, ordering=field if sorted_by is None else sorted_by)
    def column(self: Any, row: Model) -> str:
        fen = getattr(row, field)
        return "—" if fen is None else priced(fen)

    return column


def fault_column(field: str, label: str) -> Callable[[Any, Model], str]:
    """Return a column that says what went wrong in Chinese, its code in brackets (``fault_words``)."""

    @admin.display(description=label)
    def column(self: Any, row: Model) -> str:
        return fault_words.told(getattr(row, field)) or "—"

    return column


def link(url: str, text: str) -> SafeString:
    """Return a link as operators' pages show it."""
    return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', url, text)


def with_way(told: str, page: str, **narrowed: Any) -> SafeString:
    """Return a line with the way to the list that it sums up: ``page`` as ``app_model``, narrowed by its filters."""
    address = f"{reverse(f'admin:{page}_changelist')}?{urlencode(narrowed)}"
    return format_html('{} <a href="{}" class="text-link">查看</a>', told, address)


def said(action: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what a button does so that a refusal by a service is shown to the operator instead of a 500.

    What is done to chosen rows stays in its list; a button goes back to the page that it stands on.
    """

    @wraps(action)
    def wrapped(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return action(self, request, *args, **kwargs)
        except ShopError as refusal:
            self.message_user(request, refusal.text, level=messages.ERROR)
            if args and isinstance(args[0], QuerySet):
                return None
            object_id = kwargs.get("object_id") or (args[0] if args else None)
            row = self.get_object(request, str(object_id)) if object_id else None
            return redirect(self.page_of(row) if row is not None else self.list_page())

    return wrapped


def _audited(action: Callable[..., Any], called: str) -> Callable[..., Any]:
    """Have an act on chosen rows write down what it did to each; rows that it left as they were are not named."""

    @wraps(action)
    def acted(self: Any, request: HttpRequest, chosen: QuerySet[Any]) -> Any:
        rows = list(chosen)
        before = audit.values_of(rows)
        with transaction.atomic(), audit.watching(operator=operator(request), action=called) as watch:
            answer = action(self, request, chosen)
            after = audit.values_of(rows)
            changed = {row: audit.between(row, before[row.pk], after.get(row.pk, {})) for row in rows}
            if watch.said and not any(changed.values()):
                # Nothing became another, and something was done that is to be known: addresses were printed, say.
                audit.close(watch, told="", at=timezone.now())
            for row, changes in changed.items():
                if changes:
                    watch.about(row)
                    audit.close(watch, told="", at=timezone.now(), changes=changes)
        return answer

    return acted


def for_chosen(*, description: str, permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method one that is done to the rows chosen in a list, by those with ``permission`` (``app.codename``).

    Django's own decorator asks a method of the admin for each permission; this one needs none. What is done to each
    row is in the audit log, in one transaction with what is done. What the method returns, a file say, is the answer.
    """

    def made(action: Callable[..., Any]) -> Callable[..., Any]:
        wrapped = admin.action(description=description)(
            said(_audited(action, description.partition("（")[0]))
        )
        wrapped.needs = permission  # type: ignore[attr-defined]
        return wrapped

    return made


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """When each sweep ran last, and how it went."""

    list_display = ["name", "state", "started_at", "succeeded_at", "handled", "trouble"]
    trouble = fault_column("error", "最近错误")

    @admin.display(description="状态")
    def state(self, row: JobRun) -> SafeString:
        return chip("出错", "danger") if row.error else chip("正常", "success")


@admin.register(Reckoning)
class ReckoningAdmin(ReadOnlyAdmin):
    """What must always add up, and what the last look found that does not."""

    list_display = ["title", "state", "faults", "broken_since", "checked_at"]
    list_filter = [("broken_since", admin.EmptyFieldListFilter)]
    fields = [("title", "state"), ("faults", "broken_since", "checked_at"), "lines"]
    readonly_fields = ["state"]

    @admin.display(description="状态")
    def state(self, row: Reckoning) -> SafeString:
        return chip("不符", "danger") if row.faults else chip("相符", "success")


@admin.register(Pulse)
class PulseAdmin(ReadOnlyAdmin):
    """When beat and workers were last heard."""

    list_display = ["process", "state", "heard_at", "clock_shown"]
    fields = list_display
    readonly_fields = ["process", "state", "clock_shown"]

    @admin.display(description="进程", ordering="name")
    def process(self, row: Pulse) -> str:
        return str(row)

    @admin.display(description="状态")
    def state(self, row: Pulse) -> SafeString:
        alive = row.heard_at > clock.database_now() - SILENT_AFTER
        return chip("正常", "success") if alive else chip("无响应", "danger")

    @admin.display(description="时钟（对数据库）", ordering="ahead_ms")
    def clock_shown(self, row: Pulse) -> str:
        """To the second: what is less is the network's."""
        seconds = (abs(row.ahead_ms) + 500) // 1000
        return f"{'快' if row.ahead_ms > 0 else '慢'} {seconds} 秒" if seconds else "一致"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who saw, exported or changed what, with before and after."""

    list_display = ["at", "operator", "action", "subject", "note", "changed"]
    list_filter = ["action", "operator", "at"]
    search_fields = ["subject"]
    search_help_text = "单号、编号或名称"
    fields = [("at", "operator"), ("action", "subject"), "note", "changed"]
    readonly_fields = ["changed"]
    list_select_related = ["operator"]

    @admin.display(description="变更")
    def changed(self, row: AuditEntry) -> SafeString | str:
        return format_html_join(mark_safe("<br>"), "{}：{} → {}", row.told_changes) or "—"


# Last: the pages of operators stand on what is above.
from apps.base import admin_operators  # noqa: E402
