"""Around every request: an id, one log line, and the contract's error form for whatever Django itself refuses."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from apps.base import errors, versions

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
        versions.forget()
        response = self.get_response(request)
        versions.forget()
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
