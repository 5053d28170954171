"""The load: kept connections, spread over processes, each asking again as soon as it is answered."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PROCESSES = 2
# So many seconds after the end of a measure everything is answered.
_PATIENCE = 60
CONNECTIONS = 8


class Refused(Exception):
    """An answer that is no success: a benchmark that meets errors fails."""


@dataclass(frozen=True)
class Load:
    """What is asked: ``request(n)`` is the whole n-th request, the numbers being spread over the connections.

    Every answer begins with one of ``statuses``, where a measure is of refusals. Where only so many can be asked
    (``most`` of them, from 0), the measure ends with the last of them.
    """

    port: int
    request: Callable[[int], bytes]
    statuses: tuple[bytes, ...] = (b"2",)
    connections: int = CONNECTIONS
    most: int | None = None


class Driven(NamedTuple):
    """Answers a second; how many there were, those that came late included; how long each in time took in milliseconds;
    and the next number to ask."""

    rate: float
    answers: int
    latencies: list[float]
    last: int


def drive(load: Load, *, seconds: float, start: int = 0) -> Driven:
    """Ask for so long, but until something was answered, or until all is asked that can be.

    Raises Refused for an answer outside 200 … 299, or of another status than the load expects.
    """
    context = multiprocessing.get_context("fork")
    pipes = []
    for part in range(PROCESSES):
        mine, theirs = context.Pipe()
        process = context.Process(target=_ask, args=(load, part, seconds, start, theirs))
        process.start()
        pipes.append((process, mine))
    told = [pipe.recv() for _, pipe in pipes]
    for process, _ in pipes:
        process.join()
    refused = [one for one in told if isinstance(one, str)]
    if refused:
        raise Refused(refused[0])
    took = max(part.elapsed for part in told)
    spans = [span for part in told for span in part.spans]
    answers = len(spans) + sum(part.late for part in told)
    return Driven(len(spans) / took, answers, spans, max(part.last for part in told) + 1)


def _ask(load: Load, part: int, seconds: float, start: int, pipe: Any) -> None:
    try:
        pipe.send(_asked(load, part, seconds, start))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")


class _Part(NamedTuple):
    """What one process was answered: in how long, each in milliseconds, what it would ask next, how many came late."""

    elapsed: float
    spans: list[float]
    last: int
    late: int


def _asked(load: Load, part: int, seconds: float, start: int) -> _Part:
    numbers = _Numbers(start + part, load.most)
    waiting = selectors.DefaultSelector()
    begun = time.monotonic()
    for _ in range(load.connections // PROCESSES):
        _call(waiting, load, numbers)
    spans: list[float] = []
    end = begun + seconds
    while waiting.get_map() and (load.most is not None or time.monotonic() < end or not spans):
        for key, _ in waiting.select(timeout=5):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            asked: _Asked = key.data
            said = _heard(connection)
            if not said and not asked.read:
                # A web worker is renewed after so many requests, and hangs up: a client asks again on a new connection.
                waiting.unregister(connection)
                connection.close()
                _call(waiting, load, numbers, again=asked.number)
                continue
            asked.read += said
            if _whole(asked.read):
                if not asked.read.startswith(tuple(b"HTTP/1.1 " + status for status in load.statuses)):
                    raise Refused(asked.read[:600].decode(errors="replace"))
                spans.append((time.perf_counter() - asked.at) * 1000)
                asked.read.clear()
                number = numbers.take()
                if number is None:
                    waiting.unregister(connection)
                    connection.close()
                    continue
                asked.number, asked.at = number, time.perf_counter()
                with suppress(ConnectionError):  # found out by reading
                    connection.sendall(load.request(number))
    return _Part(time.monotonic() - begun, spans, numbers.next, _late(waiting, load))


def _late(waiting: selectors.BaseSelector, load: Load) -> int:
    """Hear what is on its way when the time is over, and return how many those are.

    It is worked on: left alone it would slow down what is measured next, and be charged to that.
    """
    late, ends = 0, time.monotonic() + _PATIENCE
    while waiting.get_map():
        if time.monotonic() >= ends:
            raise Refused("no answer")
        for key, _ in waiting.select(timeout=5):
            connection, asked = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            said = _heard(connection)
            asked.read += said
            if said and not _whole(asked.read):
                continue
            if said and not asked.read.startswith(tuple(b"HTTP/1.1 " + status for status in load.statuses)):
                raise Refused(asked.read[:600].decode(errors="replace"))
            late += bool(said)
            waiting.unregister(connection)
            connection.close()
    return late


@dataclass
class _Asked:
    """What a connection waits for: the answer to this number, asked at this moment of perf_counter."""

    number: int
    at: float
    read: bytearray = field(default_factory=bytearray)


@dataclass
class _Numbers:
    """The numbers of one process: every so many, up to the most there are."""

    next: int
    most: int | None

    def take(self) -> int | None:
        """The next number, None after the last."""
        if self.most is not None and self.next >= self.most:
            return None
        taken, self.next = self.next, self.next + PROCESSES
        return taken


def _call(
    waiting: selectors.BaseSelector, load: Load, numbers: _Numbers, *, again: int | None = None
) -> None:
    """Ask on a new connection, and wait for its answer with the others; where all is asked, nothing.

    A number whose connection was gone is asked ``again`` where there are only so many of them.
    """
    number = again if again is not None and load.most is not None else numbers.take()
    if number is None:
        return
    connection = socket.create_connection(("127.0.0.1", load.port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting.register(connection, selectors.EVENT_READ, _Asked(number, time.perf_counter()))
    connection.sendall(load.request(number))


def _heard(connection: socket.socket) -> bytes:
    """What came on a connection, nothing where the server is gone from it."""
    try:
        return connection.recv(262144)
    except ConnectionError:
        return b""


def _whole(read: bytearray) -> bool:
    """Whether head and body are there, by length, by the last of its chunks, or by a status that has none.

    Raises Refused for neither.
    """
    head = read.find(b"\r\n\r\n")
    if head < 0:
        return not read and _gone()
    lower = bytes(read[:head]).lower()
    place = lower.find(b"content-length:")
    if b"transfer-encoding: chunked" in lower:
        return read.endswith(b"\r\n0\r\n\r\n")
    if lower.startswith((b"http/1.1 204", b"http/1.1 304")):
        return True  # never has a body (RFC 9110)
    if place < 0:
        raise Refused(f"no length: {lower[:300]!r}")
    length = int(lower[place + 15 :].split(b"\r\n", 1)[0])
    return len(read) >= head + 4 + length


def _gone() -> bool:
    raise Refused("the server hung up")
