"""Two operators on one page: a form is saved only over what it was opened with; who comes second sees what changed.

The page carries a fingerprint of every input as it was shown. When it is sent, the page is drawn anew from the
database, under the row's lock, and compared: what somebody else changed meanwhile is named with its value, what was
typed stays typed, what was not touched takes the other's value, and nothing is saved until it is sent again. Rows under
their owner stand as they stand now: one that the other deleted leaves the page, or becomes a new one if somebody typed
in it. What comes without fingerprints cannot be compared: it is not saved either, until its page is sent again with
those of now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from html import escape
from typing import Any, Final

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from apps.base import audit
from apps.base.admin_history import history_of
from apps.base.admin_rows import realigned, rows_of
from apps.base.html_inputs import inputs_of

FIELD: Final = "opened_as"
# Stands in the page until all of it is drawn, then gives way to the fingerprints.
_PLACE: Final = "fingerprints-of-this-page"
_ABOVE: Final = (
    "您打开页面后，内容已被他人修改，因此尚未保存。您填写的都还在；您没有改动过的项目已换成最新值。"
    "请核对以下项目，再次保存即以页面上的内容为准："
)
_UNCOMPARED: Final = (
    "提交的内容没有带上打开页面时的记录，无法确认是否已被他人修改，因此尚未保存。您填写的都还在；"
    "请核对本页内容，再次保存即以页面上的内容为准。"
)
_IN_A_ROW: Final = re.compile(r"(?P<place>.+-\d+)-(?P<name>[^-]+)")


class Versioned(ModelAdmin):
    """An admin whose forms know what they were opened with."""

    change_form_before_template = "admin/opened_as.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Draw the page with its fingerprints; save what is sent, or say what changed meanwhile, with 409."""

        def go_on() -> HttpResponse:
            return super(Versioned, self).changeform_view(request, object_id, form_url, extra_context)

        if object_id is None or "_saveasnew" in request.POST:
            return go_on()
        if request.method != "POST":
            return _marked(go_on(), None)
        with transaction.atomic(using=router.db_for_write(self.model)):
            self._lock(unquote(object_id))
            now = self._shown_now(request, go_on)
            if not now.inputs:
                return go_on()
            opened = _told(request.POST.get(FIELD, ""))
            meanwhile = _Meanwhile(opened or {}, now, request)
            if opened is not None and not meanwhile.changed:
                return _marked(go_on(), now)
            meanwhile.merge(request)
            told = meanwhile.told(self._last_hand(object_id)) if opened is not None else {}
            above = _UNCOMPARED if opened is None else _ABOVE
            request.conflicts = _Conflicts(above, told)  # type: ignore[attr-defined]
            page = _marked(go_on(), now)
            page.status_code = 409
            return page

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form; one that always complains where somebody else was there first."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        conflicts = getattr(request, "conflicts", None)
        return type(form.__name__, (_Conflicting, form), {"conflicts": conflicts}) if conflicts else form

    def _lock(self, key: str) -> None:
        """Have whoever saves the same row wait for this one to end."""
        try:
            pk = self.model._meta.pk.to_python(key)
        except ValidationError:
            return  # no key of this table: the view says that there is no such row
        list(self.model._base_manager.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))

    def _shown_now(self, request: HttpRequest, draw: Any) -> Page:
        """What the page would show to somebody who opened it now; nothing where there is no page."""
        sent = request.POST
        request.method, request.POST = "GET", QueryDict()  # as if it were opened
        try:
            page = draw()
            if not isinstance(page, TemplateResponse):
                return Page()
            page.render()
            return _shown(page)
        finally:
            request.method, request.POST = "POST", sent  # as it was

    def _last_hand(self, key: str) -> str:
        """Who changed the row last, where the log knows."""
        row = self.model._base_manager.filter(pk=unquote(key)).first()
        entry = history_of(row).exclude(changes=None).first() if row is not None else None
        return str(entry.operator) if entry is not None and entry.operator else "他人"


@dataclass(frozen=True, slots=True)
class _Conflicts:
    """Why a form is not saved yet: in a word above it, and what happened to each input, by its name."""

    above: str
    told: Mapping[str, str] = field(default_factory=dict)


class _Conflicting:
    """A form that is not saved, however well it is filled in: it says what somebody else changed meanwhile."""

    conflicts: _Conflicts
    fields: Mapping[str, forms.Field]
    add_error: Any

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]  # of the form that it is mixed into
        self.add_error(None, [self.conflicts.above, *self.conflicts.told.values()])
        for name, told in self.conflicts.told.items():
            own = name if name in self.fields else re.sub(r"_\d$", "", name)
            if own in self.fields:
                self.add_error(own, told)


@dataclass(slots=True)
class Shown:
    """An input as a page shows it: what a browser would send for it, how people read that, and what it is called."""

    values: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    label: str = ""
    is_file: bool = False

    def said(self) -> str:
        """In short."""
        text = "、".join(one.strip() for one in self.read if one.strip())
        return (text if len(text) <= 60 else f"{text[:59]}…") or "（空）"


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows: its inputs by key, and what the kinds of rows on it are called."""

    inputs: dict[str, Shown] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def rows(self) -> dict[str, dict[str, list[str]]]:
        """The rows under their owner, in their order, each with the values of its inputs by name."""
        found: dict[str, dict[str, list[str]]] = {}
        for key, shown in self.inputs.items():
            row, _, name = key.rpartition(".")
            if "#" in row and not shown.is_file and shown.values:
                found.setdefault(row, {})[name] = shown.values
        return {row: values for row, values in found.items() if "id" in values}


class _Meanwhile:
    """What somebody else changed between opening a page and sending it."""

    def __init__(self, opened: Mapping[str, str], now: Page, request: HttpRequest) -> None:
        self._opened, self._now, self._titles = opened, now.inputs, now.titles
        self._sent, self._files, self._there = request.POST, request.FILES, now.rows()
        self._rows = {row: place for place, row in rows_of(request.POST).items()}
        self._stands = self._rows
        self.changed = sorted(
            key
            for key in {*opened, *self._now}
            if opened.get(key) != (_fingerprint(self._now[key].values) if key in self._now else None)
        )

    def merge(self, request: HttpRequest) -> None:
        """Have the request bring what it brought with the other's value for whatever was not touched."""
        merged = self._sent.copy()
        for key in self.changed:
            if key in self._now and key in self._opened and not self._touched(key):
                name = _standing(key, self._rows)
                merged.pop(name, None)
                if self._now[key].values and not self._now[key].is_file:
                    merged.setlist(name, self._now[key].values)
        data, files = realigned(merged, self._files, self._there, self._kept)
        self._stands = {row: place for place, row in rows_of(data).items()}
        request.POST = data  # type: ignore[assignment]  # a writable copy of it
        request.FILES.clear()  # it cannot be given another one
        for name, chosen in files.lists():
            request.FILES.setlist(name, chosen)

    def told(self, who: str) -> dict[str, str]:
        """What happened to each input, by its name, and to each row under its owner that came or went."""
        told: dict[str, str] = {}
        for key in self.changed:
            row = key.rpartition(".")[0]
            came = row in self._there and row not in self._rows
            if "#" in row and (came or row not in self._there):
                told[row] = self._told_of(row, who)
            else:
                told[_standing(key, self._stands)] = self._told(key, who)
        return told

    def _told_of(self, row: str, who: str) -> str:
        prefix = row.partition("#")[0]
        place = (self._stands if row in self._there else self._rows).get(row, "").rpartition("-")[2]
        title = f"「{self._titles.get(prefix, prefix)}」第 {int(place) + 1} 行" if place else prefix
        if row in self._there:
            return f"{title}：{who}新增了这一行"
        kept = "，您在其中填写的内容已作为新的一行保留，不需要请移除" if self._kept(row) else ""
        return f"{title}：{who}已删除{kept}"

    def _told(self, key: str, who: str) -> str:
        if key not in self._now:
            return f"{key}：{who}已删除"
        shown = self._now[key]
        if key not in self._opened:
            return f"{shown.label or key}：{who}新增了「{shown.said()}」"
        if not self._touched(key):
            return f"{shown.label or key}：{who}已改为「{shown.said()}」"
        mine = "、".join(self._sent.getlist(_standing(key, self._rows))) or "（空）"
        return f"{shown.label or key}：{who}已改为「{shown.said()}」，您填写的是「{mine[:60]}」"

    def _touched(self, key: str) -> bool:
        """Whether what was sent differs from what the page was opened with."""
        name = _standing(key, self._rows)
        if self._now[key].is_file:
            return name in self._files or f"{name}-clear" in self._sent or f"{name}-held" in self._sent
        return _fingerprint(self._sent.getlist(name)) != self._opened[key]

    def _kept(self, row: str) -> bool:
        """Whether something was typed in a row that is gone; of a page that tells nothing, that is not known."""
        place = self._rows.get(row)
        if place is None or f"{place}-DELETE" in self._sent:
            return False
        opened = {key: mark for key, mark in self._opened.items() if key.startswith(f"{row}.")}
        return not opened or any(
            name in self._files
            or f"{name}-held" in self._sent
            or (name in self._sent and _fingerprint(self._sent.getlist(name)) != mark)
            for key, mark in opened.items()
            if (name := _standing(key, self._rows))
        )


def _standing(key: str, places: Mapping[str, str]) -> str:
    """The name of an input by its key, where its row stands."""
    row, _, own = key.rpartition(".")
    return f"{places[row]}-{own}" if row in places else key


def _marked(page: HttpResponse, now: Page | None) -> HttpResponse:
    """Put the fingerprints into a page once it is drawn: of what it shows, or of what there is ``now``."""

    def put(drawn: Any) -> None:
        marks = {key: _fingerprint(one.values) for key, one in (now or _shown(drawn)).inputs.items()}
        told = escape(json.dumps(marks, separators=(",", ":"), ensure_ascii=False))
        drawn.content = drawn.content.replace(_PLACE.encode(), told.encode(), 1)

    if isinstance(page, TemplateResponse):
        page.add_post_render_callback(put)
    return page


def _shown(page: TemplateResponse) -> Page:
    """What a drawn page shows, by key: an input's name, in rows under their owner ``skus#12.price_fen``."""
    context = page.context_data or {}
    opts = context["opts"]
    sent = inputs_of(page.content.decode(), form=f"{opts.model_name}_form")
    rows = rows_of({one.name: one.value for one in sent})
    found: dict[str, Shown] = {}
    # A field that keeps by itself what it was opened with, cell by cell, is not one text that changed.
    apart = {
        form.add_prefix(name)
        for form in _forms(context)
        for name, one in form.fields.items()
        if getattr(one, "knows_what_it_was", False)
    }
    for one in sent:
        key = _key(one.name, rows)
        if key is None or one.name in apart:
            continue
        shown = found.setdefault(key, Shown())
        if one.sent:
            shown.values.append(one.value)
            shown.read.append(one.read)
    for form in _forms(context):
        _name(form, found, rows)
    kinds = context["inline_admin_formsets"]
    return Page(found, {one.formset.prefix: str(one.opts.verbose_name) for one in kinds})


def _name(form: Any, found: dict[str, Shown], rows: Mapping[str, str]) -> None:
    """Say what the inputs of a form are called, and which file stands in them: a browser would not send it."""
    about = f"{audit.name_of(form.instance)} · " if form.prefix and form.instance.pk else ""
    for name, one in form.fields.items():
        for key in (_key(f"{form.add_prefix(name)}{part}", rows) for part in ("", "_0", "_1")):
            if key in found:
                found[key].label = f"{about}{one.label or name}"
        key = _key(form.add_prefix(name), rows)
        if key is not None and isinstance(one, forms.FileField):
            file = str(form.get_initial_for_field(one, name) or "")
            found[key] = Shown(values=[file], read=[file], label=f"{about}{one.label or name}", is_file=True)


def _forms(context: Mapping[str, Any]) -> Iterator[Any]:
    """The page's own form, and those of the rows under it that are there already."""
    yield context["adminform"].form
    for formset in context["inline_admin_formsets"]:
        yield from formset.formset.initial_forms


def _key(name: str, rows: Mapping[str, str]) -> str | None:
    """The key of an input by its name; None for what is no field, or belongs to a row that is not there yet."""
    if name.startswith("_") or name in {"csrfmiddlewaretoken", FIELD} or name.endswith("_FORMS"):
        return None
    row = _IN_A_ROW.fullmatch(name)
    if row is None:
        return None if "-__prefix__-" in name else name
    return f"{rows[row['place']]}.{row['name']}" if row["place"] in rows else None


def _told(sent: str) -> dict[str, str] | None:
    """The fingerprints that a page brought back; None where they are no such thing."""
    try:
        marks = json.loads(sent or "null")
        json.dumps(marks, ensure_ascii=False).encode()  # what cannot be written was not on a page
    except (ValueError, RecursionError):
        return None
    return {str(key): str(mark) for key, mark in marks.items()} if isinstance(marks, dict) else None


def _fingerprint(values: list[str]) -> str:
    """A short mark of what an input holds; browsers send line ends of their own."""
    plain = [value.replace("\r\n", "\n") for value in values]
    return blake2b(json.dumps(plain).encode(), digest_size=6).hexdigest()
