"""What operators type of risk: rules, and what they decide about a reward."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from apps.base.asking import AskForm, ReasonForm


class PolicyForm(AskForm):
    """The score from which a reward is held, as it shall be, tried on last month's rewards before it holds."""

    title = "修改并试算"
    explanation = "先看按新标准重算最近 30 天的奖励会扣留多少，确认后才生效；已核实的奖励不受影响。"

    hold_at = forms.IntegerField(
        label="达到多少分扣留", min_value=1, max_value=1_000, widget=UnfoldAdminIntegerFieldWidget
    )


class RuleForm(AskForm):
    """A rule as it shall be, tried on last month's rewards before it holds."""

    title = "修改并试算"
    explanation = "先看按新规则重算最近 30 天的奖励会扣留多少，确认后才生效；已核实的奖励不受影响。"

    enabled = forms.BooleanField(label="启用", required=False, widget=UnfoldBooleanSwitchWidget)
    threshold = forms.IntegerField(
        label="达到多少算命中", min_value=1, max_value=10_000, widget=UnfoldAdminIntegerFieldWidget
    )
    weight = forms.IntegerField(
        label="分数", min_value=0, max_value=1_000, widget=UnfoldAdminIntegerFieldWidget
    )


class ReleaseForm(AskForm):
    """Let a held reward go."""

    title = "放行"
    explanation = "放行后奖励立即发放，或按原来的进度到账；请先核对原因，确认是真实的邀请与购买。"


class RejectForm(ReasonForm):
    """Refuse a held reward."""

    title = "驳回"
    explanation = "驳回后奖励不再发放，订单不受影响；原因会记入操作日志。"
