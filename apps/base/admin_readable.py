"""What a page says of a field that is only shown, in the words of the form that would type it.

Django shows bare columns there, to who may only look and to who finds a field fixed: fen under 「定金（分）」, basis points
under 「减免（万分比）」, lists as code, and nothing under the English name of what is no column. Money is said in yuan,
rates as people say them, what was ticked by its name, and everything else as the form would have it typed. How to type
it is not said there, where nobody can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

from django import forms
from django.db.models import Field, Model
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from unfold.utils import display_for_value

from apps.base.admin_links import followed
from apps.base.fields import FenField
from mall.money import priced

# What a label says of how a column is kept, or typed, which is not how it is shown.
_KEPT_AS: Final = re.compile(r"（(?:分|万分比)）$")
_TYPED_AS: Final = re.compile(r"（(?:元|%|折|倍)）$")
_BASIS_POINTS: Final = "（万分比）"
_NAMES: Final = re.compile(r"\b([a-z]\w*) [!=]==?")
_NOTHING: Final = "—"


class Readable:
    """A page, or rows under their owner, whose shown fields are read by people."""

    model: Any
    form: Any

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **said: Any) -> Any:
        """The form, which knows who looks and how what is only shown is called."""
        made = super().get_form(request, obj, change, **said)  # type: ignore[misc]  # a mixin
        return _knowing(request, made, self)

    def get_formset(self, request: HttpRequest, obj: Any = None, **said: Any) -> Any:
        """The forms of the rows, which know the same."""
        made = super().get_formset(request, obj, **said)  # type: ignore[misc]  # a mixin
        _knowing(request, made.form, self)
        return made


def _knowing(request: HttpRequest, made: Any, page: Any) -> Any:
    """A form's class that was made for this request, told who looks and the words of what it only shows."""
    labels, help_texts = _words(made._meta.model, page.form, frozenset(page.readonly_fields))
    made._meta.labels = {**labels, **(made._meta.labels or {})}
    made._meta.help_texts = {**(made._meta.help_texts or {}), **help_texts}
    made.looked_at_by = request
    return made


@cache
def _words(
    model: type[Model], written: Any, never_typed: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the fields that a page only shows are called, and what is said below them, by name.

    Below them stands nothing, for it is about how to type them; what a page lets nobody type is explained.
    """
    columns = {column.name: column for column in model._meta.get_fields() if isinstance(column, Field)}
    labels = {name: _KEPT_AS.sub("", str(column.verbose_name)) for name, column in columns.items()}
    typed = getattr(written, "declared_fields", {})
    labels |= {name: _TYPED_AS.sub("", str(field.label)) for name, field in typed.items() if field.label}
    helps = dict.fromkeys({*columns, *typed}, "")
    # What a column's own text says of basis points is not said of a percentage.
    helps |= {
        name: str(column.help_text)
        for name, column in columns.items()
        if name in never_typed and not str(column.verbose_name).endswith(_BASIS_POINTS)
    }
    return labels, helps


def in_words(shown: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What a field that is only shown says: in the form's words where it has any, else what ``shown`` makes of it.

    Of links only those stay that who looks may follow.
    """

    def said(field: Any) -> Any:
        told = _told(field)
        if told is None:
            return followed(shown(field), getattr(field.form, "looked_at_by", None))
        return conditional_escape(linebreaksbr(told))

    return said


def _told(field: Any) -> Any:
    """The words of the form for what a row holds; None where Django's own are right."""
    name, form, page = field.field["field"], field.form, field.model_admin
    if not isinstance(name, str):
        return None
    column = next((one for one in form._meta.model._meta.concrete_fields if one.name == name), None)
    declared = page.form.declared_fields.get(name)
    typed = form.fields.get(name, declared) if declared else None
    if column is None and (typed is None or hasattr(page, name)):
        return None
    # Rows are said, and led to, by Django; a password never is, and its own field says so.
    if (column is not None and column.is_relation) or getattr(
        getattr(typed, "widget", None), "read_only", False
    ):
        return None
    kept = _kept(form, name, column, typed)
    for say in (_own, _rate, _money, _choice, _prepared):
        if (told := say(kept, column, typed)) is not None:
            return told or _NOTHING
    return None


def _kept(form: Any, name: str, column: Any, typed: Any) -> Any:
    """What the row holds under a name, as its form begins with it."""
    if name in form.initial or column is None:
        return form.get_initial_for_field(typed, name) if typed else form.initial[name]
    return column.value_from_object(form.instance)


def _own(kept: Any, column: Any, typed: Any) -> str | None:
    """What the form's field says itself: ``in_words`` of a rate, say."""
    return typed.in_words(kept) if hasattr(typed, "in_words") else None


def _rate(kept: Any, column: Any, typed: Any) -> str | None:
    """Basis points that no form types."""
    if column is not None and str(column.verbose_name).endswith(_BASIS_POINTS):
        return _NOTHING if kept is None else f"{Decimal(kept).scaleb(-2).normalize():f}%"
    return None


def _money(kept: Any, column: Any, typed: Any) -> str | None:
    """An amount, or several of them."""
    of = getattr(column, "base_field", None)
    if isinstance(column, FenField):
        return _NOTHING if kept is None else priced(kept)
    if of is not None and str(column.verbose_name).endswith("（分）"):
        return "、".join(priced(one) for one in kept or ())
    return None


def _choice(kept: Any, column: Any, typed: Any) -> str | None:
    """What was chosen, by its name; rows that a form offers are known by theirs."""
    choices: Any = getattr(typed, "choices", None)
    if choices is None or isinstance(typed, forms.ModelChoiceField):
        return None
    labels = {str(key): str(label) for key, label in _flat(choices)}
    ticked = kept if isinstance(kept, list | tuple) else [] if kept in (None, "") else [kept]
    return "、".join(labels.get(str(one), str(one)) for one in ticked)


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    """The choices, those in groups among them."""
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label


def _prepared(kept: Any, column: Any, typed: Any) -> Any:
    """What the form would show to be typed over; a yes or no of what is no column as others are shown."""
    if typed is None:
        return None
    if isinstance(typed, forms.BooleanField):
        return ("是" if kept else "否") if column is None else None
    prepared = "" if kept is None else typed.prepare_value(kept)
    if isinstance(prepared, int) and column is None:
        return str(prepared)
    return prepared if isinstance(prepared, str) else None


def dated(looked_up: Callable[..., Any]) -> Callable[..., Any]:
    """What a row says under a name; a moment that a method returns is said as a column's is, in Shanghai's time."""

    def found(*args: Any, **kwargs: Any) -> Any:
        column, attribute, said = looked_up(*args, **kwargs)
        if column is None and isinstance(said, date | time):
            said = display_for_value(said, _NOTHING)
        return column, attribute, said

    return found


def with_what_is_shown(data: Callable[[Any], str]) -> Callable[[Any], SafeString]:
    """The data that a page's conditions are judged by, those that nobody edits on it among them.

    Unfold puts in what is typed only: a condition on a fixed kind names nothing then, and every field of every kind shows.
    """

    def judged_by(adminform: Any) -> SafeString:
        conditions: Mapping[str, str] = adminform.model_admin.conditional_fields
        names = {name for condition in conditions.values() for name in _NAMES.findall(condition)}
        typed: dict[str, Any] = json.loads(data(adminform))
        shown = {name: getattr(adminform.form.instance, name, None) for name in names - typed.keys()}
        # It stands in an attribute between single quotes.
        text = json.dumps(typed | shown).replace("&", "\\u0026").replace("'", "\\u0027")
        return mark_safe(text)  # noqa: S308 - made of JSON, its quotes written as codes

    return judged_by
