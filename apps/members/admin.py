"""Members for operators: masked, with what they agreed to; disabled and enabled through services."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from unfold.decorators import action

from apps.base import audit
from apps.base.admin import EditableAdmin, ReadOnlyAdmin, ReadOnlyTabular, for_chosen
from apps.base.asking import operator
from apps.base.finding import Name, Number, Phone
from apps.base.seeking import Recent
from apps.members import admin_personal, forms
from apps.members.models import (
    Address,
    Consent,
    Document,
    Group,
    GrowthEntry,
    Level,
    LevelChange,
    Member,
    Membership,
    Session,
)
from apps.members.services import consents, groups, growth, identity, levels
from mall import text as texts

__all__ = ["MemberPage", "admin_personal"]


class ConsentInline(ReadOnlyTabular):
    model = Consent
    fields = ["document", "act", "at"]
    readonly_fields = fields


class AddressInline(ReadOnlyTabular):
    """Where they live, no closer than the district; the order's page reveals, and notes who looked."""

    model = Address
    fields = ["region", "is_default"]
    readonly_fields = fields

    @admin.display(description="地区（已脱敏）")
    def region(self, row: Address) -> str:
        return f"{row.name[:1]}** {row.province}{row.city}{row.district}****"


class SessionInline(ReadOnlyTabular):
    model = Session
    fields = ["started_at", "refresh_expires_at", "revoked_at", "revoked_why"]
    readonly_fields = fields


class LevelChangeInline(ReadOnlyTabular):
    model = LevelChange
    fields = ["at", "from_level", "to_level", "why", "note", "operator"]
    readonly_fields = fields


class MembershipInline(ReadOnlyTabular):
    model = Membership
    verbose_name_plural = "所在分组"
    fields = ["group", "added_at"]
    readonly_fields = fields


class MemberPage(ReadOnlyAdmin):
    """Shoppers, newest first. The desk registers the page, with what other rooms say on it."""

    list_display = [
        "public_id",
        "nickname",
        "masked_phone",
        "level",
        "registered_at",
        "last_login_at",
        "active",
    ]
    list_filter = [
        "level",
        "level__service_queue",
        "memberships__group",
        ("disabled_at", admin.EmptyFieldListFilter),
        "registered_at",
    ]
    list_select_related = ["level"]
    found_by = (Number("public_id"), Name("nickname"), Phone("phone"))
    search_help_text = "会员编号、昵称、完整手机号或手机号后四位"
    fields = [
        ("public_id", "nickname", "level"),
        ("masked_phone", "active", "served_apart"),
        ("growth", "level_since", "level_valid_until"),
        ("registered_at", "last_login_at", "disabled_at", "erased_at"),
    ]
    readonly_fields = ["masked_phone", "active", "served_apart"]
    inlines = [MembershipInline, LevelChangeInline, ConsentInline, AddressInline, SessionInline]
    actions = ["disable", "enable"]
    actions_detail = ["reveal_phone", "set_level"]

    @admin.display(description="手机号（已脱敏）")
    def masked_phone(self, row: Member) -> str:
        return texts.masked_phone(row.phone) or "—"

    @admin.display(description="正常", boolean=True, ordering="disabled_at")
    def active(self, row: Member) -> bool:
        return row.disabled_at is None

    @admin.display(description="专属客服", boolean=True)
    def served_apart(self, row: Member) -> bool:
        """Whether the level promises a service queue of its own: whoever answers should know."""
        return row.level is not None and row.level.service_queue

    @for_chosen(description="停用（立即退出所有登录）", permission="members.change_member")
    def disable(self, request: HttpRequest, chosen: QuerySet[Member]) -> None:
        at = timezone.now()
        for member in chosen:
            identity.disable(member_id=member.pk, at=at)
        self.message_user(request, f"已停用 {len(chosen)} 位会员。")

    @for_chosen(description="恢复", permission="members.change_member")
    def enable(self, request: HttpRequest, chosen: QuerySet[Member]) -> None:
        for member in chosen:
            identity.enable(member_id=member.pk)
        self.message_user(request, f"已恢复 {len(chosen)} 位会员。")

    @action(
        description="查看完整手机号",
        url_path="phone",
        permissions=["members.change_member"],
        icon="visibility",
    )
    def reveal_phone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the number on a page that no cache and no cookie keeps, and note who looked."""
        member: Member = self.row(request, object_id)
        audit.record(
            operator=request.user,
            action="查看手机号",
            subject=member.public_id,
            at=timezone.now(),
            row=member,
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"手机号 · {member}",
            "facts": [("手机号", member.phone)] if member.phone else [],
            "back": reverse("admin:members_member_change", args=[member.pk]),
            "back_label": "返回会员",
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/reveal.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response

    @action(
        description="调整等级", url_path="level", permissions=["members.change_member"], icon="military_tech"
    )
    def set_level(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Set the level by hand, with the reason; the service writes the history."""
        member: Member = self.row(request, object_id)

        def put(form: forms.SetLevelForm) -> str:
            level = form.cleaned_data["level"]
            growth.set_by_hand(
                member_id=member.pk,
                level_id=level.pk,
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"等级已调整为「{level}」。"

        heading = f"{member} · {member.level or '无等级'} · 累计成长值 {member.growth}"
        return self.ask(
            request,
            forms.SetLevelForm,
            put,
            row=member,
            heading=heading,
            initial={"level": member.level_id},
        )


@admin.register(Group)
class GroupAdmin(EditableAdmin):
    """Groups and how many are in each; who is in it is the list of members, narrowed to the group."""

    list_display = ["name", "code", "size", "note"]
    search_fields = ["name", "code"]
    saves = staticmethod(groups.save)
    fields = ["name", "code", "note", "size"]
    readonly_fields = ["size"]
    actions_detail = ["add_members", "remove_members", "show_members"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(members=Count("memberships"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only a group that nobody is in."""
        empty = obj is not None and not Membership.objects.filter(group_id=obj.pk).exists()
        return empty and super().has_delete_permission(request, obj)

    @admin.display(description="会员数", ordering="members")
    def size(self, row: Group) -> str:
        return f"{row.members:,}" if row.pk else "保存后可添加会员"  # type: ignore[attr-defined]

    @action(
        description="添加会员", url_path="add-members", permissions=["members.change_group"], icon="group_add"
    )
    def add_members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def add(group: Group, form: forms.GroupMembersForm) -> str:
            numbers, at = form.member_numbers(), timezone.now()
            added, unknown = groups.add(group_id=group.pk, member_numbers=numbers, at=at)
            return f"已添加 {added:,} 人" + (f"，{unknown:,} 个编号无法识别" if unknown else "")

        return self._change(request, object_id, forms.AddToGroupForm, add)

    @action(
        description="移出会员",
        url_path="remove-members",
        permissions=["members.change_group"],
        icon="group_remove",
    )
    def remove_members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def remove(group: Group, form: forms.GroupMembersForm) -> str:
            removed, unknown = groups.remove(group_id=group.pk, member_numbers=form.member_numbers())
            return f"已移出 {removed:,} 人" + (f"，{unknown:,} 个编号无法识别" if unknown else "")

        return self._change(request, object_id, forms.RemoveFromGroupForm, remove)

    @action(description="查看会员", url_path="members", permissions=["members.view_member"], icon="group")
    def show_members(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the members of this group."""
        members = reverse("admin:members_member_changelist")
        return redirect(f"{members}?{urlencode({'memberships__group__id__exact': object_id})}")

    def _change(
        self,
        request: HttpRequest,
        object_id: str,
        form_class: type[forms.GroupMembersForm],
        call: Callable[[Group, Any], str],
    ) -> HttpResponse:
        """Ask about a group, and note who did it."""
        group: Group = self.row(request, object_id)
        return self.ask(
            request,
            form_class,
            lambda form: call(group, form),
            row=group,
            heading=f"{group} · {self.size(group)} 人",
            audit_as=(f"会员分组{form_class.title}", f"会员分组 {group.pk} {group.name}"),
        )


@admin.register(LevelChange)
class LevelChangeAdmin(ReadOnlyAdmin):
    """Who rose or fell, and why; newest first."""

    list_display = ["at", "member", "from_level", "to_level", "why", "note", "operator"]
    list_filter = ["why", "to_level"]
    list_select_related = ["member", "from_level", "to_level", "operator"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"


@admin.register(GrowthEntry)
class GrowthEntryAdmin(ReadOnlyAdmin):
    """The ledger of growth, newest first."""

    list_display = ["at", "member", "change", "counts_at", "business_key"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"), Recent("business_key"))
    search_help_text = "会员编号；原因（业务键）在最近 10 万条里查找"


@admin.register(Level)
class LevelAdmin(EditableAdmin):
    """Levels and their benefits."""

    form = forms.LevelForm
    saves = staticmethod(levels.save)
    list_display = [
        "name",
        "rank",
        "growth_threshold",
        "discount",
        "multiplier",
        "free_postage",
        "birthday_points",
        "early_access_minutes",
        "service_queue",
    ]

    @admin.display(description="会员折扣", ordering="discount_bp")
    def discount(self, row: Level) -> str:
        """As people say it: 9500 basis points are 9.5 折."""
        return (
            "无折扣" if row.discount_bp == 10_000 else f"{Decimal(row.discount_bp).scaleb(-3).normalize()} 折"
        )

    @admin.display(description="积分倍率", ordering="points_multiplier_bp")
    def multiplier(self, row: Level) -> str:
        return f"{Decimal(row.points_multiplier_bp).scaleb(-4).normalize():f} 倍"


@admin.register(Document)
class DocumentAdmin(EditableAdmin):
    """Texts that members agree to. A published one is never changed: publish a new version."""

    list_display = ["kind", "version", "published_at"]
    list_filter = ["kind"]
    saves = staticmethod(consents.save_document)
    fields = [("kind", "version"), "body", "published_at"]

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.published_at)

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.published_at)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """The ledger of consents, newest first."""

    list_display = ["at", "member", "document", "act"]
    list_filter = ["act", "document"]
    list_select_related = ["member", "document"]
    found_by = (Number("member__public_id"), Name("member__nickname"), Phone("member__phone"))
    search_help_text = MemberPage.search_help_text
