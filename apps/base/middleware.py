"""Around every request: an id, one log line, metrics, and the contract's error form for whatever Django itself refuses.

Sessions, their forgery tokens, operators and notes belong to the admin: what shoppers' programs and WeChat call passes
them by. A view there that is not exempt from the forgery check is refused, for it finds no token.
"""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse
from prometheus_client import Counter, Histogram

from apps.base import errors, logs, queries, versions
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
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        structlog.contextvars.clear_contextvars()
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.monotonic()
        versions.forget()
        if not _for_us(request):
            response: HttpResponse = errors.unknown_host()
        elif "HTTP_TRANSFER_ENCODING" in request.META:
            response = errors.length_required()
        elif names := _unreadable(request):
            response = errors.unreadable_query(request, names)
        else:
            response = self.get_response(request)
        versions.forget()
        if response.status_code >= 400 and request.path.startswith("/api/"):
            response = errors.in_contract_form(response)
        response["X-Request-ID"] = request_id
        took = time.monotonic() - begun
        _count(request, response, took)
        if not request.path.startswith(_QUIET):
            logs.tell_request(
                method=request.method,
                path=request.path,
                status=response.status_code,
                seconds=took,
                request_id=request_id,
            )
        structlog.contextvars.reset_contextvars(**bound)
        return response


def _unreadable(request: HttpRequest) -> list[str]:
    """The fields of the query that are no text. WeChat's doors judge theirs by its signature, and say so in its form."""
    if request.path.startswith("/wechat/"):
        return []
    return queries.unreadable(request.META.get("QUERY_STRING", ""))


def _for_us(request: HttpRequest) -> bool:
    """Whether the request names this shop. Asked here, because Django tells a name that it does not know to the log
    with a trace, and whoever scans the internet by number would fill it."""
    name = request.META.get("HTTP_HOST")
    return _is_ours(name, tuple(settings.ALLOWED_HOSTS)) if name else _is_allowed(request)


@lru_cache(maxsize=64)
def _is_ours(name: str, _: tuple[str, ...]) -> bool:
    """Whether Django takes a request by this name, where these are allowed: the names we are called by are few."""
    request = HttpRequest()
    request.META["HTTP_HOST"] = name
    return _is_allowed(request)


def _is_allowed(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


class HeadersMiddleware:
    """What browsers and caches are told about every answer.

    Answers of the API are a member's own, or become so when they log in: nobody on the way keeps them. Pages run
    scripts of the shop itself and those with the nonce of this very answer (``request.csp_nonce``), and evaluate
    none; whatever else is served runs nothing at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = ""
        if request.path.startswith(_RUN_SCRIPTS):
            nonce = secrets.token_urlsafe(16)
            request.csp_nonce = nonce  # type: ignore[attr-defined]  # for templates
        response = self.get_response(request)
        if request.path.startswith(_UNKEPT):
            response.setdefault("Cache-Control", "private, no-store")
        policy = _PAGES.format(nonce=nonce) if request.path.startswith(_RUN_SCRIPTS) else _NOTHING
        response.setdefault("Content-Security-Policy", policy)
        return response


# Styles may stand in attributes: Unfold's widgets and the details of products have them, and a style runs nothing.
# Pictures come from anywhere: members' faces lie with WeChat, details of products show what their makers host.
_PAGES = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: http: https:; media-src 'self' http: https:; font-src 'self' data:; "
    "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NOTHING = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_RUN_SCRIPTS = ("/admin", "/api/docs")
_UNKEPT = ("/api/v1/", "/wechat/")


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

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_WITHOUT_SESSION):
            answer: HttpResponse = self.get_response(request)  # type: ignore[attr-defined]  # Django's own
            return answer
        return super().__call__(request)  # type: ignore[misc]  # mixed into one of Django's


_READING = threading.Lock()


@cache
def _read_addresses() -> None:
    """Read all addresses of the admin: a third of a second, and 7 MB."""
    reverse("admin:index")


class Sessions(_ForPages, SessionMiddleware):
    """Operators' sessions. The first page has the addresses read, for all threads: each would read them for itself."""

    def process_request(self, request: HttpRequest) -> None:
        """As Django's."""
        with _READING:
            _read_addresses()
        super().process_request(request)


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
