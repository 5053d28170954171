"""The doors that WeChat knocks at: raw bytes in, verified, one call, and an answer that is 2xx only if nothing is lost.

Plain Django views: no session, no throttle, no parser may come between WeChat's bytes and its signature.
Source: 微信支付 APIv3 回调通知; 小程序 消息推送.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.base.errors import STATUS_OF_KIND
from apps.checkout import hearing
from apps.wechat import push
from apps.wechat.pay import notify
from mall.errors import ShopError

log = structlog.get_logger(__name__)

View = Callable[[HttpRequest], HttpResponse]


def _failed(status: int, message: str) -> HttpResponse:
    """WeChat's form of "no"; it repeats the call after any status but 200 and 204."""
    return JsonResponse({"code": "FAIL", "message": message}, status=status)


def _answering(*, most_bytes: int, methods: list[str]) -> Callable[[View], View]:
    """Wrap a door: bounded body, no CSRF token, and every failure answered in WeChat's form, never as 2xx."""

    def around(view: View) -> View:
        @csrf_exempt
        @require_http_methods(methods)
        @wraps(view)
        def door(request: HttpRequest) -> HttpResponse:
            if int(request.META.get("CONTENT_LENGTH") or 0) > most_bytes:
                return _failed(413, "内容过大")
            try:
                return view(request)
            except ShopError as refusal:
                log.warning("callback_refused", path=request.path, reason=str(refusal)[:200])
                return _failed(STATUS_OF_KIND[refusal.kind], refusal.text)
            except DatabaseError as error:
                log.warning("callback_put_off", path=request.path, error=type(error).__name__)
                return _failed(503, "暂时无法处理，请重试")
            except Exception:
                log.exception("callback_failed", path=request.path)
                return _failed(500, "处理失败，请重试")

        return door

    return around


@_answering(most_bytes=notify.MOST_BYTES, methods=["POST"])
def pay_notify(request: HttpRequest) -> HttpResponse:
    """Payments, refunds and transfers; each is told apart by what it says, not by the door it came to."""
    at = timezone.now()
    notification = notify.read(headers=request.headers, body=request.body, at=at)
    hearing.hear(notification=notification, at=at)
    return HttpResponse(status=204)


@_answering(most_bytes=push.MOST_BYTES, methods=["GET", "POST"])
def push_door(request: HttpRequest) -> HttpResponse:
    """Message push: the check of the address by GET, messages by POST; what customers write goes on to the service staff."""
    query = request.GET.dict()
    if request.method == "GET":
        return HttpResponse(push.verify_url(query), content_type="text/plain; charset=utf-8")
    at = timezone.now()
    message = push.read(query, request.body, at=at)
    hearing.hear_push(message=message, at=at)
    answer, content_type = push.answer(
        message, query=query, body=request.body, at=at, random=secrets.token_bytes(16)
    )
    return HttpResponse(answer, content_type=content_type)
