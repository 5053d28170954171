"""What operators fill in about points: the rules, what interactions give, the mall's goods, a correction."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.base.asking import OnceForm
from apps.base.forms import PercentField, TextField, YuanField
from apps.catalog.models import Sku
from apps.points.models import InteractionRule, PointsGood, Rules
from apps.points.services.booking import MAX_POINTS
from apps.points.states import Interaction

# Above these a rule is a typing error: a hundred points a yuan, a thousand for a day.
_MOST_PER_YUAN = 100
_MOST_A_DAY = 1_000
_LONGEST_MONTHS = 120


class RulesForm(forms.ModelForm):
    """How points are earned, spent and lost; figures that no shop can mean are refused."""

    deduction_cap_bp = PercentField(
        label="最多抵商品金额（%）",
        max_bp=10_000,
        initial=5_000,
        help_text="50 表示最多抵一半，0 表示不可抵扣",
    )

    class Meta:
        model = Rules
        fields = [
            "points_per_yuan",
            "growth_per_yuan",
            "expiry",
            "expiry_months",
            "remind_days",
            "check_in_points",
            "streak_days",
            "streak_bonus",
            "deduction_points_per_yuan",
            "deduction_cap_bp",
        ]

    def clean(self) -> dict[str, Any]:
        """Say what is wrong beside the figure."""
        typed = self.cleaned_data
        self._within(typed, "points_per_yuan", 0, _MOST_PER_YUAN)
        self._within(typed, "growth_per_yuan", 0, _MOST_PER_YUAN)
        self._within(typed, "expiry_months", 1, _LONGEST_MONTHS)
        self._within(typed, "remind_days", 0, 90)
        self._within(typed, "check_in_points", 0, _MOST_A_DAY)
        self._within(typed, "streak_bonus", 0, _MOST_A_DAY)
        self._within(typed, "streak_days", 2, 31)
        self._within(typed, "deduction_points_per_yuan", 1, 100_000)
        earned, paid = typed.get("points_per_yuan"), typed.get("deduction_points_per_yuan")
        if earned and paid and earned >= paid:
            self.add_error(
                "deduction_points_per_yuan",
                f"每消费 1 元得 {earned} 积分，而 {paid} 积分就抵 1 元：等于白送，请提高抵扣所需积分",
            )
        return typed

    def _within(self, typed: dict[str, Any], name: str, low: int, high: int) -> None:
        figure = typed.get(name)
        if figure is not None and not low <= figure <= high:
            self.add_error(name, f"请填写 {low} 到 {high} 之间的整数")


class InteractionRuleForm(forms.ModelForm):
    """What an interaction gives."""

    class Meta:
        model = InteractionRule
        fields = ["kind", "enabled", "points", "growth", "once", "daily_cap"]

    def clean(self) -> dict[str, Any]:
        """A profile is completed once, and a gift has an end."""
        typed = self.cleaned_data
        for name in ("points", "growth"):
            if (typed.get(name) or 0) > _MOST_A_DAY:
                self.add_error(name, f"单次不能超过 {_MOST_A_DAY}")
        if typed.get("points") == 0:
            self.add_error("points", "积分必须大于 0；不想奖励请停用")
        if typed.get("kind") == Interaction.PROFILE and not typed.get("once"):
            self.add_error("once", "完善资料只能奖励一次，请勾选「仅一次」")
        if not typed.get("once") and not typed.get("daily_cap"):
            self.add_error("daily_cap", "请填写每日次数上限，否则可以无限刷积分")
        return typed


class PointsGoodForm(forms.ModelForm):
    """Something in the points mall: a SKU by its code, or a coupon template by its number."""

    sku = forms.ModelChoiceField(
        label="商家编码",
        queryset=Sku.objects.select_related("product"),
        to_field_name="code",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid_choice": "没有这个商家编码的 SKU"},
    )
    money_fen = YuanField(label="另付（元）", required=False, help_text="积分之外另付的金额，只用于商品")

    class Meta:
        model = PointsGood
        fields = [
            "kind",
            "title",
            "sku",
            "coupon_template_id",
            "points",
            "money_fen",
            "quota",
            "per_member",
            "starts_at",
            "ends_at",
            "enabled",
            "position",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["sku"] = self.instance.sku

    def clean(self) -> dict[str, Any]:
        """One thing, at a price in points, for a time that passes, no fewer than were redeemed already."""
        typed = self.cleaned_data
        typed["money_fen"] = typed.get("money_fen") or 0
        if typed.get("kind") == PointsGood.Kind.SKU:
            typed["coupon_template_id"] = None
            if not typed.get("sku") and "sku" not in self.errors:
                self.add_error("sku", "请填写商家编码")
        elif typed.get("kind") == PointsGood.Kind.COUPON:
            typed["sku"] = None
            if not typed.get("coupon_template_id"):
                self.add_error("coupon_template_id", "请选择优惠券模板")
            if typed["money_fen"]:
                self.add_error("money_fen", "优惠券只用积分兑换，不能另付")
        self._refuse_senseless(typed)
        return typed

    def _refuse_senseless(self, typed: dict[str, Any]) -> None:
        starts_at, ends_at = typed.get("starts_at"), typed.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "结束时间必须晚于开始时间")
        if typed.get("points") == 0:
            self.add_error("points", "所需积分必须大于 0")
        if typed.get("quota") is not None and typed["quota"] < self.instance.redeemed:
            self.add_error("quota", f"已兑换 {self.instance.redeemed}，总量不能更少")
        sku = typed.get("sku")
        if sku and typed["money_fen"] >= sku.price_fen:
            self.add_error("money_fen", "另付金额必须低于商品售价")


class CorrectionForm(OnceForm):
    """Points given or taken by hand, with a reason, and a token: sending the same page twice books once."""

    title = "调整积分"
    explanation = "正数为赠送，负数为扣除。余额不足以扣除的部分记为欠积分，由下次获得的积分偿还。"

    change = forms.IntegerField(
        label="积分", min_value=-MAX_POINTS, max_value=MAX_POINTS, widget=UnfoldAdminIntegerFieldWidget
    )
    reason = TextField(
        label="原因", max_length=100, widget=UnfoldAdminTextInputWidget, help_text="会员在积分明细中会看到"
    )

    def clean_change(self) -> Any:
        """A change that is one."""
        change = self.cleaned_data["change"]
        if change == 0:
            raise forms.ValidationError("请填写不为 0 的整数")
        return change
