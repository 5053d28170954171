"""What operators fill in to end a refund that WeChat will not carry out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base import held
from apps.base.asking import AskForm
from apps.base.forms import CodeField, TextField
from apps.payments.models import RefundEnding
from apps.payments.services import abnormal
from apps.payments.states import SentTo
from apps.wechat.pay.client import BankCard

# What a proof is, by the first bytes of the file; its name must say the same.
_KINDS: Final = {
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".webp": b"RIFF",
    ".pdf": b"%PDF-",
}
_LARGEST: Final = 5 * 1024 * 1024


def _readable(file: UploadedFile) -> None:
    """Refuse what is no picture or PDF, by name and content, and what is too large."""
    if (file.size or 0) > _LARGEST:
        raise ValidationError("凭证文件不能超过 5 MB")
    starts = _KINDS.get(PurePosixPath(file.name or "").suffix.lower())
    file.seek(0)
    if starts is None or not file.read(16).startswith(starts):
        raise ValidationError("凭证文件须为 JPG、PNG、WebP 图片或 PDF")
    file.seek(0)


class AbnormalForm(AskForm):
    """Where an abnormal refund goes: to the payer's bank card, or to the shop's account."""

    title = "申请异常退款"
    explanation = (
        "买家的微信零钱或原银行卡无法入账时使用，单号不变。退到买家银行卡：请与买家核实卡号与姓名，"
        "信息加密后只提交微信，商城不保存。退回商户账户：款项回到商户，仍留在待处理退款，由商家转给买家并申请结案。"
    )

    to = forms.ChoiceField(
        label="退款到",
        choices=SentTo.choices,
        widget=UnfoldAdminSelectWidget,
    )
    bank_type = CodeField(
        label="银行编码",
        max_length=16,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="微信支付的银行类型，仅支持借记卡，例如 ICBC_DEBIT（工商银行）、CCB_DEBIT（建设银行）",
    )
    account = CodeField(
        label="银行卡号",
        max_length=32,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    owner = TextField(
        label="开户姓名",
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def card(self) -> BankCard | None:
        """The card that was typed; None for the shop's account. Raises CardInvalid."""
        typed = self.cleaned_data
        if typed["to"] != SentTo.PAYER:
            return None
        return abnormal.card(bank_type=typed["bank_type"], account=typed["account"], owner=typed["owner"])


class AskEndingForm(AskForm):
    """How it ended, and what proves it; somebody else agrees before anything changes."""

    title = "申请结案"
    explanation = (
        "用于微信不再受理的退款（订单不存在、超过一年、超过 50 次、买家账户已注销等），和已退回商户、由商家转给买家的退款。"
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

    proof_file = held.kept(
        forms.FileField(
            label="凭证文件",
            required=False,
            validators=[_readable],
            widget=UnfoldAdminFileFieldWidget,
            help_text="转账截图或回单（JPG、PNG、WebP 或 PDF，5 MB 以内），仅有结案权限的同事可见",
        )
    )

    def __init__(self, *args: Any, ways: Collection[str] = RefundEnding.Way.values, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["way"]
        field.choices = [choice for choice in RefundEnding.Way.choices if choice[0] in ways]


class GrantEndingForm(AskForm):
    """Agreeing as the second person."""

    title = "同意结案"
    explanation = "请核对凭证后再同意。选择线下退款的，买家会看到款项已退；此操作不能撤销。"


class RefuseEndingForm(AskForm):
    """Saying no as the second person, or taking one's own asking back."""

    title = "驳回结案"
    explanation = "退款保持原状，可以重新提交或重新申请结案。申请人本人操作即为撤回。"
