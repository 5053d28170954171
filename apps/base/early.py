"""What early doors have in common: middleware that answers what a view would, before forms, routes and views are thought of.

An early door answers the usual case only. With whatever takes thought (another form of body, a header that the view may
refuse) the request goes on to the view, which has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from django.db import Error
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import ResolverMatch, resolve
from rest_framework.exceptions import AuthenticationFailed, ParseError

from mall.errors import ShopError

# What nearly everybody accepts; who says nothing accepts anything.
USUAL: Final = frozenset({"*/*", "application/json"})

# The view meets the same, and says it in the contract's form.
_MET_AGAIN: Final = (Error, AuthenticationFailed, ParseError, ShopError, UnreadablePostError)


class Door:
    """A middleware that answers what it can, and lets the view answer all else, refusals and failures included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self.answer(request)
        except _MET_AGAIN:
            answer = None
        return self._get_response(request) if answer is None else answer

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The view's answer; None, or what the view would raise as well, where the view is to be asked."""
        raise NotImplementedError


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


@lru_cache(maxsize=64)
def _route(path: str) -> ResolverMatch:
    return resolve(path)
