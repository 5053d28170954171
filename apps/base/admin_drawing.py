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
from unfold.templatetags import unfold as unfold_tags
from unfold.templatetags import unfold_list

from apps.base import admin_links, admin_readable

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
    """Have the packages keep, as long as a page is drawn, what they work out for it: columns' heads and forms' parts.

    Every row of a list asks for the heads, which took a quarter of a page of thirty rows; a template asks three times
    whether there is anything to show of a row that nobody edits there, and what.
    """
    unfold_list.result_headers = _again(unfold_list.result_headers, "heads")
    unfold_list.items_for_result = admin_links.followed_in_lists(unfold_list.items_for_result)
    for part in _PARTS:
        part.__iter__ = _again(part.__iter__, "made_parts")
    shown = fields.UnfoldAdminReadonlyField
    shown._resolve_field = _column(shown._resolve_field)
    fields.lookup_field = admin_readable.dated(fields.lookup_field)
    shown._get_contents = admin_readable.in_words(shown._get_contents)
    shown.contents = _once(shown.contents, "shown")
    filters = unfold_tags.register.filters
    filters["changeform_data"] = admin_readable.with_what_is_shown(filters["changeform_data"])


def _once(worked_out: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    """The same, kept at the first look under this name on what it was worked out of."""

    def kept(of: Any) -> Any:
        if name not in vars(of):
            vars(of)[name] = worked_out(of)
        return vars(of)[name]

    return kept


def _again(made: Callable[[Any], Iterator[Any]], name: str) -> Callable[[Any], Iterator[Any]]:
    """What is gone through, made at the first look and gone through again at the others."""
    parts = _once(lambda of: list(made(of)), name)
    return lambda of: iter(parts(of))


def _column(resolved: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Which column of the model is shown: what a method says is no column, and need not be asked to know that."""

    def column(field: Any) -> Any:
        known = field.field["field"] in _columns(field.form.instance._meta.model)
        return resolved(field) if known else False

    return column


@cache
def _columns(model: type[Model]) -> frozenset[str]:
    return frozenset(column.name for column in model._meta.get_fields())


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
