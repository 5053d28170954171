"""One bounded HTTP exchange with somebody else's machine: pooled, timed, limited in size, and silent about secrets.

Addresses carry tokens, bodies phone numbers and openids: nothing of the library's own exceptions, whose text quotes the
address, leaves this file. The doors to the street (``apps.wechat``, ``apps.sms``) say what a failure means to them.
``requests`` says once by which proxy a machine is reached and whose certificates are believed; what it would do for each
call, cookies, credentials of a file, redirects, is not wanted, so that calls go to ``urllib3`` directly.
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
from typing import Any, BinaryIO, Final, cast
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
)
from urllib3.exceptions import TimeoutError as SlowAnswer
from urllib3.response import BaseHTTPResponse

from mall.errors import Kind, ShopError
from mall.text import storable

# At DEBUG urllib3 writes each URL, query string included, to the log.
logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

MOST_BYTES: Final = 4 * 1024 * 1024  # a mini-program code of 1280 px stays far below
_CHUNK: Final = 65_536
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# requests takes an empty address for "no proxy", where None would let the environment decide.
_NO_PROXIES: Final = {"http": "", "https": ""}
_HEADERS: Final = {"User-Agent": "mall", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
# Machines that a thread keeps connections to: a few, beside those that files are fetched from.
_MOST_MACHINES: Final = 16
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
        self.why = str(storable(why))
        self.effect_unknown = effect_unknown

    def __str__(self) -> str:
        outcome = ", effect unknown" if self.effect_unknown else ""
        return f"{self.code}: {self.why or self.text}{outcome}"


class Refused(ShopError):
    """Somebody else's machine understood and said no for good; each door has its own kinds of it.

    ``errcode`` is its word, ``errmsg`` its sentence, of at most ``longest`` signs: it may quote a phone number, and numbers
    as long as one are taken out. What a database cannot store is made visible.
    """

    kind = Kind.BAD_GATEWAY
    longest = 200

    def __init__(self, errcode: str = "", errmsg: str = "") -> None:
        super().__init__()
        self.errcode = storable(errcode)
        self.errmsg = str(storable(_LONG_NUMBER.sub("***", errmsg)[: self.longest]))

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
    target = f"{path}?{urlencode(params)}" if params else path

    def ask(started: float) -> Answer:
        with _opened(
            method, base, target, body=body, headers=headers, timeout_s=timeout_s, changes=changes
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
        with _opened("GET", base, path, headers=headers, timeout_s=timeout_s, changes=False) as response:
            body = b""
            if response.status == 200:
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
    except (HTTPError, OSError) as trouble:
        failure = _broken_off(trouble, changes=changes)
    failure.took_ms = _since(started)
    # Raised outside the handler, so that the library's exception, which quotes the URL, is not its context.
    raise failure


def _opened(
    method: str,
    base: str,
    target: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None,
    timeout_s: tuple[float, float],
    changes: bool,
) -> BaseHTTPResponse:
    """Send a request and return the answer as soon as its head is there; what is not read of it costs the connection.

    Raises NoAnswer. A connection that was kept, and hung up since, is made anew; what was sent is never sent again.
    """
    failure: NoAnswer
    try:
        road = _road(base)
        return road.pool.urlopen(
            method,
            road.before + target,
            body=body,
            headers={**_HEADERS, **(headers or {})},
            timeout=urllib3.Timeout(connect=timeout_s[0], read=timeout_s[1]),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, requests.RequestException) as trouble:
        failure = _translated(trouble, changes=changes)
    raise failure


def _answer(response: BaseHTTPResponse, body: bytes, started: float) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=body, took_ms=_since(started))


@dataclass(frozen=True, slots=True)
class _Road:
    """The kept connections by which a machine is reached, and what stands before the path in a request's first line."""

    pool: HTTPConnectionPool
    before: str


class _Roads(HTTPAdapter):
    """A thread's connections, by the address that a machine has for us."""

    def __init__(self) -> None:
        super().__init__(pool_connections=_MOST_MACHINES, pool_maxsize=4)
        self.process = os.getpid()
        self.kept: dict[str, _Road] = {}

    def made(self, base: str) -> _Road:
        """The road to a machine, by what the environment says of proxies and certificates."""
        asked = requests.Request("GET", base).prepare()
        told = requests.Session().merge_environment_settings(asked.url, _proxies(base), True, None, None)
        proxies, verify = told["proxies"], told["verify"]
        pool = cast(HTTPConnectionPool, self.get_connection_with_tls_context(asked, verify, proxies))
        self.cert_verify(pool, asked.url, verify, None)
        # A proxy that forwards, as for plain HTTP, is told the whole address.
        forwarded = self.request_url(asked, proxies).startswith("http")
        return _Road(pool, base.rstrip("/") if forwarded else urlsplit(base).path.rstrip("/"))


def _road(base: str) -> _Road:
    """This thread's road to a machine; a forked child makes its own, sockets must not be shared."""
    roads: _Roads | None = getattr(_local, "roads", None)
    if roads is None or roads.process != os.getpid() or len(roads.kept) >= _MOST_MACHINES:
        roads = _local.roads = _Roads()
    road = roads.kept.get(base)
    if road is None:
        road = roads.kept[base] = roads.made(base)
    return road


def _proxies(base: str) -> dict[str, str]:
    """Return what overrides the environment's proxies: none for this machine's sandbox, else nothing."""
    return dict(_NO_PROXIES) if urlsplit(base).hostname in _THIS_MACHINE else {}


def _read(response: BaseHTTPResponse, *, until: float, changes: bool) -> bytes:
    """Read the body as it comes, within ``until`` and MOST_BYTES: an answer that drips may not hold us."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_CHUNK, decode_content=True):
        size += len(piece)
        if size > MOST_BYTES:
            raise NoAnswer(Trouble.BAD_ANSWER, "answer too large", effect_unknown=changes)
        if time.monotonic() > until:
            raise NoAnswer(Trouble.TIMEOUT, "answer too slow", effect_unknown=changes)
        pieces.append(piece)
    return b"".join(pieces)


def _pour(response: BaseHTTPResponse, into: BinaryIO, *, most_bytes: int, until: float) -> None:
    size = 0
    while piece := response.read1(_CHUNK, decode_content=False):
        size += len(piece)
        if size > most_bytes:
            raise NoAnswer(Trouble.BAD_ANSWER, "file too large", effect_unknown=False)
        if time.monotonic() > until:
            raise NoAnswer(Trouble.TIMEOUT, "file too slow", effect_unknown=False)
        into.write(piece)
    told = response.headers.get("content-length", "")
    if told.isdigit() and int(told) != size:
        raise NoAnswer(Trouble.DOWN, "file broke off", effect_unknown=False)


def _translated(trouble: Exception, *, changes: bool) -> NoAnswer:
    """Return our error for a request that got no answer: was anything sent, and did time run out?"""
    if isinstance(trouble, NewConnectionError):
        return NoAnswer(Trouble.DOWN, "no connection", effect_unknown=False)
    if isinstance(trouble, ConnectTimeoutError):
        return NoAnswer(Trouble.TIMEOUT, "connecting took too long", effect_unknown=False)
    if isinstance(trouble, SlowAnswer):
        return NoAnswer(Trouble.TIMEOUT, "no answer in time", effect_unknown=changes)
    if isinstance(trouble, LocationValueError | requests.RequestException):
        return NoAnswer(Trouble.BAD_ANSWER, type(trouble).__name__, effect_unknown=changes)
    return NoAnswer(Trouble.DOWN, "connection broke", effect_unknown=changes)


def _broken_off(trouble: Exception, *, changes: bool) -> NoAnswer:
    """Return our error for a body that stopped half-way or does not unpack."""
    if isinstance(trouble, SlowAnswer | TimeoutError):
        return NoAnswer(Trouble.TIMEOUT, "answer stopped half-way", effect_unknown=changes)
    if isinstance(trouble, DecodeError):
        return NoAnswer(Trouble.BAD_ANSWER, "answer does not unpack", effect_unknown=changes)
    return NoAnswer(Trouble.DOWN, "answer broke off", effect_unknown=changes)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
