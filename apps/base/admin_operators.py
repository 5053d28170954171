"""Operators and roles: who may do what, named in Chinese, and given by nobody who does not have it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.base import powers
from apps.base import second_factor as factors
from apps.base.admin import EditableAdmin
from apps.base.asking import AskForm
from mall.errors import ShopError

admin.site.unregister(User)
# They would show the keys of everybody's factors; each operator has a page of their own (base.door).
admin.site.unregister([TOTPDevice, StaticDevice])
admin.site.unregister(Group)


_ABOVE = "权限超出您自己的权限，不能操作"
_ACTS = {"add": "新增", "change": "修改与操作", "delete": "删除", "view": "查看"}


class NoFactor(ShopError):
    """There is nothing to reset."""

    code = "no_second_factor"
    message = "该操作员没有启用两步验证"


class ResetFactorForm(AskForm):
    """A question before somebody's second factor is taken away."""

    title = "重置两步验证"
    explanation = "请先当面或电话确认是本人。重置后其验证器和恢复码都失效，需重新启用。"


class PermissionField(forms.ModelMultipleChoiceField):
    """Permissions as operators call them: 订单 | 订单 | 查看. Django keeps their names in English."""

    def label_from_instance(self, permission: Permission) -> str:
        act, _, _ = permission.codename.partition("_")
        kind = permission.content_type
        return f"{kind.app_labeled_name} | {_ACTS.get(act, permission.name)}"


def _shown() -> set[type[Model]]:
    """The tables that have a page, or stand as rows on the page of another: who may see and change them is given apart."""
    pages = admin.site._registry
    return {*pages, *(inline.model for page in pages.values() for inline in page.inlines)}


class PermissionsInChinese(EditableAdmin):
    """Where permissions are given: those that open something and that the giver has, named in Chinese."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Permission:
            kinds = ContentType.objects.get_for_models(*_shown())
            kwargs["form_class"] = PermissionField
            kwargs["queryset"] = (
                powers.permissions_to_give(request.user)
                .filter(content_type__in=kinds.values())
                .select_related("content_type")
            )
        if db_field.remote_field.model is Group:
            kwargs["queryset"] = powers.roles_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write what was chosen, and leave what nobody could choose here: it was not sent because it was not offered."""
        row = form.instance
        left = {
            name: list(getattr(row, name).exclude(pk__in=field.queryset.values("pk")))
            for name, field in form.fields.items()
            if change and isinstance(field, forms.ModelMultipleChoiceField) and field.queryset is not None
        }
        super().save_related(request, form, formsets, change)
        for name, kept in left.items():
            getattr(row, name).add(*kept)

    def reached(self, request: HttpRequest, row: Any) -> bool:
        """Whether whoever asks may change this row."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or self.reached(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self.reached(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """Who is out of reach is no less so where several are deleted at once."""
        going, counts, needed, protected = super().get_deleted_objects(objs, request)
        above = [f"{row}：{_ABOVE}" for row in objs if not self.reached(request, row)]
        return going, counts, needed, [*protected, *above]


@admin.register(User)
class OperatorAdmin(DjangoUserAdmin, PermissionsInChinese):  # type: ignore[misc]  # two of Django's signatures
    """Operators of the shop; shoppers are members, not users."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions_detail = ["reset_second_factor"]

    def usable(self, row: User) -> Collection[str]:
        return ["reset_second_factor"] if factors.has(row) else []

    @action(
        description="重置两步验证",
        url_path="reset-second-factor",
        permissions=["auth.change_user"],
        icon="lock_reset",
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For who lost telephone and recovery codes: asked in person, by somebody who may rule them."""
        row: User = self.row(request, object_id)
        if not self.reached(request, row):
            raise PermissionDenied

        def reset(_: Any) -> str:
            if not factors.remove(row):
                raise NoFactor
            return "已重置，该操作员下次登录只需密码"

        return self.ask(request, ResetFactorForm, reset, row=row, heading=row.get_username())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the row. Who is made here is to work here: nobody could log in without 工作人员状态."""
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    def reached(self, request: HttpRequest, row: User) -> bool:
        return powers.reaches(request.user, row)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes superusers."""
        fields = super().get_readonly_fields(request, obj)
        return fields if getattr(request.user, "is_superuser", False) else [*fields, "is_superuser"]


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, PermissionsInChinese):  # type: ignore[misc]  # two of Django's signatures
    """Roles: sets of permissions given to operators. ``make_roles`` makes the usual ones."""

    def reached(self, request: HttpRequest, row: Group) -> bool:
        return powers.reaches_role(request.user, row)
