"""What the buttons of the books ask of operators."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm
from apps.base.forms import PercentField, RuledForm, TextField
from apps.books.models import CostRate
from apps.books.services import fetching, rates


class FetchForm(AskForm):
    """Fetch a day's bills once more."""

    title = "下载账单并对账"
    explanation = (
        "微信每天 10 点后生成前一日的账单，商城会自动下载并核对；这里可以补下过去三个月内的任意一天。"
    )

    day = forms.DateField(label="账单日期", widget=UnfoldAdminDateWidget)

    def clean_day(self) -> date:
        """A day of which WeChat has bills."""
        day: date = self.cleaned_data["day"]
        try:
            fetching.require_bill(day, at=timezone.now())
        except fetching.DayWithoutBill as refusal:
            raise forms.ValidationError(refusal.text) from None
        return day


class ExplainBillForm(AskForm):
    """Say why a bill will not come."""

    title = "说明并结案"
    explanation = "确认这份账单不需要时填写原因，例如：填错日期、微信已过保留期。不再提醒，也不再自动下载。"

    note = TextField(label="原因", min_length=4, max_length=180, widget=UnfoldAdminTextInputWidget)


class ExplainForm(AskForm):
    """Say why a difference is right as it is."""

    title = "说明并结案"
    explanation = (
        "确认这笔差异不需要再处理时填写原因，例如：商户平台手工充值、活动补贴。结案后不再提醒，记录永久保留。"
    )

    note = TextField(label="原因", min_length=4, max_length=200, widget=UnfoldAdminTextInputWidget)


class AskWechatForm(AskForm):
    """Ask WeChat about the number."""

    title = "向微信查询"
    explanation = "按单号向微信查询，查到的收款或退款按收到通知一样处理，然后重新核对当天账单。"


class CostRateForm(RuledForm):
    """What sending a parcel costs from a day on; days that may be posted keep what they had."""

    fee_bp = PercentField(
        label="微信费率（%）",
        max_bp=1_000,
        initial=60,
        help_text="当日账单到达之前，订单利润里的手续费按它估算；账单到达后以账单为准",
    )

    class Meta:
        model = CostRate
        fields = ["since", "postage_fen", "packing_fen", "insurance_fen", "fee_bp"]

    def check(self, row: CostRate) -> None:
        rates.check(row, at=timezone.now())
