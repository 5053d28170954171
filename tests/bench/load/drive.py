"""The load: kept connections, spread over processes, each asking again as soon as it is answered."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

PROCESSES = 2
CONNECTIONS = 8


class Refused(Exception):
    """An answer that is no success: a benchmark that meets errors fails."""


@dataclass(frozen=True)
class Load:
    """What is asked: ``request(n)`` is the whole n-th request, the numbers being spread over the connections.

    Every answer begins with ``status``, where a measure is of refusals.
    """

    port: int
    request: Callable[[int], bytes]
    status: bytes = b"2"


def drive(load: Load, *, seconds: float, start: int = 0) -> tuple[float, int]:
    """Ask for so long and return answers per second, and the number that comes after the last one asked.

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
    return sum(count for count, _ in told) / seconds, max(last for _, last in told) + 1


def _ask(load: Load, part: int, seconds: float, start: int, pipe: Any) -> None:
    try:
        pipe.send(_asked(load, part, seconds, start))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")


def _asked(load: Load, part: int, seconds: float, start: int) -> tuple[int, int]:
    numbers = _numbers(start + part)
    waiting = selectors.DefaultSelector()
    each = CONNECTIONS // PROCESSES
    for _ in range(each):
        _call(waiting, load, next(numbers))
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in waiting.select(timeout=5):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            read: bytearray = key.data
            said = _heard(connection)
            if not said and not read:
                # A web worker is renewed after so many requests, and hangs up: a client asks again on a new connection.
                waiting.unregister(connection)
                connection.close()
                _call(waiting, load, next(numbers))
                continue
            read += said
            if _whole(read):
                if not read.startswith(b"HTTP/1.1 " + load.status):
                    raise Refused(read[:600].decode(errors="replace"))
                read.clear()
                count += 1
                with suppress(ConnectionError):  # found out by reading
                    connection.sendall(load.request(next(numbers)))
    last = next(numbers)
    for key in list(waiting.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return count, last


def _call(waiting: selectors.BaseSelector, load: Load, number: int) -> None:
    """Ask on a new connection, and wait for its answer with the others."""
    connection = socket.create_connection(("127.0.0.1", load.port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting.register(connection, selectors.EVENT_READ, bytearray())
    connection.sendall(load.request(number))


def _heard(connection: socket.socket) -> bytes:
    """What came on a connection, nothing where the server is gone from it."""
    try:
        return connection.recv(262144)
    except ConnectionError:
        return b""


def _numbers(first: int) -> Iterator[int]:
    while True:
        yield first
        first += PROCESSES


def _whole(read: bytearray) -> bool:
    """Whether head and body are there, by length or by the last of its chunks. Raises Refused for neither."""
    head = read.find(b"\r\n\r\n")
    if head < 0:
        return not read and _gone()
    lower = bytes(read[:head]).lower()
    place = lower.find(b"content-length:")
    if b"transfer-encoding: chunked" in lower:
        return read.endswith(b"\r\n0\r\n\r\n")
    if place < 0:
        raise Refused(f"no length: {lower[:300]!r}")
    length = int(lower[place + 15 :].split(b"\r\n", 1)[0])
    return len(read) >= head + 4 + length


def _gone() -> bool:
    raise Refused("the server hung up")
