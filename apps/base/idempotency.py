"""The Idempotency-Key header: what makes a repeated request the same request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
    key = key_in(request.META)
    if key is None:
        raise IdempotencyKeyRequired
    return key


def key_if_any(request: Request) -> str:
    """The key of a request that may have one, else nothing. Raises IdempotencyKeyRequired for one that is none."""
    return key_of(request) if "HTTP_IDEMPOTENCY_KEY" in request.META else ""


def key_in(environ: Mapping[str, Any]) -> str | None:
    """The key that a request's environment has; None where it has none that is well-formed."""
    header = environ.get("HTTP_IDEMPOTENCY_KEY")
    return header if header is not None and _KEY.fullmatch(header) else None
