"""Tags for operators: put on members and taken off by lists, and put away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.audiences import forms
from apps.audiences import services as audiences
from apps.audiences.models import Tag, TagMark
from apps.audiences.states import TagKind
from apps.base.admin import EditableAdmin, ReadOnlyAdmin, chip
from apps.base.asking import Done, operator
from apps.base.finding import Number


@admin.register(Tag)
class TagAdmin(EditableAdmin):
    """Words on members."""

    form = forms.TagForm
    list_display = ["name", "kind", "rule", "size", "state", "note"]
    list_filter = ["kind", ("archived_at", admin.EmptyFieldListFilter)]
    list_select_related = ["rule"]
    search_fields = ["name"]
    fields = [("name", "kind", "rule"), "note", ("size", "state")]
    readonly_fields = ["size", "state"]
    conditional_fields = {"rule": f"kind == '{TagKind.RULE}'"}
    actions_detail = ["put", "take", "show", "archive", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(members=Count("marks"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes the row."""
        audiences.save_tag(obj, at=timezone.now())

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only a tag that was never used; others are put away."""
        unused = isinstance(obj, Tag) and not (obj.marks.exists() or obj.versions.exists())
        return unused and super().has_delete_permission(request, obj)

    def usable(self, row: Tag) -> list[str]:
        """What the tag's standing has a use for."""
        if row.archived_at is not None:
            return ["show", "restore"]
        return ["put", "take", "show", "archive"] if row.kind == TagKind.HAND else ["show", "archive"]

    @admin.display(description="会员数", ordering="members")
    def size(self, row: Tag) -> str:
        return f"{getattr(row, 'members', 0):,}"

    @admin.display(description="状态")
    def state(self, row: Tag) -> SafeString:
        if row.archived_at is not None:
            return chip("已归档")
        if row.rule is not None and row.rule.broken:
            return chip("规则失效", "danger")
        return chip("使用中", "success")

    @action(description="贴到会员", permissions=["audiences.add_tagmark"], url_path="put", icon="new_label")
    def put(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Tag = self.row(request, object_id)

        def put(form: forms.PutTagForm) -> str:
            done, unknown = audiences.put_on_numbers(
                tag_id=row.pk,
                member_numbers=form.member_numbers(),
                operator=operator(request),
                at=timezone.now(),
            )
            return f"已贴到 {done:,} 人" + (f"，{unknown:,} 个编号无法识别" if unknown else "")

        return self.ask(request, forms.PutTagForm, put, row=row, heading=f"标签「{row.name}」")

    @action(
        description="从会员去掉", permissions=["audiences.delete_tagmark"], url_path="take", icon="label_off"
    )
    def take(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Tag = self.row(request, object_id)

        def take(form: forms.TakeTagForm) -> str:
            done, unknown = audiences.take_off_numbers(tag_id=row.pk, member_numbers=form.member_numbers())
            return f"已从 {done:,} 人去掉" + (f"，{unknown:,} 个编号无法识别" if unknown else "")

        return self.ask(request, forms.TakeTagForm, take, row=row, heading=f"标签「{row.name}」")

    @action(description="查看会员", permissions=["audiences.view_tagmark"], url_path="members", icon="group")
    def show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to whoever bears this tag."""
        marks = reverse("admin:audiences_tagmark_changelist")
        return redirect(f"{marks}?{urlencode({'tag__id__exact': object_id})}")

    @action(description="归档", permissions=["audiences.change_tag"], url_path="archive", icon="archive")
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Tag = self.row(request, object_id)

        def archive(_: forms.ArchiveTagForm) -> Done:
            broken = audiences.archive_tag(tag_id=row.pk, at=timezone.now())
            names = "、".join(f"「{name}」" for name in broken)
            return Done("已归档。", warning=f"这些人群的条件因此失效：{names}" if broken else "")

        return self.ask(request, forms.ArchiveTagForm, archive, row=row, heading=f"标签「{row.name}」")

    @action(description="恢复", permissions=["audiences.change_tag"], url_path="restore", icon="unarchive")
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Tag = self.row(request, object_id)

        def restore(_: forms.RestoreTagForm) -> str:
            audiences.restore_tag(tag_id=row.pk, at=timezone.now())
            return "已恢复。"

        return self.ask(request, forms.RestoreTagForm, restore, row=row, heading=f"标签「{row.name}」")


@admin.register(TagMark)
class TagMarkAdmin(ReadOnlyAdmin):
    """Who bears which tag, since when, and by whom; nobody where a rule put it there."""

    list_display = ["member", "tag", "how", "operator", "at"]
    list_filter = ["tag"]
    list_select_related = ["member", "tag", "operator"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"
    linked_by = ["member__id__exact"]
    fields = ["member", "tag", "how", "operator", "at"]
    readonly_fields = ["how"]

    @admin.display(description="方式")
    def how(self, row: TagMark) -> str:
        return str(row.tag.get_kind_display())
