"""What operators fill in about reviews: the rules, a reason, a reply."""

from __future__ import annotations

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base.asking import AskForm
from apps.base.forms import LinesField, RuledForm, TextField
from apps.content.models import MOST_CHARACTERS, ReviewRules
from apps.content.services import ruling


class RulesForm(RuledForm):
    """Days and pictures that make sense."""

    days = forms.IntegerField(
        label="评价期限（天）",
        initial=90,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="确认收货后多少天内可以评价",
    )
    pictures_per_day = forms.IntegerField(
        label="每人每日上传图片上限",
        initial=50,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="按上海时间的自然日计算，填 0 表示暂停上传图片",
    )

    class Meta:
        model = ReviewRules
        fields = ["days", "pictures_per_day"]

    def check(self, row: ReviewRules) -> None:
        ruling.check(row)


class PublishForm(AskForm):
    title = "发布"
    explanation = "发布后所有人可见，会员按互动奖励规则获得积分。"


class ShowForm(AskForm):
    title = "恢复显示"
    explanation = "恢复后所有人可见；积分不会重复发放。"


class _ReasonForm(AskForm):
    reason = TextField(
        label="原因",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="只有操作员能看到，会记入评价历史",
    )


class RejectForm(_ReasonForm):
    title = "不予发布"
    explanation = (
        "不予发布后不能恢复，会员也不能对同一商品再次评价。仅用于违法违规内容，差评请回复而不是拦截。"
    )


class HideForm(_ReasonForm):
    title = "隐藏"
    explanation = "隐藏后其他人看不到，也不计入评分；已发放的积分不收回。可以随时恢复显示。"


class ReplyForm(AskForm):
    title = "回复"
    explanation = "回复显示在评价下方，所有人可见。再次回复会替换原来的内容。"

    text = LinesField(
        label="回复内容",
        max_length=MOST_CHARACTERS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
