"""What operators fill in about promoters: rules, levels, rates, material, contests, and what their buttons ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base.asking import AskForm, OnceForm, ReasonForm
from apps.base.fields import MAX_FEN
from apps.base.forms import CodeField, LinesField, PercentField, RuledForm, TextField, YuanField
from apps.catalog.models import Category, Product
from apps.distribution.models import (
    Contest,
    Material,
    PromoterLevel,
    RateRule,
    Rules,
)
from apps.distribution.services import leaderboard, rules
from apps.distribution.services.leaderboard import Won
from mall import money


class RulesForm(RuledForm):
    """The rules of joining, binding, earning and withdrawing."""

    first_bp = PercentField(label="一级佣金（%）", max_bp=10_000, help_text="直接邀请的客户付款的百分之几")
    second_bp = PercentField(
        label="二级佣金（%）", max_bp=10_000, help_text="客户的客户；法律最多允许两级，0 表示不设"
    )
    ceiling_bp = PercentField(
        label="佣金上限（%）", max_bp=10_000, help_text="一级与二级合计不得超过，商品、类目、等级比例同样受限"
    )

    watermark = TextField(
        label="素材水印",
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text="印在推广素材图片的右下角，例如店铺名；留空不印。修改后对新上传的图片生效",
    )

    class Meta:
        model = Rules
        fields = [
            "first_bp",
            "second_bp",
            "ceiling_bp",
            "freeze_days",
            "joining",
            "needs_review",
            "join_by_spending_fen",
            "binding_mode",
            "valid_days",
            "protect_days",
            "newcomers_only",
            "withdraw_min_fen",
            "withdraw_max_per_day",
            "review_above_fen",
            "second_person_above_fen",
            "watermark",
        ]

    def check(self, row: Rules) -> None:
        rules.check_rules(row)


class LevelForm(RuledForm):
    """A level of promoters."""

    first_bp = PercentField(
        label="一级佣金（%）", max_bp=10_000, required=False, help_text="留空按推客规则；商品和类目比例优先"
    )
    second_bp = PercentField(
        label="二级佣金（%）", max_bp=10_000, required=False, help_text="留空按推客规则；商品和类目比例优先"
    )

    class Meta:
        model = PromoterLevel
        fields = ["name", "rank", "min_orders", "min_amount_fen", "min_team", "first_bp", "second_bp"]

    def check(self, row: PromoterLevel) -> None:
        rules.check_level(row)


class RateForm(RuledForm):
    """The rate of a product, or of a category's goods."""

    product = forms.ModelChoiceField(
        label="商品",
        queryset=Product.objects.order_by("title"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="商品和类目只选一项；商品比例优先于类目，下级类目优先于上级",
    )
    category = forms.ModelChoiceField(
        label="类目",
        queryset=Category.objects.order_by("path"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="含下级类目的商品",
    )
    first_bp = PercentField(label="一级佣金（%）", max_bp=10_000)
    second_bp = PercentField(label="二级佣金（%）", max_bp=10_000)

    class Meta:
        model = RateRule
        fields = ["product", "category", "level", "first_bp", "second_bp"]

    def check(self, row: RateRule) -> None:
        rules.check_rate(row, at=timezone.now())


class MaterialForm(RuledForm):
    """A text and a picture."""

    body = LinesField(label="文案", max_length=500, widget=UnfoldAdminTextareaWidget)

    class Meta:
        model = Material
        fields = ["title", "body", "picture", "product", "position", "enabled"]

    def check(self, row: Material) -> None:
        rules.check_material(row)


class PrizesField(LinesField):
    """Prizes as people write them, a line each: ``1 500``, ``2-3 200``, ``4-10 50``: places, then yuan for each."""

    def to_python(self, value: Any) -> Any:
        """Return what each place wins. Raises ValidationError at the line that cannot be read."""
        typed = super().to_python(value)
        if isinstance(typed, str):
            return [self._read(line) for line in typed.splitlines() if line.strip()]
        return typed

    def prepare_value(self, value: Any) -> Any:
        """Return the lines as they are typed."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "\n".join(f"{_places(each)} {money.yuan(each.reward_fen)}" for each in value)
        return value

    def _read(self, line: str) -> Won:
        places, _, amount = line.strip().partition(" ")
        first, _, last = places.partition("-")
        try:
            if not (first.isascii() and first.isdigit() and len(places) <= 7):
                raise ValueError(line)
            found = Won(int(first), int(last or first), money.parse_yuan(amount.strip()))
        except ValueError:
            raise forms.ValidationError(
                "「%(line)s」看不懂，请按「名次 金额」填写，例如 1 500 或 4-10 50", params={"line": line[:30]}
            ) from None
        if not 1 <= found.reward_fen <= MAX_FEN:
            raise forms.ValidationError(f"奖励金额必须大于 0，且不超过 {money.yuan(MAX_FEN)} 元")
        return found


def _places(won: Won) -> str:
    return (
        str(won.first_place) if won.first_place == won.last_place else f"{won.first_place}-{won.last_place}"
    )


class ContestForm(RuledForm):
    """A contest with its prizes."""

    prizes = PrizesField(
        label="奖励",
        max_length=1_000,
        widget=UnfoldAdminTextareaWidget,
        help_text="每行一项：名次和每人奖励的元数，例如「1 500」「2-3 200」「4-10 50」",
    )

    class Meta:
        model = Contest
        fields = ["title", "starts_at", "ends_at", "wait_days", "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["prizes"] = leaderboard.prizes_of(self.instance)

    def check(self, row: Contest) -> None:
        leaderboard.check_contest(row, prizes=self.cleaned_data["prizes"])


class AppointForm(AskForm):
    """Make a member a promoter."""

    title = "任命推客"
    explanation = "该会员立即成为推客，可以分享并获得佣金。"

    member = CodeField(label="会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)
    level = forms.ModelChoiceField(
        label="等级",
        queryset=PromoterLevel.objects.order_by("rank"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class AppointSharerForm(AskForm):
    """Make a member who shares a promoter."""

    title = "任命推客"
    explanation = "该会员立即成为推客，可以分享并获得佣金；已有的访客和订单不补计佣金。"

    level = forms.ModelChoiceField(
        label="等级",
        queryset=PromoterLevel.objects.order_by("rank"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class LevelChoiceForm(AskForm):
    """Set a promoter's level."""

    title = "设置等级"
    explanation = "之后付款的订单按新等级计佣，已计的不变。"

    level = forms.ModelChoiceField(
        label="等级", queryset=PromoterLevel.objects.order_by("rank"), widget=UnfoldAdminSelectWidget
    )


class ApproveForm(AskForm):
    """Let somebody who asked promote."""

    title = "通过申请"
    explanation = "通过后立即可以分享并获得佣金。"


class RefuseForm(ReasonForm):
    """Refuse somebody who asked."""

    title = "拒绝申请"
    explanation = "该会员可以再次申请。"


class SuspendForm(ReasonForm):
    """Have somebody promote no more for now."""

    title = "停用推客"
    explanation = "停用期间不再绑定客户，付款的订单不计佣；已有的佣金不受影响。"


class ResumeForm(ReasonForm):
    """Have somebody promote again."""

    title = "恢复推客"
    explanation = "恢复后重新绑定客户、计算佣金；停用期间的订单不补计。"


class BindForm(ReasonForm):
    """Bind a customer by hand."""

    title = "绑定客户"
    explanation = "不受首次触达和保护期限制，但不能绑定自己或互相绑定；此前下的订单不计佣。"

    member = CodeField(label="客户的会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)


class UnbindForm(ReasonForm):
    """Free a customer by hand."""

    title = "解绑客户"
    explanation = "解绑后下的订单不再计佣，此前下的订单不受影响。"

    member = CodeField(label="客户的会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)


class AdjustForm(OnceForm):
    """Correct what a promoter may withdraw."""

    title = "人工调整"
    explanation = "正数增加可提现佣金（先抵扣欠款），负数减少，最多减到 0。"

    more = YuanField(label="增加（元）", required=False, min_value=1)
    less = YuanField(label="减少（元）", required=False, min_value=1)
    reason = TextField(label="原因", max_length=100, widget=UnfoldAdminTextInputWidget)

    def clean(self) -> dict[str, Any]:
        """One of both."""
        more, less = self.cleaned_data.get("more"), self.cleaned_data.get("less")
        if not self.errors and (more is None) == (less is None):
            raise forms.ValidationError("增加和减少请填写其中一项")
        return self.cleaned_data


class HoldForm(ReasonForm):
    """Hold a commission for a look."""

    title = "暂扣佣金"
    explanation = "暂扣后不会变为可提现，直到放行或驳回。"


class ReleaseForm(AskForm):
    """Let a held commission go its way."""

    title = "放行佣金"
    explanation = "放行后按原定时间变为可提现。"


class RejectForm(ReasonForm):
    """Cancel a held commission."""

    title = "驳回佣金"
    explanation = "驳回后佣金取消，不能恢复；推客会看到原因。"
