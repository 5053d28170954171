"""What may be written into a log line: fields on an allow-list, and no phone number or token inside a text."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

# A field that is not named here is dropped, so that personal data need a decision to get into a log.
ALLOWED_FIELDS = frozenset(
    {
        "event", "level", "logger", "timestamp", "exception", "request_id", "_record", "_from_structlog",
        "method", "path", "route", "status", "duration_ms", "code", "error", "count", "name", "task", "task_id",
        "order_no", "payment_no", "recharge_no", "refund_no", "parcel_no", "waybill_no", "sku_id", "product_id",
        "listener", "news",
        "event_id", "notify_id", "promotion_id", "attempt", "attempts", "errcode", "http_status", "api",
        "reason", "run_id", "seconds", "state", "template_id", "expected_fen", "actual_fen", "amount_fen", "url", "outcome",
        "part", "process", "stack", "bill_kind", "bill_no", "withdrawal_no", "after_sale_no", "complaint_id",
    }
)  # fmt: skip

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_OPENID = re.compile(r"\bo[A-Za-z0-9_-]{27}\b")
# What PostgreSQL says of a row that it refused, should an error's text arrive here in spite of ``faults``.
_DETAIL = re.compile(r"DETAIL:[^\n]*")
# Nothing shorter tells anything: a secret of one letter behind ``secret=``.
_LEAST = 8
_BEARER = re.compile(r"(?i)(bearer\s+|access_token=|secret=)[^\s&'\"]+")

# What each of these may begin with: most texts have nothing of it, and are looked through once instead of four times.
_PERSONAL = re.compile(r"1[3-9]\d{9}|DETAIL:|o[A-Za-z0-9_-]{27}|(?i:bearer\s|access_token=|secret=)")

_REQUESTS: Final = logging.getLogger("apps.base.middleware")


class _RequestLine(logging.LogRecord):
    """A line that is finished: handlers look at what it says, and at nothing that LogRecord finds out for each."""

    def __init__(self, line: dict[str, Any], *, at: datetime) -> None:
        self.__dict__.update(_FINISHED)
        self.msg = line
        self.created = at.timestamp()


# By the last two the formatter of structlog knows a line that is finished.
_FINISHED: Final = {
    **logging.LogRecord(_REQUESTS.name, logging.INFO, "", 0, "", None, None).__dict__,
    "_logger": None,
    "_name": "info",
}


def tell_request(*, method: str | None, path: str, status: int, seconds: float, request_id: str) -> None:
    """Write the line of a request: as structlog would make it by the processors of ``config.logs``, but at once.

    Every request pays for its line. The fields are these and allowed, and only the path can have anything personal in it.
    """
    if not _REQUESTS.isEnabledFor(logging.INFO):
        return
    at = datetime.now(UTC)
    line = {
        "method": method,
        "path": mask(path[:200]),
        "status": status,
        "duration_ms": round(seconds * 1000),
        "event": "request",
        "request_id": request_id,
        "level": "info",
        "logger": _REQUESTS.name,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
    }
    _REQUESTS.handle(_RequestLine(line, at=at))


def only_allowed_fields(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that nobody has decided to log."""
    for name in [name for name in line if name not in ALLOWED_FIELDS]:
        del line[name]
    return line


def mask_personal_text(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what slipped into a text, e.g. into an exception's message: phones, openids, tokens."""
    for name in ("event", "exception", "error", "reason", "path"):
        if isinstance(text := line.get(name), str):
            line[name] = mask(text)
    return line


def mask(text: str) -> str:
    """Return ``text`` with phone numbers, openids and tokens made unreadable."""
    if len(text) < _LEAST or not _PERSONAL.search(text):
        return text
    text = _PHONE.sub(r"\1****\2", text)
    text = _DETAIL.sub("DETAIL: ***", text)
    text = _OPENID.sub("o***", text)
    return _BEARER.sub(r"\1***", text)
