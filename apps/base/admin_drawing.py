"""How operators' pages are drawn: what is worked out for each row, and again at each look, is worked out once a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, Final

from django.contrib.admin import helpers
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold import fields, forms
from unfold.admin import checkbox
from unfold.templatetags import unfold_list

# A form's parts, from the whole to the field. Templates go through each of them several times, and every time all that
# lies below was made anew: a fact of a product that asks the database asked it five times.
_PARTS: Final[tuple[Any, ...]] = (
    forms.AdminForm,
    forms.Fieldset,
    forms.Fieldline,
    helpers.InlineAdminFormSet,
    helpers.InlineAdminForm,
    helpers.InlineFieldset,
)


def once_a_page() -> None:
    """Have the packages keep, as long as a page is drawn, what they work out for it: columns' heads and forms' parts."""
    unfold_list.result_headers = _heads(unfold_list.result_headers)
    for part in _PARTS:
        part.__iter__ = _kept(part.__iter__)
    shown = fields.UnfoldAdminReadonlyField
    shown._resolve_field = _column(shown._resolve_field)
    shown.contents = _contents(shown.contents)


def _heads(worked_out: Callable[[Any], Iterator[dict[str, Any]]]) -> Callable[[Any], list[dict[str, Any]]]:
    """The heads of a list's columns, which every row asks for: they took a quarter of a page of thirty rows."""

    def heads(rows: Any) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] | None = vars(rows).get("heads")
        if kept is None:
            kept = rows.heads = list(worked_out(rows))
        return kept

    return heads


def _kept(made: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    """What a part of a form consists of, made at the first look."""

    def parts(whole: Any) -> Iterator[Any]:
        kept: list[Any] | None = vars(whole).get("made_parts")
        if kept is None:
            kept = whole.made_parts = list(made(whole))
        return iter(kept)

    return parts


def _column(resolved: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Which column of the model is shown: what a method says is no column, and need not be asked to know that."""

    def column(field: Any) -> Any:
        known = field.field["field"] in _columns(field.form.instance._meta.model)
        return resolved(field) if known else False

    return column


@cache
def _columns(model: type[Model]) -> frozenset[str]:
    return frozenset(column.name for column in model._meta.get_fields())


def _contents(drawn: Callable[[Any], SafeString]) -> Callable[[Any], SafeString]:
    """What is shown of a row that nobody edits there: a template asks three times whether there is anything, and what."""

    def contents(field: Any) -> SafeString:
        kept: SafeString | None = vars(field).get("shown")
        if kept is None:
            kept = field.shown = drawn(field)
        return kept

    return contents


def box(key: object) -> SafeString:
    """Return the box by which a row is chosen: Unfold's own, of which only the key differs from row to row."""
    before, after = _box()
    return format_html("{}{}{}", before, key, after)


@cache
def _box() -> tuple[SafeString, SafeString]:
    """What stands before and behind the key in every box, by one that is drawn for a key that no row has."""
    before, after = checkbox.render(helpers.ACTION_CHECKBOX_NAME, "no-row-s-key").split("no-row-s-key")
    return mark_safe(before), mark_safe(after)  # noqa: S308 - drawn by Django


def chip(label: Any, colour: str = "") -> SafeString:
    """Return a word on a coloured ground (info, success, warning, danger), for lists and read-only fields alike."""
    return _chip(str(label), colour)


# A list has one for each row, of a few; and what is drawn already is no plain text.
@lru_cache(maxsize=1024, typed=True)
def _chip(label: str, colour: str) -> SafeString:
    return render_to_string("unfold/helpers/label.html", {"text": label, "type": colour})
