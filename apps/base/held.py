"""Files that were chosen in a form stay chosen when the form is refused: a holding place, and a widget that uses it.

A browser never sends a chosen file again by itself. What is fine in itself is therefore held, and the page that comes
back carries a token for it. The token is signed, so that it names nothing but what was held, and good only for the operator
who sent the file: photos tell where they were taken. What nobody came back for is forgotten after a day.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import uuid4

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.storage import Storage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import models
from django.forms import BaseForm, ClearableFileInput, FileField
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.base import private

FOLDER: Final = "held"
KEPT_FOR: Final = timedelta(days=1)
_SALT: Final = "base.held"
_MOST_TAKEN: Final = 500
_MADE: Final[dict[type[Any], type[Any]]] = {}
# Endings that a browser shows as what they are; anything else is held without one and never shown.
_SHOWN: Final = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif", ".mp4", ".mov", ".m4v"}
# Whose request is answered: a form's widget, which holds and finds, is told nothing of it.
_asking: ContextVar[HttpRequest | None] = ContextVar("held_asking", default=None)


class HolderMiddleware:
    """Lets the widgets of a page know whose page it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = _asking.set(request)
        try:
            return self.get_response(request)
        finally:
            _asking.reset(before)


def hold(upload: UploadedFile) -> str:
    """Keep an upload that was judged already; return the token under which its sender's ``taken`` finds it for a day."""
    called = PurePosixPath(upload.name or "file").name
    ending = PurePosixPath(called).suffix.lower()
    upload.seek(0)
    name = private.files.save(f"{FOLDER}/{uuid4().hex}{ending if ending in _SHOWN else ''}", upload)
    upload.seek(0)
    return signing.dumps([name, called[-80:], _holder()], salt=_SALT)


def taken(token: str) -> UploadedFile | None:
    """Return what is held under a token, as if it had just been sent; None where it is not this operator's, or gone."""
    found = _read(token)
    if found is None or not private.files.exists(found[0]):
        return None
    name, called = found
    with private.files.open(name) as file:
        kind = mimetypes.guess_type(called)[0] or "application/octet-stream"
        return SimpleUploadedFile(called, file.read(), kind)


def address(token: str) -> str:
    """Return where its operator can look at what is held; empty for a token that is not theirs."""
    return reverse("held", args=[token]) if _read(token) else ""


def view(request: HttpRequest, token: str) -> FileResponse:
    """Show an operator a file that they sent themselves and that is held for them; 404 for any other."""
    found = _read(token)
    if found is None:
        raise Http404
    try:
        return private.shown(found[0], called=found[1])
    except FileNotFoundError as gone:
        raise Http404 from gone


def forget(*, at: datetime) -> int:
    """Delete what has been held for longer than a day, at most 500 files; return how many.

    Also what former versions held among the pictures that everybody may fetch.
    """
    return sum(_forget_in(storage, at=at) for storage in (private.files, default_storage))


def _forget_in(storage: Storage, *, at: datetime) -> int:
    try:
        _, names = storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    gone = 0
    for name in names:
        path = f"{FOLDER}/{name}"
        if gone < _MOST_TAKEN and storage.get_modified_time(path) < at - KEPT_FOR:
            storage.delete(path)
            gone += 1
    return gone


def kept(field: FileField, column: models.FileField | None = None) -> FileField:
    """Return a form's file field with a widget that holds what was chosen when the form is refused.

    ``column`` is the model's, whose validators have a say as well.
    """
    field.widget.__class__ = _keeping(type(field.widget))
    field.widget.judge = (field, column.validators if column is not None else [])
    return field


def tokens(form: BaseForm) -> Iterator[tuple[str, str]]:
    """Hold the files of a valid form, and return what a page that asks again sends instead of them."""
    for name, field in form.fields.items():
        if isinstance(field.widget, Keeping) and (token := field.widget.token()):
            yield f"{form.add_prefix(name)}-held", token


def _keeping(widget: type[Any]) -> type[Any]:
    if issubclass(widget, Keeping):
        return widget
    if widget not in _MADE:
        _MADE[widget] = type(f"Kept{widget.__name__}", (Keeping, widget), {})
    return _MADE[widget]


class Keeping(ClearableFileInput):
    """A file input that finds again what was chosen before."""

    judge: tuple[FileField, Sequence[Any]]
    # What was sent; each form has a widget of its own. Django shows the value from before, never what was chosen.
    chosen: Any = None
    held_under = ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the file sent now, else the one that is held."""
        chosen = super().value_from_datadict(data, files, name)
        self.held_under = ""
        token = data.get(f"{name}-held")
        if chosen is None and token:
            chosen = taken(token)
            self.held_under = token if chosen is not None else ""
        self.chosen = chosen
        return chosen

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether neither a file nor a token came."""
        return super().value_omitted_from_data(data, files, name) and f"{name}-held" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The input, with what is held beside it."""
        token = self.token()
        if not token:
            return super().render(name, value, attrs, renderer)
        value = self.chosen
        shown = super().render(
            name, None, {key: on for key, on in (attrs or {}).items() if key != "required"}, renderer
        )
        picture = format_html(
            '<img src="{}" alt="" width="96" style="border-radius:6px;margin-bottom:.5rem">', address(token)
        )
        return format_html(
            '{}<input type="hidden" name="{}-held" value="{}">'
            '<div class="text-sm mb-2">已选择：{}（保存后生效；要换请重新选择）</div>{}',
            picture if str(mimetypes.guess_type(value.name)[0]).startswith("image/") else "",
            name,
            token,
            value.name,
            shown,
        )

    def token(self) -> str:
        """The token for a file that the form would take; empty for any other: what is refused is not held."""
        value = self.chosen
        if not isinstance(value, UploadedFile):
            return ""
        if self.held_under:
            return self.held_under
        field, validators = self.judge
        try:
            value.seek(0)
            field.clean(value, None)
            for validator in validators:
                validator(value)
        except (ValidationError, ValueError, OSError):
            return ""
        return hold(value)


def _holder() -> int:
    """The key of whoever's request is answered; 0 outside of one."""
    request = _asking.get()
    return getattr(getattr(request, "user", None), "pk", None) or 0


def _read(token: str) -> tuple[str, str] | None:
    try:
        name, called, holder = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (name, called) if holder == _holder() else None
