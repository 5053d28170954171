"""The Idempotency-Key header: what makes a repeated request the same request."""

from __future__ import annotations

import re

from rest_framework.request import Request

from mall.errors import Invalid

LONGEST_KEY = 80
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")


class IdempotencyKeyRequired(Invalid):
    """This call takes an Idempotency-Key header: 1 to 80 visible ASCII characters."""

    code = "idempotency_key_required"
    message = "请求缺少有效的 Idempotency-Key"


def key_of(request: Request) -> str:
    """The key of a request that must have one. Raises IdempotencyKeyRequired."""
    header = request.headers.get("Idempotency-Key")
    if header is None or not _KEY.fullmatch(header):
        raise IdempotencyKeyRequired
    return header
