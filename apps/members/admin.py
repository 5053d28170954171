"""Members for operators: masked, with what they agreed to; disabled and enabled through services."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from unfold.decorators import action

from apps.base import audit
from apps.base.admin import EditableAdmin, ReadOnlyAdmin, ReadOnlyTabular, said
from apps.base.logs import mask
from apps.members.models import Address, Consent, Document, Level, Member, Session
from apps.members.services import identity


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


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    """Shoppers, newest first."""

    list_display = [
        "public_id",
        "nickname",
        "masked_phone",
        "level",
        "registered_at",
        "last_login_at",
        "active",
    ]
    list_filter = ["level", ("disabled_at", admin.EmptyFieldListFilter), "registered_at"]
    list_select_related = ["level"]
    search_fields = ["=public_id", "nickname", "=phone"]
    search_help_text = "会员编号、昵称或完整手机号"
    fields = [
        ("public_id", "nickname", "level"),
        ("masked_phone", "active"),
        ("registered_at", "last_login_at", "disabled_at"),
    ]
    readonly_fields = ["masked_phone", "active"]
    inlines = [ConsentInline, AddressInline, SessionInline]
    actions = ["disable", "enable"]
    actions_detail = ["reveal_phone"]

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this operator may act on members, not only read them."""
        return request.user.has_perm("members.change_member")

    @admin.display(description="手机号（已脱敏）", ordering="phone")
    def masked_phone(self, row: Member) -> str:
        return (mask(row.phone) if len(row.phone) == 11 else "****" + row.phone[-4:]) if row.phone else "—"

    @admin.display(description="正常", boolean=True, ordering="disabled_at")
    def active(self, row: Member) -> bool:
        return row.disabled_at is None

    @admin.action(description="停用（立即退出所有登录）", permissions=["operate"])
    @said
    def disable(self, request: HttpRequest, chosen: QuerySet[Member]) -> None:
        at = timezone.now()
        for member in chosen:
            identity.disable(member_id=member.pk, at=at)
            audit.record(operator=request.user, action="停用会员", subject=member.public_id, at=at)
        self.message_user(request, f"已停用 {len(chosen)} 位会员。")

    @admin.action(description="恢复", permissions=["operate"])
    @said
    def enable(self, request: HttpRequest, chosen: QuerySet[Member]) -> None:
        at = timezone.now()
        for member in chosen:
            identity.enable(member_id=member.pk)
            audit.record(operator=request.user, action="恢复会员", subject=member.public_id, at=at)
        self.message_user(request, f"已恢复 {len(chosen)} 位会员。")

    @action(description="查看完整手机号", url_path="phone", permissions=["operate"], icon="visibility")
    def reveal_phone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the number on a page that no cache and no cookie keeps, and note who looked."""
        member = self.get_object(request, object_id)
        if member is None:
            raise Http404
        audit.record(operator=request.user, action="查看手机号", subject=member.public_id, at=timezone.now())
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


@admin.register(Level)
class LevelAdmin(EditableAdmin):
    """Levels and what members of them pay."""

    list_display = ["name", "rank", "discount"]

    @admin.display(description="会员折扣", ordering="discount_bp")
    def discount(self, row: Level) -> str:
        """As people say it: 9500 basis points are 9.5 折."""
        return (
            "无折扣" if row.discount_bp == 10_000 else f"{Decimal(row.discount_bp).scaleb(-3).normalize()} 折"
        )


@admin.register(Document)
class DocumentAdmin(EditableAdmin):
    """Texts that members agree to. A published one is never changed: publish a new version."""

    list_display = ["kind", "version", "published_at"]
    list_filter = ["kind"]
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
