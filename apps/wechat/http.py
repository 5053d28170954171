"""One HTTP exchange with WeChat, by ``apps.base.exchange``: what its failures mean, and what is logged of it.

Query strings carry the access token and the app secret, bodies carry openids and phone numbers: what is logged is the
path, the status, the error code and the duration.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

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
    headed = {"Content-Type": "application/json", **(headers or {})}
    return _asked(
        method,
        path,
        lambda: exchange.send(
            method=method,
            base=base,
            path=path,
            changes=changes,
            timeout_s=_timeouts(),
            params=params,
            body=body,
            headers=headed,
        ),
    )


def save(
    *, base: str, path: str, into: BinaryIO, headers: Mapping[str, str], most_bytes: int, within_s: float
) -> Answer:
    """GET a file and write it into ``into`` as it comes; the answer bears its body only where it is no 200.

    Whatever the file's own packing is stays as it is. Raises WechatDown, WechatTimeout (longer than ``within_s``) or
    WechatBadAnswer (more than ``most_bytes``); ``into`` then holds a piece.
    """
    return _asked(
        "GET",
        path.partition("?")[0],
        lambda: exchange.save(
            base=base,
            path=path,
            into=into,
            headers=headers,
            most_bytes=most_bytes,
            within_s=within_s,
            timeout_s=_timeouts(),
        ),
    )


def _timeouts() -> tuple[float, float]:
    timeouts: tuple[float, float] = getattr(settings, "WECHAT_TIMEOUT_S", DEFAULT_TIMEOUT_S)
    return timeouts


def _asked(method: str, api: str, ask: Callable[[], Answer]) -> Answer:
    """Return what was answered; log a failure and raise it as one of WeChat's."""
    try:
        return ask()
    except exchange.NoAnswer as failure:
        why, took_ms = failure.why, failure.took_ms
        error = _ERRORS[failure.trouble](why, effect_unknown=failure.effect_unknown)
    log.warning("wechat_call_failed", method=method, api=api, reason=why, duration_ms=took_ms)
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
