"""Links of the operators' pages: of those that a page or a list shows, only the ones that who looks may follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeData, mark_safe

_LINK: Final = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
# What says nothing where there is nothing to open.
_ONLY_A_WAY: Final = "查看"


def followed(shown: Any, request: HttpRequest | None) -> Any:
    """Return what is shown, its links to pages that who looks may not see as plain words; no statement.

    Django draws a row that another points to as a link, and asks nobody; so do columns that a page makes itself. What is
    no HTML of ours comes back as it is.
    """
    if request is None or not isinstance(shown, SafeData) or "<a " not in str(shown):
        return shown

    def kept(found: re.Match[str]) -> str:
        if _opens(unescape(found[1]), request):
            return found[0]
        return "" if found[2].strip() == _ONLY_A_WAY else found[2]

    return mark_safe(_LINK.sub(kept, str(shown)))  # noqa: S308 - HTML as it was, without some of its tags


def followed_in_lists(items: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """The cells of a list's rows, with the same links; the list knows who looks (``looked_at_by``)."""

    def cells(rows: Any, *args: Any) -> Iterator[Any]:
        request = getattr(rows, "looked_at_by", None)
        return (followed(cell, request) for cell in items(rows, *args))

    return cells


def _opens(address: str, request: HttpRequest) -> bool:
    """Whether who looks may see what lies there. What is no list or row of the admin answers for itself."""
    home = _home()
    place = tuple(address.removeprefix(home).split("/")[:2])
    if not address.startswith(home) or len(place) < 2:
        return True
    # A list has thirty rows that lead to the same few pages.
    known: dict[tuple[str, ...], bool] = vars(request).setdefault("pages_open", {})
    if place not in known:
        page = _page(*place)
        known[place] = page is None or bool(page.has_view_permission(request))
    return known[place]


@cache
def _home() -> str:
    """Where the admin begins: each of a list's links asks."""
    return reverse("admin:index")


def _page(app: str, model: str) -> Any:
    """The admin of a model; None where there is none by that name."""
    try:
        return admin.site._registry.get(apps.get_model(app, model))
    except LookupError:
        return None
