"""One HTTP exchange with WeChat, by ``apps.base.exchange``: what its failures mean, and what is logged of it.

Query strings carry the access token and the app secret, bodies carry openids and phone numbers: what is logged is the
path, the status, the error code and the duration.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings

from apps.base import exchange
from apps.base.exchange import Answer, Trouble
from apps.wechat import errors as wechat_errors

log = structlog.get_logger(__name__)

DEFAULT_TIMEOUT_S = (3.0, 8.0)
_ERRORS: Final[Mapping[Trouble, type[wechat_errors.WechatUnavailable]]] = {
    Trouble.DOWN: wechat_errors.WechatDown,
    Trouble.TIMEOUT: wechat_errors.WechatTimeout,
    Trouble.BAD_ANSWER: wechat_errors.WechatBadAnswer,
}


def encode(body: Mapping[str, Any]) -> bytes:
    """Return ``body`` as JSON in real UTF-8: WeChat counts ``\\uXXXX`` as six characters."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def send(
    *,
    method: str,
    base: str,
    path: str,
    changes: bool,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and return the answer, whatever its status.

    ``changes`` says whether the call can alter anything at WeChat; only then does a failure after sending
    count as ``effect_unknown``. Raises WechatDown, WechatTimeout or WechatBadAnswer.
    """
    try:
        return exchange.send(
            method=method,
            base=base,
            path=path,
            changes=changes,
            timeout_s=getattr(settings, "WECHAT_TIMEOUT_S", DEFAULT_TIMEOUT_S),
            params=params,
            body=body,
            headers={"Content-Type": "application/json", **(headers or {})},
        )
    except exchange.NoAnswer as failure:
        why, took_ms = failure.why, failure.took_ms
        error = _ERRORS[failure.trouble](why, effect_unknown=failure.effect_unknown)
    log.warning("wechat_call_failed", method=method, api=path, reason=why, duration_ms=took_ms)
    raise error


def record(*, method: str, path: str, answer: Answer, errcode: int | str) -> None:
    """Log one answered call; ``errcode`` is 0 or "" when WeChat was content."""
    level = log.warning if errcode else log.info
    level(
        "wechat_call",
        method=method,
        api=path,
        http_status=answer.status,
        errcode=errcode,
        duration_ms=answer.took_ms,
    )


def pause(attempt: int) -> None:
    """Wait a little before repeating: 0.1 to 0.3 s, longer at each attempt, never in step with others."""
    time.sleep(random.uniform(0.1, 0.3) * attempt)  # noqa: S311 - jitter, not a secret
