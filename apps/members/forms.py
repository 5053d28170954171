"""What operators fill in about levels: a level's terms, and the level of one member with the reason."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.forms import TenthsField, TimesField
from apps.members.models import Level


class LevelForm(forms.ModelForm):
    """One level. A higher one takes more growth and gives no less; what contradicts that is refused."""

    discount_bp = TenthsField(
        label="会员折扣（折）",
        min_bp=1,
        max_bp=10_000,
        initial=10_000,
        help_text="9.5 表示九五折，10 表示不打折",
    )
    points_multiplier_bp = TimesField(
        label="积分倍率（倍）",
        min_bp=10_000,
        max_bp=100_000,
        initial=10_000,
        help_text="1.5 表示消费一元得一点五倍积分",
    )

    class Meta:
        model = Level
        fields = [
            "name",
            "rank",
            "growth_threshold",
            "discount_bp",
            "points_multiplier_bp",
            "free_postage",
            "birthday_points",
            "early_access_minutes",
            "service_queue",
        ]

    def clean(self) -> dict[str, Any]:
        """Compare with the levels below and above."""
        typed = self.cleaned_data
        if self.errors:
            return typed
        for other in Level.objects.exclude(pk=self.instance.pk):
            self._compare(typed, other, above=other.rank > typed["rank"])
        lowest = not Level.objects.exclude(pk=self.instance.pk).filter(rank__lt=typed["rank"]).exists()
        if lowest and typed["growth_threshold"]:
            self.add_error("growth_threshold", "最低等级的所需成长值必须为 0，否则新会员没有等级")
        return typed

    def _compare(self, typed: dict[str, Any], other: Level, *, above: bool) -> None:
        side, word = (-1, "高") if above else (1, "低")
        by_growth = typed["growth_threshold"] and other.growth_threshold
        if by_growth and side * (typed["growth_threshold"] - other.growth_threshold) <= 0:
            self.add_error(
                "growth_threshold",
                f"等级「{other.name}」更{word}，所需成长值为 {other.growth_threshold}；等级越高所需成长值必须越多",
            )
        if side * (typed["discount_bp"] - other.discount_bp) > 0:
            self.add_error("discount_bp", f"等级「{other.name}」更{word}；等级越高折扣不能越少")
        if side * (typed["points_multiplier_bp"] - other.points_multiplier_bp) < 0:
            self.add_error("points_multiplier_bp", f"等级「{other.name}」更{word}；等级越高积分倍率不能越低")


class SetLevelForm(forms.Form):
    """A member's level by hand."""

    title = "调整等级"
    explanation = "新等级立即生效，365 天后按成长值重新评定；原因会记入等级变更历史。"

    level = forms.ModelChoiceField(
        label="新等级",
        queryset=Level.objects.order_by("rank"),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
    )
    reason = forms.CharField(label="原因", max_length=100, widget=UnfoldAdminTextInputWidget)
