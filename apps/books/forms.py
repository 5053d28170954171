"""What the buttons of the books ask of operators."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm
from apps.base.forms import PercentField, RuledForm, TextField, YuanField
from apps.books.models import CostRate
from apps.books.services import fetching, rates
from apps.books.states import Account
from mall.money import yuan


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


class _RemedyForm(AskForm):
    """Why something is done about the money of a difference."""

    reason = TextField(label="原因", min_length=4, max_length=80, widget=UnfoldAdminTextInputWidget)


class ReturnForm(_RemedyForm):
    """Give back what is none of ours."""

    title = "原路退款"
    explanation = (
        "微信收到、商城没有支付单的款项，按微信支付单号原路退回付款人，可以全额或部分。"
        "提交后须由另一位同事复核；原因会显示在付款人的微信退款通知中。"
    )
    field_order = ["amount_fen", "reason"]

    def __init__(self, *args: Any, left_fen: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_fen"] = YuanField(
            label="退款金额（元）", min_value=1, initial=left_fen, help_text=f"最多 {yuan(left_fen)} 元"
        )
        self.order_fields(self.field_order)


class BookForm(_RemedyForm):
    """On which account the difference stands."""

    title = "入账"
    explanation = (
        "把这笔差异记入所选科目并结案，不再提醒。超过双人复核起点（售后规则）的须由另一位同事复核；"
        "记错了可以冲销。"
    )
    account = forms.ChoiceField(label="记入科目", widget=UnfoldAdminSelectWidget)
    field_order = ["account", "reason"]

    def __init__(self, *args: Any, accounts: Collection[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["account"]
        fitting = [(account.value, f"{account.value} {account.label}") for account in accounts]
        field.choices = [("", "请选择"), *fitting]
        self.order_fields(self.field_order)


class UnbookForm(_RemedyForm):
    """Take a booking back."""

    title = "冲销入账"
    explanation = "按原金额做一笔相反的凭证，差异重新待处理。原来的入账记录永久保留。"


class GrantForm(AskForm):
    """Agreeing as the second person."""

    title = "复核同意"
    explanation = "请核对金额与原因后再同意。原路退款会立即提交微信，不能撤回。"


class RefuseForm(AskForm):
    """Saying no as the second person, or taking one's own asking back."""

    title = "驳回或撤回"
    explanation = "差异保持原状，可以重新申请。申请人本人操作即为撤回。"


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
