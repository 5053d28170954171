"""What early doors have in common: middleware that answers what a view would, before forms, routes and views are thought of.

An early door answers the usual case only. With whatever takes thought (another form of body, a header that the view may
refuse) the request goes on to the view, which has the last word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve

# What nearly everybody accepts; who says nothing accepts anything.
USUAL: Final = frozenset({"*/*", "application/json"})


def takes_json(request: HttpRequest) -> bool:
    """Whether the view would not refuse for what the caller accepts; where that takes thought, the view thinks."""
    accept = request.META.get("HTTP_ACCEPT", "*/*")
    return accept in USUAL or not USUAL.isdisjoint(part.strip() for part in accept.split(","))


def is_short(request: HttpRequest, *, most: int) -> bool:
    """Whether a body is announced to have so many bytes at most; what is longer, or not announced, is for the view."""
    length = request.META.get("CONTENT_LENGTH") or ""
    return length.isascii() and length.isdigit() and int(length) <= most


def answer(request: HttpRequest, body: bytes, *, status: int, allow: str, of: str) -> HttpResponse:
    """The view's answer, with what it says beside, and what Django's middleware behind an early door would.

    ``of`` is a path of the view in whose name the answer is counted, ``allow`` the methods that it has.
    """
    said = HttpResponse(
        body,
        status=status,
        content_type="application/json",
        headers={"Allow": allow, "X-Frame-Options": "DENY", "Content-Length": str(len(body))},
    )
    request.resolver_match = _route(of)
    return said


@lru_cache(maxsize=16)
def _route(path: str) -> ResolverMatch:
    return resolve(path)
