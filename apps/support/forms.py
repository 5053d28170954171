"""The operators' forms of surveys: they refuse what nobody could answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.base.forms import RuledForm
from apps.support import services as surveys
from apps.support.models import Question, Survey


class OptionsField(forms.Field):
    """Options, one a line in the page, a list of texts in ``cleaned_data``."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = [line.strip() for line in (value or "").splitlines()]
        return [line for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial if isinstance(initial, list) else self.to_python(initial))


class SurveyForm(RuledForm):
    """A survey with a window."""

    class Meta:
        model = Survey
        fields = ["title", "introduction", "levels", "starts_at", "ends_at", "enabled"]
        widgets = {
            "introduction": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "levels": UnfoldAdminCheckboxSelectMultipleWidget,
        }

    def check(self, row: Survey) -> None:
        surveys.check_survey(row)


class QuestionForm(RuledForm):
    """A question with options exactly where one chooses."""

    options = OptionsField(label="选项", required=False, help_text="每行一个，只用于单选和多选")

    class Meta:
        model = Question
        fields = ["position", "kind", "text", "options", "required"]

    def check(self, row: Question) -> None:
        surveys.check_question(row)


class QuestionFormSet(forms.BaseInlineFormSet):
    """The questions of a survey: whoever switches it on asks something."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE") and form.cleaned_data.get("text")
        ]
        try:
            surveys.check_asks(enabled=self.instance.enabled, questions=len(kept))
        except surveys.SurveyRefused as refusal:
            raise ValidationError(refusal.text) from refusal
