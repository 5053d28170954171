"""What every door that WeChat knocks at has in common: raw bytes in, and an answer that is 2xx only if nothing is lost.

Plain Django views: no session, no throttle, no parser may come between WeChat's bytes and its signature.
Source: 微信支付 APIv3 回调通知; 小程序 消息推送.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.base.errors import STATUS_OF_KIND
from mall.errors import ShopError

log = structlog.get_logger(__name__)

View = Callable[[HttpRequest], HttpResponse]


def _failed(status: int, message: str) -> HttpResponse:
    """WeChat's form of "no"; it repeats the call after any status but 200 and 204."""
    return JsonResponse({"code": "FAIL", "message": message}, status=status)


def answering(*, most_bytes: int, methods: list[str]) -> Callable[[View], View]:
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
            except UnreadablePostError:
                log.warning("callback_cut_off", path=request.path)
                return _failed(400, "内容不完整")
            except DatabaseError as error:
                log.warning("callback_put_off", path=request.path, error=type(error).__name__)
                return _failed(503, "暂时无法处理，请重试")
            except Exception:
                log.exception("callback_failed", path=request.path)
                return _failed(500, "处理失败，请重试")

        return door

    return around
