"""How the shop introduces itself, for operators: one page."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base.admin import KeptAdmin
from apps.base.forms import TextField
from apps.storefront import services as storefront
from apps.storefront.models import Shop


class ShopForm(forms.ModelForm):
    """The words in their one form."""

    name = TextField(label="店铺名称", max_length=30, widget=UnfoldAdminTextInputWidget)
    service_phone = TextField(
        label="客服电话",
        max_length=20,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="顾客可以拨打的号码，如 400-800-1234",
    )
    notice = TextField(
        label="公告",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="显示在小程序首页，留空则不显示",
    )

    class Meta:
        model = Shop
        fields = ["name", "logo", "service_phone", "notice"]


@admin.register(Shop)
class ShopAdmin(KeptAdmin):
    """One row."""

    form = ShopForm
    saves = staticmethod(storefront.save)
    list_display = ["name", "service_phone", "notice"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Shop.objects.exists()
