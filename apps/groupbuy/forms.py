"""The operators' forms of group-buys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.asking import ReasonForm
from apps.base.forms import CodeField, LinesField, TextField
from apps.campaigns.forms import COMMON, CampaignForm, CombinesField
from apps.catalog import sku_codes
from apps.groupbuy import inputs
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy import terms as group_terms
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import GroupBuy

LIMITS = ("minutes_per_group", "limit_per_member", "quota", "newcomers_only")


class GroupBuyForm(CampaignForm):
    """One group-buy."""

    campaigns = groupbuy.CAMPAIGNS
    called: ClassVar[Mapping[str, str]] = {"skus": "ladder"}

    code = CodeField(
        label="编码",
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="在活动文件和统计中使用，例如 SPRING-TEA-3",
    )
    combines = CombinesField()
    people = TextField(
        label="成团人数",
        widget=UnfoldAdminTextInputWidget,
        help_text="几人成团；设多个人数即为阶梯团，例如 3，5：满 3 人成团，满 5 人更便宜",
    )
    ladder = LinesField(
        label="拼团价（元）",
        widget=UnfoldAdminTextareaWidget,
        help_text="每个规格一行，价格与成团人数一一对应，例如 TEA-01：39.00，35.00；"
        "开团者另有价格的写在最后，例如 TEA-01：39.00，35.00，团长 30.00",
    )

    class Meta:
        model = GroupBuy
        fields = [*COMMON, *LIMITS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            ladders = group_terms.of_campaign(self.instance)
            codes = group_facts.codes_of(self.instance)
            if ladders.ladders:
                self.initial["people"] = inputs.write_sizes(ladders.sizes)
                self.initial["ladder"] = inputs.write_prices(ladders, codes)

    def clean_people(self) -> list[int]:
        """The numbers of people."""
        return inputs.read_sizes(self.cleaned_data["people"])

    def drafted(self, typed: dict[str, Any]) -> Draft:
        """The draft, with the prices of these lines."""
        try:
            by_code = inputs.read_prices(typed["ladder"], typed["people"])
            ids = sku_codes.ids_of(by_code)
        except forms.ValidationError as unreadable:
            raise forms.ValidationError({"ladder": unreadable}) from unreadable
        ladders = {ids[code]: ladder for code, ladder in by_code.items()}
        said = {name: typed[name] for name in (*COMMON, *LIMITS)}
        return Draft(row_id=self.instance.pk, ladders=ladders, **said)


class EndForm(ReasonForm):
    """End a group that is not formed."""

    title = "提前结束此团"
    explanation = (
        "已付款的团员立即自动全额退款，未付款的订单关闭。已成团的团不能结束；平台不能虚增团员凑成团。"
    )
