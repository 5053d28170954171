"""What the buttons of invoices ask of operators, and the rules as they fill them in."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base import held
from apps.base.asking import AskForm, ReasonForm
from apps.base.forms import CodeField, RuledForm
from apps.invoices import papers, providers
from apps.invoices import services as invoices
from apps.invoices.models import InvoiceRules
from apps.invoices.papers import Paper
from mall.errors import ShopError


def _judged(upload: Any) -> None:
    """Refuse by the content what is no electronic invoice."""
    if (upload.size or 0) > papers.LARGEST:
        raise forms.ValidationError("发票文件不能超过 5 MB")
    upload.seek(0)
    try:
        papers.kind_of(upload.read(papers.LARGEST + 1))
    except ShopError as refusal:
        raise forms.ValidationError(refusal.text) from None
    finally:
        upload.seek(0)


class IssueForm(AskForm):
    """The paper that was issued in the tax office's client."""

    title = "开具发票"
    explanation = "请先在电子税务局按上面的抬头与金额开具，再上传发票文件。提交后买家会收到通知并可下载。"

    number = CodeField(
        label="发票号码",
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text="数电票 20 位；其他发票 8 位",
    )
    code = CodeField(
        label="发票代码",
        max_length=12,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="数电票留空；其他发票 10 或 12 位",
    )
    issued_on = forms.DateField(
        label="开票日期", widget=UnfoldAdminSingleDateWidget, help_text="订单付款日到今天之间"
    )
    file = held.kept(
        forms.FileField(
            label="发票文件",
            validators=[_judged],
            widget=UnfoldAdminFileFieldWidget,
            help_text="PDF 或 OFD，5 MB 以内；只有买家本人和有发票权限的同事可以下载",
        )
    )

    def paper(self) -> Paper:
        """What was filled in."""
        typed = self.cleaned_data
        typed["file"].seek(0)
        return Paper(
            number=typed["number"],
            code=typed["code"],
            issued_on=typed["issued_on"],
            content=typed["file"].read(),
        )


class IssueOutsideForm(AskForm):
    """Nothing to bring: the provider issues it."""

    title = "开具发票"
    explanation = "由开票服务商按上面的抬头与金额开具。"

    def paper(self) -> None:
        """Nothing."""


class RefuseInvoiceForm(ReasonForm):
    """Say no, and why."""

    title = "驳回发票申请"
    explanation = "买家会看到原因，并可修改抬头后重新申请。"


class ReverseForm(ReasonForm):
    """Take an issued invoice back."""

    title = "红冲发票"
    explanation = (
        "原发票不再有效，买家会看到原因并可重新申请。请在电子税务局开具红字发票，再回到此页登记号码。"
    )


class RedLetterForm(AskForm):
    """The red letter that was issued in the tax office's client."""

    title = "登记红字发票"
    explanation = "请先在电子税务局开具红字发票，再登记其号码与日期。"

    red_number = CodeField(label="红字发票号码", max_length=20, widget=UnfoldAdminTextInputWidget)
    red_on = forms.DateField(label="红字开票日期", widget=UnfoldAdminSingleDateWidget)


class InvoiceRulesForm(RuledForm):
    """The rules, the provider chosen from those that are there."""

    provider = forms.ChoiceField(label="开票方式", choices=providers.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = InvoiceRules
        fields = ["enabled", "apply_days", "provider"]

    def check(self, row: Any) -> None:
        """As the service judges them."""
        invoices.check_rules(row)
