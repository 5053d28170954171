"""The doors that WeChat knocks at about money and messages: raw bytes in, verified, one call."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.checkout import hearing
from apps.wechat import push
from apps.wechat.callbacks import answering
from apps.wechat.pay import notify


@answering(most_bytes=notify.MOST_BYTES, methods=["POST"])
def pay_notify(request: HttpRequest) -> HttpResponse:
    """Payments, refunds and transfers; each is told apart by what it says, not by the door it came to."""
    at = timezone.now()
    notification = notify.read(headers=notify.headers_of(request.META), body=request.body, at=at)
    hearing.hear(notification=notification, at=at)
    return HttpResponse(status=204)


@answering(most_bytes=push.MOST_BYTES, methods=["GET", "POST"])
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
