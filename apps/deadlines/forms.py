"""What operators type of rules, days and promises, and when they put an order off."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm
from apps.base.forms import RuledForm, TextField
from apps.deadlines.models import DeadlineRules, Promise
from apps.deadlines.services import ruling
from apps.deadlines.states import DelayReason


class RulesForm(RuledForm):
    """The rules."""

    class Meta:
        model = DeadlineRules
        fields = ["promise_hours", "warn_hours", "answer_hours", "saturday_closed", "sunday_closed"]

    def check(self, row: DeadlineRules) -> None:
        ruling.check_rules(row)


class PromiseForm(RuledForm):
    """What a product or one of its SKUs promises."""

    class Meta:
        model = Promise
        fields = ["product", "sku", "hours", "ships_on"]

    def check(self, row: Promise) -> None:
        ruling.check_promise(row)


class DelayForm(AskForm):
    """Why an order cannot leave as promised, and by when it will."""

    title = "登记无法按时发货"
    explanation = "买家会收到通知，可选择等待、退款，以及您在下方提供的换货；逾期未选视为等待。微信的发货时限不因此改变。"

    reason = forms.ChoiceField(label="原因", choices=DelayReason.choices, widget=UnfoldAdminSelectWidget)
    ships_on = forms.DateField(
        label="新的最晚发货日",
        widget=UnfoldAdminDateWidget,
        help_text="当日结束前发出；遇休息日顺延至下一个工作日",
    )
    note = TextField(label="给买家的说明", max_length=100, required=False, widget=UnfoldAdminTextInputWidget)

    def said(self) -> dict[str, Any]:
        """As the service takes it."""
        typed = self.cleaned_data
        ships_on: date = typed["ships_on"]
        return {"reason": DelayReason(typed["reason"]), "ships_on": ships_on, "note": typed["note"]}
