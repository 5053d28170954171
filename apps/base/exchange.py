"""One bounded HTTP exchange with somebody else's machine: pooled, timed, limited in size, and silent about secrets.

Addresses carry tokens, bodies phone numbers and openids: nothing of ``requests``' own exceptions, whose text quotes the
address, leaves this file. The doors to the street (``apps.wechat``, ``apps.sms``) say what a failure means to them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from mall.errors import Kind, ShopError

# At DEBUG urllib3 writes each URL, query string included, to the log.
logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

MOST_BYTES: Final = 4 * 1024 * 1024  # a mini-program code of 1280 px stays far below
_CHUNK: Final = 65_536
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# requests takes an empty address for "no proxy", where None would let the environment decide.
_NO_PROXIES: Final = {"http": "", "https": ""}
_LONG_NUMBER: Final = re.compile(r"\d[\d -]{4,}")

_local = threading.local()


class Trouble(StrEnum):
    """Why nothing usable came back."""

    DOWN = "down"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad answer"


class NoAnswer(Exception):
    """Nothing usable came back. ``why`` is one English phrase without any secret.

    ``effect_unknown``: the request went out and may have been carried out.
    """

    def __init__(self, trouble: Trouble, why: str, *, effect_unknown: bool, took_ms: int = 0) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why
        self.effect_unknown = effect_unknown
        self.took_ms = took_ms


class Unavailable(ShopError):
    """Somebody else's machine could not be asked, or says nothing that can be used; each door has its own kinds of it.

    ``why`` is one English phrase for the log; it holds no secret, no openid, no phone number. ``effect_unknown`` is true
    when the call was sent and may have taken effect.
    """

    kind = Kind.UNAVAILABLE

    def __init__(self, why: str = "", *, effect_unknown: bool = False) -> None:
        super().__init__()
        self.why = why
        self.effect_unknown = effect_unknown

    def __str__(self) -> str:
        outcome = ", effect unknown" if self.effect_unknown else ""
        return f"{self.code}: {self.why or self.text}{outcome}"


class Refused(ShopError):
    """Somebody else's machine understood and said no for good; each door has its own kinds of it.

    ``errcode`` is its word, ``errmsg`` its sentence, of at most ``longest`` signs: it may quote a phone number, and numbers
    as long as one are taken out.
    """

    kind = Kind.BAD_GATEWAY
    longest = 200

    def __init__(self, errcode: str = "", errmsg: str = "") -> None:
        super().__init__()
        self.errcode = errcode
        self.errmsg = _LONG_NUMBER.sub("***", errmsg)[: self.longest]

    def __str__(self) -> str:
        return f"{self.code}: {self.errcode} {self.errmsg}"


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


def send(
    *,
    method: str,
    base: str,
    path: str,
    changes: bool,
    timeout_s: tuple[float, float],
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and return the answer, whatever its status.

    ``changes`` says whether the call can alter anything over there; only then does a failure after sending count as
    ``effect_unknown``. ``timeout_s``: seconds to connect, and between two pieces of the answer. Raises NoAnswer, never
    an exception of the HTTP library. Redirects are not followed: an API has none.
    """
    connect_s, read_s = timeout_s

    def ask(started: float) -> Answer:
        with _session().request(
            method,
            base.rstrip("/") + path,
            params=params,
            data=body,
            headers=dict(headers or {}),
            timeout=timeout_s,
            proxies=_proxies(base),
            allow_redirects=False,
            stream=True,
        ) as response:
            raw = _read(response, until=started + connect_s + 2 * read_s, changes=changes)
            return _answer(response, raw, started)

    return _bounded(ask, changes=changes)


def save(
    *,
    base: str,
    path: str,
    into: BinaryIO,
    headers: Mapping[str, str],
    most_bytes: int,
    within_s: float,
    timeout_s: tuple[float, float],
) -> Answer:
    """GET a file and write it into ``into`` as it comes; the answer bears its body only where it is no 200.

    Whatever the file's own packing is stays as it is. Raises NoAnswer, also for more than ``most_bytes`` and longer than
    ``within_s``; ``into`` then holds a piece.
    """

    def ask(started: float) -> Answer:
        with _session().get(
            base.rstrip("/") + path,
            headers=headers,
            timeout=timeout_s,
            proxies=_proxies(base),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = b""
            if response.status_code == 200:
                _pour(response, into, most_bytes=most_bytes, until=started + within_s)
            else:
                body = _read(response, until=started + within_s, changes=False)
            return _answer(response, body, started)

    return _bounded(ask, changes=False)


def _bounded(ask: Callable[[float], Answer], *, changes: bool) -> Answer:
    """Return what ``ask`` does, which is told when it began; every failure becomes a NoAnswer."""
    started = time.monotonic()
    failure: NoAnswer
    try:
        return ask(started)
    except NoAnswer as refused:
        failure = refused
    except requests.RequestException as trouble:
        failure = _translated(trouble, changes=changes)
    except (urllib3.exceptions.HTTPError, OSError) as trouble:
        failure = _broken_off(trouble, changes=changes)
    failure.took_ms = _since(started)
    # Raised outside the handler, so that the library's exception, which quotes the URL, is not its context.
    raise failure


def _answer(response: requests.Response, body: bytes, started: float) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=headers, body=body, took_ms=_since(started))


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
    # A set auth keeps requests from putting credentials of a ~/.netrc over our own Authorization.
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
            raise NoAnswer(Trouble.BAD_ANSWER, "answer too large", effect_unknown=changes)
        if time.monotonic() > until:
            raise NoAnswer(Trouble.TIMEOUT, "answer too slow", effect_unknown=changes)
        pieces.append(piece)
    return b"".join(pieces)


def _pour(response: requests.Response, into: BinaryIO, *, most_bytes: int, until: float) -> None:
    size = 0
    while piece := response.raw.read1(_CHUNK, decode_content=False):
        size += len(piece)
        if size > most_bytes:
            raise NoAnswer(Trouble.BAD_ANSWER, "file too large", effect_unknown=False)
        if time.monotonic() > until:
            raise NoAnswer(Trouble.TIMEOUT, "file too slow", effect_unknown=False)
        into.write(piece)
    told = response.headers.get("content-length", "")
    if told.isdigit() and int(told) != size:
        raise NoAnswer(Trouble.DOWN, "file broke off", effect_unknown=False)


def _translated(trouble: requests.RequestException, *, changes: bool) -> NoAnswer:
    """Return our error for one of ``requests``': was anything sent, and did time run out?"""
    if isinstance(trouble, requests.ConnectTimeout):
        return NoAnswer(Trouble.TIMEOUT, "connecting took too long", effect_unknown=False)
    if isinstance(trouble, requests.Timeout):
        return NoAnswer(Trouble.TIMEOUT, "no answer in time", effect_unknown=changes)
    if isinstance(trouble, requests.ConnectionError):
        reason = getattr(trouble.args[0] if trouble.args else None, "reason", None)
        if isinstance(reason, urllib3.exceptions.NewConnectionError):
            return NoAnswer(Trouble.DOWN, "no connection", effect_unknown=False)
        return NoAnswer(Trouble.DOWN, "connection broke", effect_unknown=changes)
    return NoAnswer(Trouble.BAD_ANSWER, type(trouble).__name__, effect_unknown=changes)


def _broken_off(trouble: Exception, *, changes: bool) -> NoAnswer:
    """Return our error for a body that stopped half-way or does not unpack."""
    if isinstance(trouble, urllib3.exceptions.TimeoutError | TimeoutError):
        return NoAnswer(Trouble.TIMEOUT, "answer stopped half-way", effect_unknown=changes)
    if isinstance(trouble, urllib3.exceptions.DecodeError):
        return NoAnswer(Trouble.BAD_ANSWER, "answer does not unpack", effect_unknown=changes)
    return NoAnswer(Trouble.DOWN, "answer broke off", effect_unknown=changes)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
