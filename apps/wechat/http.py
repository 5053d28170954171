"""One bounded HTTP exchange with WeChat: pooled, timed, limited in size, and silent about secrets.

Query strings carry the access token and the app secret, bodies carry openids and phone numbers: what is
logged is the path, the status, the error code and the duration, and nothing of ``requests``' own exceptions
(their text quotes the URL) leaves this file.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests
import structlog
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

from apps.wechat import errors as wechat_errors

log = structlog.get_logger(__name__)

# At DEBUG urllib3 writes each URL, query string included, to the log.
logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

DEFAULT_TIMEOUT_S = (3.0, 8.0)
MOST_BYTES = 4 * 1024 * 1024  # a mini-program code of 1280 px stays far below
_CHUNK = 65_536
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
# requests takes an empty address for "no proxy", where None would let the environment decide.
_NO_PROXIES = {"http": "", "https": ""}

_local = threading.local()


@dataclass(frozen=True, repr=False)
class Answer:
    """What came back: HTTP status, headers with lower-case names, the raw body, the duration."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_ms: int

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def as_json(self) -> Any:
        """Return the decoded body, or None when it is not JSON in UTF-8."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            return None


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
    count as ``effect_unknown``. Raises WechatDown, WechatTimeout or WechatBadAnswer, never an exception of
    the HTTP library. Redirects are not followed: WeChat's API has none.
    """
    connect_s, read_s = getattr(settings, "WECHAT_TIMEOUT_S", DEFAULT_TIMEOUT_S)
    started = time.monotonic()
    failure: wechat_errors.WechatUnavailable
    try:
        with _session().request(
            method,
            base.rstrip("/") + path,
            params=params,
            data=body,
            headers={"Content-Type": "application/json", **(headers or {})},
            timeout=(connect_s, read_s),
            proxies=_proxies(base),
            allow_redirects=False,
            stream=True,
        ) as response:
            raw = _read(response, until=started + connect_s + 2 * read_s, changes=changes)
            return Answer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=raw,
                took_ms=_since(started),
            )
    except wechat_errors.WechatUnavailable as refused:
        failure = refused
    except requests.RequestException as trouble:
        failure = _translated(trouble, changes=changes)
    except (urllib3.exceptions.HTTPError, OSError) as trouble:
        failure = _broken_off(trouble, changes=changes)
    log.warning(
        "wechat_call_failed", method=method, api=path, reason=failure.why, duration_ms=_since(started)
    )
    # Raised outside the handler, so that the library's exception, which quotes the URL, is not its context.
    raise failure


def save(
    *, base: str, path: str, into: BinaryIO, headers: Mapping[str, str], most_bytes: int, within_s: float
) -> Answer:
    """GET a file and write it into ``into`` as it comes; the answer bears its body only where it is no 200.

    Whatever the file's own packing is stays as it is. Raises WechatDown, WechatTimeout (longer than ``within_s``) or
    WechatBadAnswer (more than ``most_bytes``); ``into`` then holds a piece.
    """
    timeouts = getattr(settings, "WECHAT_TIMEOUT_S", DEFAULT_TIMEOUT_S)
    started = time.monotonic()
    failure: wechat_errors.WechatUnavailable
    try:
        with _session().get(
            base.rstrip("/") + path,
            headers=headers,
            timeout=timeouts,
            proxies=_proxies(base),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = b""
            if response.status_code == 200:
                _pour(response, into, most_bytes=most_bytes, until=started + within_s)
            else:
                body = _read(response, until=started + within_s, changes=False)
            return Answer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                took_ms=_since(started),
            )
    except wechat_errors.WechatUnavailable as refused:
        failure = refused
    except requests.RequestException as trouble:
        failure = _translated(trouble, changes=False)
    except (urllib3.exceptions.HTTPError, OSError) as trouble:
        failure = _broken_off(trouble, changes=False)
    log.warning(
        "wechat_call_failed",
        method="GET",
        api=path.partition("?")[0],
        reason=failure.why,
        duration_ms=_since(started),
    )
    raise failure


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


def _session() -> requests.Session:
    """Return this thread's session; a forked child starts its own, sockets must not be shared."""
    kept: tuple[int, requests.Session] | None = getattr(_local, "kept", None)
    if kept is not None and kept[0] == os.getpid():
        return kept[1]
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=4, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A set auth keeps requests from putting credentials of a ~/.netrc over WeChat Pay's Authorization.
    session.auth = _leave_headers_alone
    _local.kept = (os.getpid(), session)
    return session


def _proxies(base: str) -> dict[str, str] | None:
    """Return what overrides the environment's proxies: none for this machine's sandbox, else nothing."""
    return _NO_PROXIES if urlsplit(base).hostname in _THIS_MACHINE else None


def _leave_headers_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, *, until: float, changes: bool) -> bytes:
    """Read the body as it comes, within ``until`` and MOST_BYTES: an answer that drips may not hold us."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        size += len(piece)
        if size > MOST_BYTES:
            raise wechat_errors.WechatBadAnswer("answer too large", effect_unknown=changes)
        if time.monotonic() > until:
            raise wechat_errors.WechatTimeout("answer too slow", effect_unknown=changes)
        pieces.append(piece)
    return b"".join(pieces)


def _pour(response: requests.Response, into: BinaryIO, *, most_bytes: int, until: float) -> None:
    size = 0
    while piece := response.raw.read1(_CHUNK, decode_content=False):
        size += len(piece)
        if size > most_bytes:
            raise wechat_errors.WechatBadAnswer("file too large")
        if time.monotonic() > until:
            raise wechat_errors.WechatTimeout("file too slow")
        into.write(piece)
    told = response.headers.get("content-length", "")
    if told.isdigit() and int(told) != size:
        raise wechat_errors.WechatDown("file broke off")


def _translated(trouble: requests.RequestException, *, changes: bool) -> wechat_errors.WechatUnavailable:
    """Return our error for one of ``requests``': was anything sent, and did time run out?"""
    if isinstance(trouble, requests.ConnectTimeout):
        return wechat_errors.WechatTimeout("connecting took too long")
    if isinstance(trouble, requests.Timeout):
        return wechat_errors.WechatTimeout("no answer in time", effect_unknown=changes)
    if isinstance(trouble, requests.ConnectionError):
        reason = getattr(trouble.args[0] if trouble.args else None, "reason", None)
        if isinstance(reason, urllib3.exceptions.NewConnectionError):
            return wechat_errors.WechatDown("no connection")
        return wechat_errors.WechatDown("connection broke", effect_unknown=changes)
    return wechat_errors.WechatBadAnswer(type(trouble).__name__, effect_unknown=changes)


def _broken_off(trouble: Exception, *, changes: bool) -> wechat_errors.WechatUnavailable:
    """Return our error for a body that stopped half-way or does not unpack."""
    if isinstance(trouble, urllib3.exceptions.TimeoutError | TimeoutError):
        return wechat_errors.WechatTimeout("answer stopped half-way", effect_unknown=changes)
    if isinstance(trouble, urllib3.exceptions.DecodeError):
        return wechat_errors.WechatBadAnswer("answer does not unpack", effect_unknown=changes)
    return wechat_errors.WechatDown("answer broke off", effect_unknown=changes)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
