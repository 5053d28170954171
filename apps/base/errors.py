"""The contract's error form: ``{"code", "message", "details", "request_id"}`` for every refusal of the API."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

import structlog
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    RawPostDataException,
    UnreadablePostError,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.base import days
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)

STATUS_OF_KIND = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.BAD_GATEWAY: 502,
    Kind.UNAVAILABLE: 503,
    Kind.TIMEOUT: 504,
}

# What Django and DRF refuse by themselves, in the shop's words.
PLAIN: dict[int, tuple[str, str]] = {
    400: ("invalid", "提交的内容有误"),
    401: ("not_authenticated", "请先登录"),
    403: ("forbidden", "没有权限"),
    404: ("not_found", "内容不存在"),
    405: ("method_not_allowed", "不支持的请求方式"),
    406: ("not_acceptable", "不支持的返回格式"),
    411: ("length_required", "请求缺少 Content-Length"),
    413: ("too_large", "提交的内容过大"),
    415: ("unsupported_media_type", "请以 JSON 格式提交"),
    429: ("throttled", "操作过于频繁，请稍后再试"),
    500: ("internal_error", "系统开小差了，请稍后再试"),
    503: ("unavailable", "服务暂时不可用，请稍后再试"),
}


def request_id() -> str:
    """Return the id of the request being answered, or an empty string outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def body(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """Return the contract's error body; moments in ``details`` are told as every answer tells them."""
    return {"code": code, "message": message, "details": _told(details or {}), "request_id": request_id()}


def _told(said: Any) -> Any:
    """Details with each moment in the shop's time, with its offset."""
    if isinstance(said, datetime):
        return days.told(said)
    if isinstance(said, Mapping):
        return {name: _told(value) for name, value in said.items()}
    return [_told(value) for value in said] if isinstance(said, list | tuple) else said


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Translate any exception of an API view; DRF calls it as EXCEPTION_HANDLER."""
    set_rollback()
    if isinstance(error, ShopError):
        wait = error.details.get("retry_after")
        return Response(
            body(error.code, error.text, error.details),
            status=STATUS_OF_KIND[error.kind],
            headers={"Retry-After": str(wait)} if wait else None,
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _of_framework(error, form=_form_of(context.get("view")))
    if isinstance(error, SuspiciousOperation):
        # Django takes no more than so many fields and files, and no longer body than so much.
        return _plain(413 if isinstance(error, RequestDataTooBig) else 400)
    if isinstance(error, DataError):
        # A figure that no column can hold got past a serializer: still the caller's fault, nothing was stored.
        return _plain(400)
    if isinstance(error, UnreadablePostError | RawPostDataException):
        # The caller's network went away in the middle, or never sent what was announced: nobody may hear this. Whoever
        # asks for the body after an early door has asked in vain is told that it was read.
        log.warning("body_cut_off", error=type(error).__name__)
        return _plain(400)
    if _is_away(error):
        log.warning("dependency_away", error=type(error).__name__)
        return _plain(503)
    log.exception("unhandled", error=type(error).__name__)
    return _plain(500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what Django cannot read; config.urls names it as handler400. Too large has a status of its own.

    So has a session that could not be written because the server was away: Django takes that for one that was deleted.
    """
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    before = exception.__context__
    if isinstance(exception, SessionInterrupted) and before is not None and _is_away(before.__context__):
        return _away()
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for what nobody foresaw; that a server is away has a status of its own. config.urls names it as handler500.

    Django calls it while the error is being handled.
    """
    return _away() if _is_away(sys.exception()) else defaults.server_error(request)


def _is_away(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError | RedisError)


def _away() -> HttpResponse:
    """The page that says to come again, without the request: to say who asks would need the server that is away."""
    return HttpResponse(render_to_string("503.html"), status=503)


def unknown_host() -> JsonResponse:
    """The answer to a request for a name that this shop does not have (ALLOWED_HOSTS)."""
    return _json(400, "unknown_host", "请求的域名无效")


def length_required() -> JsonResponse:
    """The answer to a body in chunks, whose length nobody told: WSGI has none of it, so that it would be taken for empty."""
    return _json(411, *PLAIN[411])


def unreadable_query(request: HttpRequest, names: Iterable[str]) -> HttpResponse:
    """The answer to a query of which these fields are no text (``base.queries``): a page in the admin."""
    if request.path.startswith("/admin/"):
        return render(request, "400.html", status=400)
    details = {name: ["包含不支持的字符"] for name in names}
    return _json(400, "invalid", "查询条件有误", details)


def _json(status: int, code: str, message: str, details: Any = None) -> JsonResponse:
    told = body(code, message, details)
    return JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})


def _plain(status: int) -> Response:
    code, message = PLAIN[status]
    return Response(body(code, message), status=status)


def _form_of(view: Any) -> str:
    """The form of body that a view reads."""
    return view.parser_classes[0].media_type if view is not None and view.parser_classes else ""


def _of_framework(error: exceptions.APIException, *, form: str) -> Response:
    status = error.status_code
    code, message = PLAIN.get(status, PLAIN[400])
    details: Any = {}
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.ValidationError):
        details = _fields(error.detail)
        message = _first_text(error.detail) or message
    elif isinstance(error, exceptions.ParseError):
        code, message = "malformed_json", "提交的内容应为有效的 JSON 对象"
    elif isinstance(error, exceptions.UnsupportedMediaType) and form == "multipart/form-data":
        message = f"请以 {form} 格式提交"
    elif isinstance(error, exceptions.AuthenticationFailed):
        code, message = "token_invalid", "登录已失效，请重新登录"
    elif (wait := getattr(error, "wait", None)) is not None:
        seconds = max(1, ceil(wait))
        headers["Retry-After"] = str(seconds)
        details = {"retry_after": seconds}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    return Response(body(code, message, details), status=status, headers=headers)


def _fields(detail: Any) -> Any:
    """Return DRF's nested messages as plain lists and texts under the names of their fields."""
    if isinstance(detail, dict):
        return {str(name): _fields(inner) for name, inner in detail.items()}
    if isinstance(detail, list):
        return [_fields(inner) for inner in detail]
    return str(detail)


def _first_text(detail: Any) -> str:
    while isinstance(detail, dict | list) and detail:
        detail = (
            next(iter(detail.values())) if isinstance(detail, dict) else next((d for d in detail if d), "")
        )
    return str(detail) if detail else ""


def in_contract_form(response: HttpResponse) -> HttpResponse:
    """Return the response itself if it is JSON already, else its status in the contract's form.

    Django answers unknown paths, huge bodies and bad hosts with HTML pages of its own.
    """
    if response.get("Content-Type", "").startswith("application/json"):
        return response
    code, message = PLAIN.get(response.status_code, PLAIN[400 if response.status_code < 500 else 500])
    return _json(response.status_code, code, message)
