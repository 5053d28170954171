"""The door at which WeChat says that there is something new about a complaint: raw bytes in, verified, one call."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.complaints.services import hearing
from apps.wechat.callbacks import answering
from apps.wechat.pay import notify


@answering(most_bytes=notify.MOST_BYTES, methods=["POST"])
def complaint_notify(request: HttpRequest) -> HttpResponse:
    """A complaint was made, or something happened to one."""
    at = timezone.now()
    notification = notify.read(headers=request.headers, body=request.body, at=at)
    hearing.hear(notification=notification, at=at)
    return HttpResponse(status=204)
