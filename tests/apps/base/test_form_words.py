"""What a form refuses by itself is told as a person would say it, and a text that is too long is never cut in silence."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from apps.base.forms import LinesField, TextField
from apps.complaints.forms import RejectForm, ReplyForm


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (forms.IntegerField(max_value=2**63 - 1), 10**30, f"最大为 {2**63 - 1}。"),
        (forms.IntegerField(min_value=0), "-1", "最小为 0。"),
        (forms.SlugField(), "no such", "只能填写字母、数字、下划线和连字符。"),
        (forms.SlugField(allow_unicode=True), "没有 的", "只能填写文字、数字、下划线和连字符。"),
        (TextField(max_length=2), "三个字", "最多 2 个字，现在有 3 个。"),
        (TextField(min_length=4), "三个字", "最少 4 个字，现在有 3 个。"),
    ],
)
def test_a_bound_is_told_in_plain_chinese(field: forms.Field, typed: Any, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    assert refused.value.messages == [said]


@pytest.mark.parametrize("form", [ReplyForm, RejectForm])
def test_a_long_reply_that_is_pasted_is_refused_with_its_length_and_not_cut(form: type[forms.Form]) -> None:
    assert "maxlength" not in str(form()["text"])
    filled = form({"text": "好" * 201})
    assert filled.errors["text"] == ["最多 200 个字，现在有 201 个。"]
    assert "好" * 201 in str(filled["text"])


def test_a_line_still_ends_where_its_column_does() -> None:
    class Form(forms.Form):
        line = TextField(max_length=9)
        lines = LinesField(max_length=9)

    assert 'maxlength="9"' in str(Form()["line"])
    assert "maxlength" not in str(Form()["lines"])
