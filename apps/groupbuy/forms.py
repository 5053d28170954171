"""The operators' forms of group-buys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.asking import ReasonForm
from apps.base.forms import CodeField, LinesField, TextField, show_refusal
from apps.campaigns.forms import COMMON, CombinesField
from apps.catalog.models import Sku
from apps.groupbuy import inputs
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy import terms as group_terms
from apps.groupbuy.drafts import Draft
from apps.groupbuy.models import GroupBuy
from mall.errors import ShopError

LIMITS = ("minutes_per_group", "limit_per_member", "quota", "newcomers_only")


class GroupBuyForm(forms.ModelForm):
    """One group-buy, translated into a draft; what is wrong with it the service says, and the form shows where."""

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
        self.draft: Draft | None = None
        if self.instance.pk:
            ladders = group_terms.of_campaign(self.instance)
            codes = group_facts.codes_of(self.instance)
            if ladders.ladders:
                self.initial["people"] = inputs.write_sizes(ladders.sizes)
                self.initial["ladder"] = inputs.write_prices(ladders, codes)

    def clean_people(self) -> list[int]:
        """The numbers of people."""
        return inputs.read_sizes(self.cleaned_data["people"])

    def clean(self) -> dict[str, Any]:
        """Read the prices, and ask the service."""
        typed = self.cleaned_data
        if not self.errors:
            try:
                by_code = inputs.read_prices(typed["ladder"], typed["people"])
                ladders = self._by_sku(by_code)
            except forms.ValidationError as refused:
                self.add_error("ladder", refused)
                return typed
            self._ask_the_service(typed, ladders)
        return typed

    def _by_sku(self, by_code: dict[str, dict[int, int]]) -> dict[int, dict[int, int]]:
        ids = dict(Sku.objects.filter(code__in=by_code).values_list("code", "pk"))
        if missing := [code for code in by_code if code not in ids]:
            raise forms.ValidationError(f"没有这个商家编码的 SKU：{'、'.join(missing)}")
        return {ids[code]: ladder for code, ladder in by_code.items()}

    def _ask_the_service(self, typed: dict[str, Any], ladders: dict[int, dict[int, int]]) -> None:
        said = {name: typed[name] for name in (*COMMON, *LIMITS)}
        self.draft = Draft(row_id=self.instance.pk, ladders=ladders, **said)
        try:
            groupbuy.CAMPAIGNS.try_out(self.draft, at=timezone.now())
        except ShopError as refusal:
            show_refusal(self, refusal, named={"skus": "ladder"})


class EndForm(ReasonForm):
    """End a group that is not formed."""

    title = "提前结束此团"
    explanation = (
        "已付款的团员立即自动全额退款，未付款的订单关闭。已成团的团不能结束；平台不能虚增团员凑成团。"
    )
