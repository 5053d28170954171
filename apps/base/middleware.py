"""Around every request: an id, one log line, metrics, and the contract's error form for whatever Django itself refuses.

Sessions, their forgery tokens, operators and notes belong to the admin: what shoppers' programs and WeChat call passes
them by. A view there that is not exempt from the forgery check is refused, for it finds no token.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from prometheus_client import Counter, Histogram

from apps.base import errors, versions
from mall.errors import ShopError

log = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
_WITHOUT_SESSION = ("/api/v1/", "/wechat/", "/healthz", "/readyz", "/metrics")
_ANSWERS = Counter(
    "django_http_responses_total_by_status_view_method",
    "Answers by status, view and method.",
    ["status", "view", "method"],
)
_SECONDS = Histogram(
    "django_http_requests_latency_seconds_by_view_method",
    "How long answers took, by view and method.",
    ["view", "method"],
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The children of both metrics by what they are labelled with: looking them up costs more than counting.
_counted: dict[tuple[str, str, int], tuple[Any, Any]] = {}


class RequestIdMiddleware:
    """Give each request an id (or keep a proper ``X-Request-ID`` of a proxy), log it, answer it in a header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.monotonic()
        versions.forget()
        response = self.get_response(request)
        versions.forget()
        if response.status_code >= 400 and request.path.startswith("/api/"):
            response = errors.in_contract_form(response)
        response["X-Request-ID"] = request_id
        took = time.monotonic() - begun
        _count(request, response, took)
        if not request.path.startswith(_QUIET):
            log.info(
                "request",
                method=request.method,
                path=request.path[:200],
                status=response.status_code,
                duration_ms=round(took * 1000),
            )
        structlog.contextvars.clear_contextvars()
        return response


def _count(request: HttpRequest, response: HttpResponse, took: float) -> None:
    """One more answer of this view, and how many seconds it took."""
    match = request.resolver_match
    view = (match.view_name or "<unnamed view>") if match else "<unnamed view>"
    method = request.method if request.method in _METHODS else "<invalid method>"
    key = (view, str(method), response.status_code)
    found = _counted.get(key)
    if found is None:
        found = _counted[key] = (
            _ANSWERS.labels(status=str(response.status_code), view=view, method=method),
            _SECONDS.labels(view=view, method=method),
        )
    found[0].inc()
    found[1].observe(took)


class _ForPages:
    """A middleware of Django's that calls without a session pass by."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_WITHOUT_SESSION):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # mixed into one of Django's


class Sessions(_ForPages, SessionMiddleware):
    """Operators' sessions."""


class Forgeries(_ForPages, CsrfViewMiddleware):
    """Forged forms are refused."""


class Operators(_ForPages, AuthenticationMiddleware):
    """Who of the operators asks."""


class Notes(_ForPages, MessageMiddleware):
    """What pages tell an operator once."""


class RefusalMiddleware:
    """Whatever refuses on an operators' page and is not shown there is told on a page of its own, never a 500.

    The API has the contract's error form for that; pages that ask show it themselves, with what was typed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page that says why, with 409; None for what is no refusal."""
        if not isinstance(error, ShopError) or not request.path.startswith("/admin/"):
            return None
        log.warning("refused_unshown", path=request.path[:200], code=error.code)
        return render(request, "409.html", {"reason": error.text.rstrip("。")}, status=409)
