"""The operators' forms of surveys: they refuse what nobody could answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.support.models import MOST_OPTIONS, Question, Survey

_LONGEST_OPTION = 50


class OptionsField(forms.Field):
    """Options, one a line in the page, a list of texts in ``cleaned_data``."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = [line.strip() for line in (value or "").splitlines()]
        return [line for line in lines if line]

    def validate(self, value: Any) -> None:
        if len(value) > MOST_OPTIONS:
            raise ValidationError(f"最多 {MOST_OPTIONS} 个选项")
        if len(set(value)) != len(value):
            raise ValidationError("选项不能重复")
        if any(len(option) > _LONGEST_OPTION for option in value):
            raise ValidationError(f"每个选项最多 {_LONGEST_OPTION} 个字")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial if isinstance(initial, list) else self.to_python(initial))


class SurveyForm(forms.ModelForm):
    """A survey with a window."""

    class Meta:
        model = Survey
        fields = ["title", "introduction", "levels", "starts_at", "ends_at", "enabled"]
        widgets = {
            "introduction": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "levels": UnfoldAdminCheckboxSelectMultipleWidget,
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a window that ends before it begins; what stands still is not in the form."""
        typed = super().clean() or {}
        starts_at = typed.get("starts_at", self.instance.starts_at)
        ends_at = typed.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "结束时间必须晚于开始时间")
        return typed


class QuestionForm(forms.ModelForm):
    """A question with options exactly where one chooses."""

    options = OptionsField(label="选项", required=False, help_text="每行一个，只用于单选和多选")

    class Meta:
        model = Question
        fields = ["position", "kind", "text", "options", "required"]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        options, kind = typed.get("options"), typed.get("kind")
        choice = kind in (Question.Kind.SINGLE, Question.Kind.SEVERAL)
        if options is not None and kind:
            if choice and len(options) < 2:
                self.add_error("options", "单选和多选至少要有两个选项")
            elif not choice and options:
                self.add_error("options", "评分和文字题没有选项")
        return typed


class QuestionFormSet(forms.BaseInlineFormSet):
    """The questions of a survey: whoever switches it on asks something."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE") and form.cleaned_data.get("text")
        ]
        if self.instance.enabled and not kept:
            raise ValidationError("启用前请至少添加一个问题")
