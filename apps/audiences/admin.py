"""Segments for operators: conditions that are clicked together, who is meant, and what can be done with them."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from unfold.decorators import action

from apps.audiences import admin_standings, admin_tags, conditions, drawing, exports, forms, sources
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.conditions import Both, ConditionsRefused
from apps.audiences.models import Segment, SegmentSize, SegmentVersion
from apps.audiences.selectors import Size
from apps.base import audit, days, sheets
from apps.base.admin import KeptAdmin, ReadOnlyTabular, chip, link, said
from apps.base.asking import operator
from apps.base.logs import mask
from mall.errors import ShopError

__all__ = ["admin_standings", "admin_tags"]

_LONGEST: Final = 60_000


class VersionInline(ReadOnlyTabular):
    """What the segment meant before, the newest first."""

    model = SegmentVersion
    verbose_name_plural = "历史条件"
    fields = ["number", "at", "operator", "meaning"]
    readonly_fields = fields

    @admin.display(description="条件")
    def meaning(self, row: SegmentVersion) -> str:
        return audience_facts.sentence(audience_facts.tree_of(row))


@admin.register(Segment)
class SegmentAdmin(KeptAdmin):
    """Sets of members by conditions."""

    form = forms.SegmentForm
    list_display = ["name", "state", "size", "meaning", "group", "created_at"]
    list_filter = [("archived_at", admin.EmptyFieldListFilter), ("broken_at", admin.EmptyFieldListFilter)]
    list_select_related = ["current", "group"]
    search_fields = ["name"]
    fields = ["name", "note", "tree", ("state", "size", "group_shown"), "sizes_drawn"]
    readonly_fields = ["state", "size", "group_shown", "sizes_drawn"]
    inlines = [VersionInline]
    actions_detail = ["look", "issue", "keep", "leave", "export", "archive", "restore"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Who may only look reads the conditions in words; a new segment has no history yet."""
        if obj is None:
            return ["name", "note", "tree"]
        conditions_ = "tree" if self.has_change_permission(request, obj) else "meaning_shown"
        return ["name", "note", conditions_, ("state", "size", "group_shown"), "sizes_drawn"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, "meaning_shown"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj is not None else []

    def get_urls(self) -> list[URLPattern]:
        """What the editor asks: rows to choose from, and how many members are meant."""
        options = self.admin_site.admin_view(self._options)
        tried = self.admin_site.admin_view(require_POST(self._try))
        return [
            path("options/", options, name="audiences_segment_options"),
            path("try/", tried, name="audiences_segment_try"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).prefetch_related("sizes")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes the row, and a version where the conditions are new."""
        tree: Both = form.cleaned_data["tree"]
        audiences.save(obj, tree=tree, operator=operator(request), at=timezone.now())

    def usable(self, row: Segment) -> list[str]:
        """What the segment's standing has a use for."""
        if row.archived_at is not None:
            return ["restore"]
        kept = "leave" if row.group_id is not None else "keep"
        return ["look", kept, "archive"] if row.broken else ["look", "issue", kept, "export", "archive"]

    @admin.display(description="状态")
    def state(self, row: Segment) -> SafeString:
        if row.archived_at is not None:
            return chip("已归档")
        if row.broken:
            return format_html("{} {}", chip("条件失效", "danger"), row.broken)
        return chip("可用", "success")

    @admin.display(description="人数（每天凌晨）")
    def size(self, row: Segment) -> str:
        sizes: list[SegmentSize] = sorted(row.sizes.all(), key=lambda size: size.day)
        if not sizes:
            return "十分钟内统计"
        return f"{'' if sizes[-1].exact else '约 '}{sizes[-1].members:,} 人（{sizes[-1].day:%Y-%m-%d}）"

    @admin.display(description="条件")
    def meaning(self, row: Segment) -> str:
        if row.current is None:
            return "—"
        told = audience_facts.sentence(audience_facts.tree_of(row.current))
        return told if len(told) <= 80 else f"{told[:79]}…"

    @admin.display(description="条件")
    def meaning_shown(self, row: Segment) -> SafeString | str:
        return _indented(audience_facts.tree_of(row.current)) if row.current else "—"

    @admin.display(description="会员分组")
    def group_shown(self, row: Segment) -> SafeString | str:
        if row.group is None:
            return "未同步"
        when = days.minute(row.grouped_at, at=timezone.now()) if row.grouped_at else "十分钟内"
        address = reverse("admin:members_group_change", args=[row.group_id])
        return format_html("{}（{}）", link(address, row.group.name), when)

    @admin.display(description="人数走势")
    def sizes_drawn(self, row: Segment) -> SafeString | str:
        sizes = audience_facts.sizes_of(row)
        return drawing.curves(
            [size.day for size in sizes], {"人数": [size.members for size in sizes]}, told="人数走势"
        )

    @action(
        description="查看人数与样本", permissions=["audiences.view_segment"], url_path="look", icon="groups"
    )
    def look(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How many there are now, and some of them."""
        row: Segment = self.row(request, object_id)
        if row.current is None:
            return redirect(self.page_of(row))
        tree, at = audience_facts.tree_of(row.current), timezone.now()
        sees = request.user.has_perm("members.view_member")
        try:
            told, sample = _size(audience_facts.count_in(tree, at=at)), audience_facts.sample_of(tree, at=at)
        except ShopError as refusal:
            told, sample = refusal.text, []
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row.name} · 人数与样本",
            "segment": row,
            "meaning": _indented(tree),
            "told": told,
            "drawn": self.sizes_drawn(row),
            "members": [
                {"row": member, "phone": mask(member.phone), "rfm": getattr(member, "rfm", None)}
                for member in (sample if sees else [])
            ],
            "sees": sees,
            "back": self.page_of(row),
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/audiences/segment.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response

    @action(
        description="给人群发券",
        permissions=["coupons.issue_template"],
        url_path="issue",
        icon="confirmation_number",
    )
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Segment = self.row(request, object_id)

        def issue(form: forms.IssueCouponsForm) -> str:
            typed = form.cleaned_data
            job = audiences.issue_coupons(
                segment_id=row.pk,
                template_id=typed["template"].pk,
                reason=typed["reason"],
                token=typed["token"].hex,
                operator=operator(request),
                at=timezone.now(),
            )
            return f"已开始发放，共 {job.total:,} 人"

        then = reverse("admin:coupons_issuejob_changelist")
        return self.ask(
            request, forms.IssueCouponsForm, issue, row=row, heading=row.name, facts=_facts(row), then=then
        )

    @action(
        description="同步到会员分组",
        permissions=["audiences.change_segment"],
        url_path="keep",
        icon="group_add",
    )
    def keep(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Segment = self.row(request, object_id)

        def keep(_: forms.KeepInGroupForm) -> str:
            group = audiences.keep_in_group(segment_id=row.pk, at=timezone.now())
            return f"已建分组「{group.name}」，十分钟内填入会员。"

        return self.ask(request, forms.KeepInGroupForm, keep, row=row, heading=row.name, facts=_facts(row))

    @action(
        description="停止同步分组",
        permissions=["audiences.change_segment"],
        url_path="leave",
        icon="group_off",
    )
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Segment = self.row(request, object_id)

        def leave(_: forms.LeaveGroupForm) -> str:
            audiences.leave_group(segment_id=row.pk)
            return "已停止同步，分组保留原样。"

        return self.ask(request, forms.LeaveGroupForm, leave, row=row, heading=row.name)

    @action(
        description="导出会员", permissions=["audiences.export_segment"], url_path="export", icon="download"
    )
    @said
    def export(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Phone numbers whole for whoever may; who takes them along is written down."""
        row: Segment = self.row(request, object_id)
        at, revealed = timezone.now(), request.user.has_perm("audiences.reveal_segment")
        version = audiences.usable(segment_id=row.pk)
        audit.record(
            operator=operator(request),
            action="导出人群会员",
            subject=f"人群 {row.pk} {row.name}",
            note=f"{version}，{'完整手机号' if revealed else '手机号脱敏'}",
            at=at,
            row=row,
        )
        return sheets.download(exports.members(version, revealed=revealed, at=at), name=f"segment-{row.pk}")

    @action(description="归档", permissions=["audiences.change_segment"], url_path="archive", icon="archive")
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Segment = self.row(request, object_id)

        def archive(_: forms.ArchiveForm) -> str:
            audiences.archive(segment_id=row.pk, at=timezone.now())
            return "已归档。"

        return self.ask(request, forms.ArchiveForm, archive, row=row, heading=row.name)

    @action(
        description="恢复", permissions=["audiences.change_segment"], url_path="restore", icon="unarchive"
    )
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Segment = self.row(request, object_id)

        def restore(_: forms.RestoreForm) -> str:
            audiences.restore(segment_id=row.pk, at=timezone.now())
            return "已恢复。"

        return self.ask(request, forms.RestoreForm, restore, row=row, heading=row.name)

    def _options(self, request: HttpRequest) -> HttpResponse:
        """Rows of a source whose names fit what was typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = sources.options(source=request.GET.get("source", ""), typed=request.GET.get("typed", ""))
        except ShopError as refusal:
            return JsonResponse({"faults": [refusal.text]}, status=400)
        return JsonResponse({"options": [[key, name.strip("\u3000"), name] for key, name in found]})

    def _try(self, request: HttpRequest) -> HttpResponse:
        """How many members a tree would mean, before it is saved; nothing is written."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            tree = conditions.read(json.loads(request.body[:_LONGEST]))
            size = audience_facts.count_in(tree, at=timezone.now())
        except ConditionsRefused as refusal:
            return JsonResponse({"faults": [fault.text for fault in refusal.faults]}, status=400)
        except (ValueError, RecursionError):
            return JsonResponse({"faults": ["条件格式有误，请重新编辑"]}, status=400)
        except ShopError as refusal:
            return JsonResponse({"faults": [refusal.text]}, status=400)
        return JsonResponse({"told": _size(size), "meaning": audience_facts.sentence(tree)})

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_add_permission(request)


def _size(size: Size) -> str:
    """A number of members, and how sure it is."""
    if size.exact:
        return f"{size.members:,} 人"
    return f"约 {size.members:,} 人（抽样 {size.sample:,} 位会员估计，误差约 ±{size.give_or_take:,} 人）"


def _indented(tree: Both) -> SafeString:
    """The conditions line by line, as deep as they stand."""
    rows = (("\u3000" * depth, text) for depth, text in audience_facts.told(tree))
    return format_html_join(mark_safe("<br>"), "{}{}", rows)


def _facts(row: Segment) -> list[tuple[str, Any]]:
    """What a segment means and how many that are, for whoever confirms something for all of them."""
    if row.current is None:
        return []
    tree = audience_facts.tree_of(row.current)
    try:
        told = _size(audience_facts.count_in(tree, at=timezone.now()))
    except ShopError as refusal:
        told = refusal.text
    return [("条件", audience_facts.sentence(tree)), ("人数", told)]
