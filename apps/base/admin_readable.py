"""Columns as a form shows them, for who may only look: money in yuan, what was ticked by its name.

Django shows who may not change a row its bare columns: fen under 「定金（分）」, and a list as code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField, Model
from django.http import HttpRequest

from apps.base.fields import FenField
from mall.money import priced


class Readable:
    """A page, or rows under their owner, whose plain columns are read by people."""

    model: Any
    form: Any

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields; for who may only look, those that a form would translate are translated."""
        found = super().get_fieldsets(request, obj)  # type: ignore[misc]  # a mixin
        if obj is None or self._edits(request, obj):
            return found
        return [
            (title, {**said, "fields": [self._read(name) for name in said["fields"]]})
            for title, said in found
        ]

    def get_formset(self, request: HttpRequest, obj: Any = None, **said: Any) -> Any:
        """The form of a row has its columns, however they are shown."""
        if "fields" not in said:
            said["fields"] = flatten_fieldsets(super().get_fieldsets(request, obj))  # type: ignore[misc]  # a mixin
        return super().get_formset(request, obj, **said)  # type: ignore[misc]  # a mixin

    def _edits(self, request: HttpRequest, obj: Any) -> bool:
        page: Any = self
        # Rows under an owner may be added where none may be changed; a page that has a row is not for adding.
        adds = not isinstance(obj, self.model) and page.has_add_permission(request, obj)
        return bool(adds or page.has_change_permission(request, obj))

    def _read(self, name: Any) -> Any:
        if isinstance(name, list | tuple):
            return [self._read(part) for part in name]
        if not isinstance(name, str):
            return name
        try:
            column = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return name
        if isinstance(column, FenField):
            return _shown(name, str(column.verbose_name).removesuffix("（分）"), _money)
        typed = getattr(self.form, "declared_fields", {}).get(name)
        if isinstance(column, JSONField) and isinstance(typed, forms.MultipleChoiceField):
            choices: Any = typed.choices
            labels = dict(choices)
            return _shown(name, typed.label or str(column.verbose_name), lambda kept: _ticked(kept, labels))
        return name


def _shown(name: str, label: Any, told: Callable[[Any], str]) -> Callable[[Model], str]:
    def column(row: Model) -> str:
        return told(getattr(row, name))

    column.__name__ = name
    column.short_description = label  # type: ignore[attr-defined]  # how the admin reads what a column is called
    return column


def _money(fen: int | None) -> str:
    return "—" if fen is None else priced(fen)


def _ticked(kept: Any, labels: dict[Any, Any]) -> str:
    return "、".join(str(labels.get(one, one)) for one in kept or ()) or "—"
