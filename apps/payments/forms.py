"""What operators fill in to end a refund that WeChat will not carry out."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm
from apps.base.forms import TextField
from apps.payments.models import RefundEnding


class AskEndingForm(AskForm):
    """How it ended, and what proves it; somebody else agrees before anything changes."""

    title = "申请结案"
    explanation = (
        "仅用于微信不再受理的退款（订单不存在、超过一年、买家账户已注销等）。"
        "提交后由另一位同事复核；复核前会再次向微信核实，避免重复退款。"
    )

    way = forms.ChoiceField(
        label="结案方式", choices=RefundEnding.Way.choices, widget=UnfoldAdminSelectWidget
    )
    proof = TextField(
        label="凭证或原因",
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="转账单号与日期、收款方式，或不再退款的原因；请勿填写完整银行卡号",
        error_messages={"required": "请填写凭证或原因"},
    )


class GrantEndingForm(AskForm):
    """Agreeing as the second person."""

    title = "同意结案"
    explanation = "请核对凭证后再同意。选择线下退款的，买家会看到款项已退；此操作不能撤销。"


class RefuseEndingForm(AskForm):
    """Saying no as the second person, or taking one's own asking back."""

    title = "驳回结案"
    explanation = "退款保持原状，可以重新提交或重新申请结案。申请人本人操作即为撤回。"
