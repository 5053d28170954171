"""What the buttons of withdrawals ask of operators."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from apps.base import days
from apps.base.asking import AskForm, ReasonForm

_MONTHS: Final = 24


class ApproveForm(AskForm):
    """Let a withdrawal pass."""

    title = "通过提现"
    explanation = "通过后向微信发起转账，推客须在 24 小时内在小程序里确认收款；大额提现还须另一位同事复核。"


class SecondForm(AskForm):
    """Let a large withdrawal pass as the second person."""

    title = "复核通过"
    explanation = "初审与复核须为两位同事。通过后向微信发起转账，推客须在 24 小时内确认收款。"


class RejectForm(ReasonForm):
    """Refuse a withdrawal."""

    title = "驳回提现"
    explanation = "驳回后金额退回推客的可提现佣金（先抵扣欠款），推客会看到原因。"


class CancelForm(AskForm):
    """Take a transfer back that its user has not confirmed."""

    title = "撤销转账"
    explanation = "撤销后推客不能再确认收款，金额退回可提现佣金；推客已确认的不能撤销。"


class MonthForm(AskForm):
    """Which month's statement."""

    title = "导出月报"
    explanation = "按到账时间统计每位推客当月的提现，用于代扣个税等申报。导出会留下记录。"

    month = forms.ChoiceField(label="月份", widget=UnfoldAdminSelectWidget)
    form = forms.ChoiceField(
        label="文件格式", choices=[("xlsx", "Excel"), ("csv", "CSV")], widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{first:%Y-%m}", f"{first:%Y 年 %m 月}") for first in months(timezone.now())]
        self.fields["month"] = forms.ChoiceField(
            label="月份", choices=choices, widget=UnfoldAdminSelectWidget
        )


def months(at: datetime) -> list[date]:
    """The first days of this month and of those before, the newest first."""
    first = days.shop_day(at).replace(day=1)
    found = [first]
    while len(found) < _MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
