"""What operators type of a bargain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.bargain import services as bargains
from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain
from apps.base.asking import AskForm
from apps.base.forms import YuanField, show_refusal
from apps.campaigns.forms import CombinesField
from apps.catalog.models import Sku
from mall.errors import ShopError


class BargainForm(forms.ModelForm):
    """One bargain, translated into a draft; what is wrong with it the service says, and the form shows where."""

    sku = forms.ModelChoiceField(
        label="商家编码",
        queryset=Sku.objects.select_related("product"),
        to_field_name="code",
        widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid_choice": "没有这个商家编码的 SKU"},
    )
    floor_fen = YuanField(label="底价（元）", help_text="砍到此价为止，可以为 0")
    quota = forms.IntegerField(
        label="总量",
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="最多卖出多少件，下单时占用；留空表示不限，以库存为准",
    )
    combines = CombinesField()

    class Meta:
        model = Bargain
        fields = [
            "title",
            "code",
            "sku",
            "preheat_at",
            "starts_at",
            "ends_at",
            "floor_fen",
            "helpers",
            "helps_per_day",
            "minutes_per_run",
            "limit_per_member",
            "buy_at_any_price",
            "combines",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["sku"] = self.instance.sku
            self.fields["quota"].initial = bargains.CAMPAIGNS.draft_of(self.instance).quota

    def clean(self) -> dict[str, Any]:
        """Have the service judge the whole of it."""
        if self.errors:
            return self.cleaned_data
        typed = dict(self.cleaned_data)
        sku = typed.pop("sku")
        self.draft = BargainDraft(row_id=self.instance.pk, sku_id=sku.pk, **typed)
        try:
            bargains.CAMPAIGNS.try_out(self.draft, at=timezone.now())
        except ShopError as refusal:
            show_refusal(self, refusal)
        return self.cleaned_data


class ReleaseForm(AskForm):
    """Let a help that was held cut after all."""

    title = "放行"
    explanation = "放行后立即砍掉一刀；请先核对原因，确认是真实好友的帮砍。"
