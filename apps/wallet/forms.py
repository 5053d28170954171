"""What operators fill in: a pack, a recharge that was paid at the shop, a correction of an account, a refund."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm, OnceForm, ReasonForm
from apps.base.forms import CodeField, RuledForm, YuanField
from apps.members.models import Member
from apps.wallet import selectors as wallet_facts
from apps.wallet.models import Pack
from apps.wallet.services import LIMIT_FEN, packs


class PackForm(RuledForm):
    """A pack."""

    principal_fen = YuanField(label="充值金额（元）", min_value=1, max_value=LIMIT_FEN)
    bonus_fen = YuanField(label="赠送金额（元）", max_value=LIMIT_FEN, help_text="没有赠送填 0")

    class Meta:
        model = Pack
        fields = [
            "title",
            "principal_fen",
            "bonus_fen",
            "per_member",
            "starts_at",
            "ends_at",
            "enabled",
            "position",
        ]

    def check(self, row: Pack) -> None:
        packs.check(row)


class BookingForm(ReasonForm, OnceForm):
    """A reason, and booked once however often it is sent."""


class RechargeForm(BookingForm):
    """A pack that a member has paid for."""

    title = "充值"
    explanation = "确认已收到会员的充值款（现金、转账等）后在这里入账。本金与赠送金分开记账。"

    code = CodeField(label="会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)
    pack = forms.ModelChoiceField(
        label="充值套餐", queryset=Pack.objects.none(), widget=UnfoldAdminSelectWidget
    )
    field_order = ["code", "pack", "reason", "token"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].queryset = wallet_facts.packs_on_offer(at=timezone.now())  # type: ignore[attr-defined]
        self.fields["reason"].help_text = "会记入储值流水，例如「收到转账 凭证号 8812」"

    def clean_code(self) -> Member:
        """The member of the number."""
        member = Member.objects.filter(public_id=self.cleaned_data["code"].strip().upper()).first()
        if member is None:
            raise forms.ValidationError("没有这个编号的会员")
        return member


class AdjustForm(BookingForm):
    """By how much principal or bonus is more or less."""

    title = "人工调整"
    explanation = "填写差额而不是新余额。不能动用订单占用中的金额；每次调整都会记入流水和审计记录。"

    part = forms.ChoiceField(
        label="调整对象",
        choices=[("principal_change_fen", "本金"), ("bonus_change_fen", "赠送金")],
        widget=UnfoldAdminSelectWidget,
    )
    sign = forms.TypedChoiceField(
        label="方向", choices=[(1, "增加"), (-1, "减少")], coerce=int, widget=UnfoldAdminSelectWidget
    )
    amount_fen = YuanField(label="金额（元）", min_value=1)
    field_order = ["part", "sign", "amount_fen", "reason", "token"]

    def change(self) -> dict[str, int]:
        """The difference, as the service takes it."""
        typed = self.cleaned_data
        return {typed["part"]: typed["sign"] * typed["amount_fen"]}


class RechargeRefundForm(BookingForm):
    """How much of a recharge's principal goes back to where it was paid from."""

    title = "充值退款"
    explanation = (
        "退款原路退回会员的微信支付账户，按比例收回这笔充值的赠送金。已消费和订单占用中的金额不能退；"
        "每次退款都会记入流水和审计记录，不能撤销。"
    )

    principal_fen = YuanField(label="退还本金（元）", min_value=1)
    field_order = ["principal_fen", "reason", "token"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # WeChat takes at most 80 bytes, about 26 Chinese characters, and shows them to the shopper.
        self.fields["reason"].help_text = "会员在微信退款通知中可见，并记入储值流水"


class CloseRechargeForm(AskForm):
    """A question before an unpaid recharge is given up."""

    title = "关闭充值单"
    explanation = "先在微信关闭支付，再关闭充值单；关闭后会员不能再付款，此操作不能撤销。"


class UploadAgainForm(AskForm):
    """A question before WeChat is told of a recharge once more."""

    title = "重新上传发货信息"
    explanation = "将此充值重新告知微信（虚拟商品，无需物流）。每笔支付微信只允许重新上传一次。"
