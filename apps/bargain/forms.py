"""What operators type of a bargain."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.bargain import services as bargains
from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain
from apps.base.asking import AskForm
from apps.base.forms import YuanField
from apps.campaigns.forms import CampaignForm, CombinesField
from apps.catalog.sku_codes import SkuCodeField


class BargainForm(CampaignForm):
    """One bargain."""

    campaigns = bargains.CAMPAIGNS

    sku = SkuCodeField()
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

    def drafted(self, typed: dict[str, Any]) -> BargainDraft:
        """The draft, of the SKU that was named."""
        sku = typed.pop("sku")
        return BargainDraft(row_id=self.instance.pk, sku_id=sku.pk, **typed)


class ReleaseForm(AskForm):
    """Let a help that was held cut after all."""

    title = "放行"
    explanation = "放行后立即砍掉一刀；请先核对原因，确认是真实好友的帮砍。"
