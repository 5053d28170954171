"""Around every request: an id, one log line, and the contract's error form for whatever Django itself refuses."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Callable

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.base import errors
from mall.errors import ShopError

log = structlog.get_logger(__name__)

_GIVEN_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


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
        response = self.get_response(request) if _for_us(request) else errors.unknown_host()
        if request.path.startswith("/api/") and response.status_code >= 400:
            response = errors.in_contract_form(response)
        response["X-Request-ID"] = request_id
        if not request.path.startswith(_QUIET):
            log.info(
                "request",
                method=request.method,
                path=request.path[:200],
                status=response.status_code,
                duration_ms=round((time.monotonic() - begun) * 1000),
            )
        structlog.contextvars.clear_contextvars()
        return response


def _for_us(request: HttpRequest) -> bool:
    """Whether the request names this shop. Asked here, because Django tells a name that it does not know to the log
    with a trace, and whoever scans the internet by number would fill it."""
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
