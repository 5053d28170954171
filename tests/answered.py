"""Insists that every refusal that a test meets is one that the published document tells of its call.

`tests/api/test_codes.py` holds a few calls to their whole lists; this holds every call to what the suite makes it say, at no
more than reading each view's way through the code once (`config.refusals`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import Resolver404, resolve

from apps.base.errors import PLAIN, STATUS_OF_KIND
from config import refusals

# Of the framework, and of what stands before it: `config.openapi` tells them of every call, most as `default`.
_ANYWHERE = {(status, code) for status, (code, _) in PLAIN.items()} | {
    (400, "malformed_json"),
    (400, "unknown_host"),
    (401, "token_invalid"),
}


def insist(method: str, path: str, answer: Any) -> None:
    """Fail for a refusal of the shoppers' API whose code its call does not tell."""
    if answer.status_code < 400 or not path.startswith("/api/v1/"):
        return
    told = (answer.status_code, answer.json()["code"])
    if told in _ANYWHERE:
        return
    try:
        view = getattr(resolve(path.partition("?")[0]).func, "cls", None)
    except Resolver404:
        view = None
    known = _told_by(view, method.lower()) if view is not None else frozenset()
    assert told in known, f"{method} {path} answers {told}, which the document does not tell of it"


@cache
def _told_by(view: type, method: str) -> frozenset[tuple[int, str]]:
    return frozenset((STATUS_OF_KIND[error.kind], error.code) for error in refusals.of_call(view, method))
