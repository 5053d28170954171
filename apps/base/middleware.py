"""Around every request: an id, one log line, and the contract's error form for whatever Django itself refuses."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
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
        response = self.get_response(request)
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
