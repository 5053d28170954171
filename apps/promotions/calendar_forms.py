"""The operators' forms of member days and festival campaigns."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base.forms import PercentField, RuledForm
from apps.promotions import inputs, member_days
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, MemberDay


class MemberDayForm(RuledForm):
    """Days that come again, ticked by weekday or typed as days of the month."""

    weekdays = forms.TypedMultipleChoiceField(
        label="每周",
        required=False,
        coerce=int,
        empty_value=[],
        choices=[(number, f"周{name}") for number, name in enumerate(member_days.WEEKDAYS, start=1)],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    month_days = inputs.MonthDaysField(
        label="每月", required=False, help_text="例如「15」或「1，15」。没有 31 日的月份就没有这一天"
    )
    points_bp = PercentField(label="积分倍率（%）", help_text="200 表示双倍积分，100 表示不加倍")

    class Meta:
        model = MemberDay
        fields = ["name", "enabled", "weekdays", "month_days", "points_bp"]

    def check(self, row: MemberDay) -> None:
        promotions.check_member_day(row)


class CampaignForm(RuledForm):
    """A festival; its promotions must fit into its window."""

    class Meta:
        model = Campaign
        fields = ["name", "preheat_at", "starts_at", "ends_at"]
        help_texts = {"preheat_at": "从这一刻起展示活动和倒计时，但不生效；留空表示不预热"}

    def check(self, row: Campaign) -> None:
        promotions.check_campaign(row)
