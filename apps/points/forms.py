"""What operators fill in about points: the rules, what interactions give, the mall's goods, a correction."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.base.asking import OnceForm
from apps.base.forms import PercentField, RuledForm, TextField, YuanField
from apps.catalog.sku_forms import SkuCodeField
from apps.points.models import InteractionRule, PointsGood, Rules
from apps.points.services import ruling

# Ten thousand yuan at a hundred points each: a correction beyond it is a digit too many. Who means more does it twice.
_MOST: Final = 1_000_000


class RulesForm(RuledForm):
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

    def check(self, row: Rules) -> None:
        ruling.check_rules(row)


class InteractionRuleForm(RuledForm):
    """What an interaction gives."""

    class Meta:
        model = InteractionRule
        fields = ["kind", "enabled", "points", "growth", "once", "daily_cap"]

    def check(self, row: InteractionRule) -> None:
        ruling.check_interaction(row)


class PointsGoodForm(RuledForm):
    """Something in the points mall: a SKU by its code, or a coupon template by its number."""

    sku = SkuCodeField(required=False)
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

    def clean_money_fen(self) -> int:
        """Nothing typed is nothing to pay."""
        return self.cleaned_data["money_fen"] or 0

    def check(self, row: PointsGood) -> None:
        ruling.check_good(row)


class CorrectionForm(OnceForm):
    """Points given or taken by hand, with a reason, and a token: sending the same page twice books once."""

    title = "调整积分"
    explanation = "正数为赠送，负数为扣除。余额不足以扣除的部分记为欠积分，由下次获得的积分偿还。"

    change = forms.IntegerField(
        label="积分", min_value=-_MOST, max_value=_MOST, widget=UnfoldAdminIntegerFieldWidget
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
