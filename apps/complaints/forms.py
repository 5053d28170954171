"""What the buttons of a complaint ask of operators."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.base.asking import OnceForm
from apps.base.forms import LinesField
from apps.complaints.models import MOST_CHARACTERS
from apps.complaints.services.acting import MOST_DAYS


class ReplyForm(OnceForm):
    """Answer the shopper."""

    title = "回复投诉"
    explanation = (
        "买家会立即在微信里看到。请写明处理方案；微信会拒绝含敏感词的内容。首次回复后投诉变为处理中。"
    )

    text = LinesField(
        label="回复内容", max_length=MOST_CHARACTERS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4})
    )


class CompleteForm(OnceForm):
    """Say that it is dealt with."""

    title = "处理完成"
    explanation = "请在真正处理好之后再确认：微信会请买家评价，未妥善处理的重复投诉会影响商户考核。"

    def __init__(self, *args: Any, owing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if owing:
            self.fields["anyway"] = forms.BooleanField(
                label="已同意退款，但还没有办理：仍要完结",
                widget=UnfoldBooleanSwitchWidget,
                help_text="请先到订单页办理退款；买家未收到款会再次投诉",
                error_messages={"required": "已同意的退款还没有办理，请先到订单页退款；确实要完结请勾选"},
            )


class ApproveForm(OnceForm):
    """Say yes to the refund."""

    title = "同意退款"
    explanation = "只告诉微信同意退款，不会付款。确认后请到订单页办理退款，全额到账后微信自动完结投诉。"

    days = forms.IntegerField(
        label="预计几个工作日内退款（0 表示当天）",
        min_value=0,
        max_value=MOST_DAYS,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class RejectForm(OnceForm):
    """Say no to it."""

    title = "拒绝退款"
    explanation = "买家会看到原因，微信随后完结投诉；买家仍可继续投诉。"

    text = LinesField(
        label="拒绝原因", max_length=MOST_CHARACTERS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
