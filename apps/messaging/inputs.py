"""How operators type what templates say: a keyword on each line, 「thing1={goods}」, and what each keyword is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.core.exceptions import ValidationError

from apps.base.forms import LinesField
from apps.messaging.models import Template
from mall.errors import Fault, Faulty

_FIELD: Final = re.compile(r"([a-z_]+[0-9]{1,2})\s*[=＝:：]\s*(.*)")
_KEYWORD: Final = re.compile(r"([a-z_]+[0-9]{1,2})(?:\s+([^:：]{1,30}))?(?:[:：]\s*(.+))?")


class FieldsField(LinesField):
    """Texts of keywords, a line each, to ``{"thing1": "{goods}"}``; empty is none."""

    def to_python(self, value: Any) -> Any:
        """Return the texts by keyword. Raises ValidationError at the line that cannot be read."""
        if isinstance(value, Mapping):
            return dict(value)
        typed = super().to_python(value)
        found: dict[str, str] = {}
        for line in filter(None, (line.strip() for line in str(typed or "").splitlines())):
            read = _FIELD.fullmatch(line)
            if read is None:
                raise ValidationError(f"无法识别「{line[:40]}」，请写成 thing1={{goods}}")
            if read[1] in found:
                raise ValidationError(f"关键词 {read[1]} 写了两次")
            found[read[1]] = read[2]
        return found

    def prepare_value(self, value: Any) -> Any:
        """Return the lines as they are typed."""
        if isinstance(value, Mapping):
            return "\n".join(f"{keyword}={text}" for keyword, text in value.items())
        return value

    def run_validators(self, value: Any) -> None:
        """The length was judged when it was read."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other texts are meant than before, however they are typed."""
        try:
            return dict(initial or {}) != self.to_python(data)
        except ValidationError:
            return True


class KeywordsField(LinesField):
    """The keywords of a template, a line each, ``thing1 商品名称``, an enum's values behind a colon."""

    def to_python(self, value: Any) -> Any:
        """Return the keywords with label and choices. Raises ValidationError at the line that cannot be read."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return list(value)
        typed = super().to_python(value)
        found = []
        for line in filter(None, (line.strip() for line in str(typed or "").splitlines())):
            read = _KEYWORD.fullmatch(line)
            if read is None:
                raise ValidationError(f"无法识别「{line[:40]}」，请写成 thing1 商品名称")
            choices = [each.strip() for each in re.split("[、,，]", read[3] or "") if each.strip()]
            found.append({"key": read[1], "label": (read[2] or "").strip(), "choices": choices})
        return found

    def prepare_value(self, value: Any) -> Any:
        """Return the lines as they are typed."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "\n".join(_line(word) for word in value)
        return value

    def run_validators(self, value: Any) -> None:
        """The length was judged when it was read."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other keywords are meant than before."""
        try:
            return list(initial or []) != self.to_python(data)
        except ValidationError:
            return True


def in_order(fields: Mapping[str, str], template: Template | None) -> dict[str, str]:
    """The texts in the order of the template's keywords, in which WeChat shows them; the database keeps none."""
    keys = [str(word["key"]) for word in template.keywords] if template is not None else []
    return {key: fields[key] for key in (*keys, *sorted(set(fields) - set(keys))) if key in fields}


@contextmanager
def at_fields(refused: type[Faulty], *, name: str) -> Iterator[None]:
    """Have the faults of single keywords (``fields.thing1``) stand at the form's one field of them."""
    try:
        yield
    except refused as refusal:
        raise refused(
            [
                Fault(name, fault.text) if fault.field.startswith("fields.") else fault
                for fault in refusal.faults
            ]
        ) from None


def _line(word: Mapping[str, Any]) -> str:
    choices = f"：{'、'.join(word['choices'])}" if word.get("choices") else ""
    return f"{word['key']} {word.get('label') or ''}".strip() + choices
