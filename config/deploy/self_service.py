"""A gunicorn worker whose threads take the next call from the kernel themselves, instead of from a thread that hands out.

gthread's first thread waits for all connections, puts each call into a queue, wakes a thread for it, and is woken when it is
answered: three turns of the interpreter's lock, a future and two condition variables for each answer, which costs more than
the shop's cheapest answers. Here all threads wait at one epoll, which wakes one of them for a connection that has a call
(EPOLLONESHOT), the thread answers, and arms the connection again. Accepting, time-outs, stopping, reading and writing stay
gunicorn's.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from gunicorn import util
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import (
    DEFAULT_WORKER_DATA_TIMEOUT,
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

# The first thing that a connection has to say, or its end. Said once, to one thread, until it is armed again.
_ONCE: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT
# How often connections are looked at for their age.
_AGES_SECONDS: Final = 1.0
# As long as gunicorn itself waits for the rest of a body.
_DRAIN_SECONDS: Final = 5.0
# gunicorn's own end, 64 KB, lies below a picture from a phone; no caller sends more than this in so many seconds.
_DRAIN_BYTES: Final = 100_000_000
# How soon a thread that nobody calls finds out that the worker has ended.
_LOOK_UP_SECONDS: Final = 1.0
_NOT_THERE_ANY_MORE: Final = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)


class Steady(socket.socket):
    """A connection that blocks, with time-outs of the kernel's: a wait of another length begins when it is waited.

    gunicorn switches its sockets to and fro five times for each answer, mostly from what they are to what they are. Each is
    a call of the system for which a thread lets go of the interpreter, and then waits for it.
    """

    __slots__ = ("_applied", "_wanted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wanted: float | None = None
        self._applied: float | None = None

    def setblocking(self, flag: bool) -> None:
        """Nothing: whoever asks not to be blocked puts the connection where it waits for a call."""

    def settimeout(self, value: float | None) -> None:
        """Wait so long from the next call on, None for as long as the kernel does."""
        self._wanted = value

    def gettimeout(self) -> float | None:
        """How long the next call waits."""
        return self._wanted

    def recv(self, *args: Any) -> bytes:
        """What has come."""
        self._apply()
        return super().recv(*args)

    def sendall(self, *args: Any) -> None:
        """Send all of it."""
        self._apply()
        super().sendall(*args)

    def _apply(self) -> None:
        if self._wanted != self._applied:
            super().settimeout(self._wanted)
            self._applied = self._wanted


class Settled:
    """gunicorn's settings as they are once a worker has begun: each is looked up once, and not twenty times a call."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__[name] = getattr(self._settings, name)
        return found


_written_out: Final = util.http_date


def _date(timestamp: float | None = None) -> str:
    """What ``gunicorn.util.http_date`` answers, written out once a second and not for each answer."""
    return _date_of(int(time.time() if timestamp is None else timestamp))


@lru_cache(maxsize=2)
def _date_of(second: int) -> str:
    return _written_out(second)


def _is_over(body: Any) -> bool:
    """Whether nothing of a body can be left on the connection, as far as that is known without reading."""
    return not body.failed and type(body.reader) is LengthReader and not body.reader.length


def read_away(conn: Any) -> bool:
    """Read to its end what nobody read of a call; False where it was too much, too slow, or has no end."""
    deadline = time.monotonic() + _DRAIN_SECONDS
    return bool(conn.parser.finish_body(deadline=deadline, max_bytes=_DRAIN_BYTES))


class SelfService(ThreadWorker):
    """gthread, but that a connection waits at an epoll of all threads, and is its who takes it from ``_waiting``.

    ``stalled_seconds``: how long each piece of a call that has begun, and of its answer, is waited for, as nginx does; else
    as many callers as there are threads, who stop in the middle of a word, would keep all of them.
    """

    stalled_seconds = 15

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Connections without a call, by their descriptors. Taking one out is a single step: a thread takes it to answer,
        # the first thread to close it for its age; no one does anything with a connection that another has.
        self._waiting: dict[int, Any] = {}
        self._counting = threading.Lock()
        self._ended = False
        self._looked_at = 0.0
        self._calls: Any = None

    def init_process(self) -> None:
        self._calls = select.epoll()
        self.cfg: Any = Settled(self.cfg)
        util.http_date = _date
        super().init_process()

    def run(self) -> None:
        """Serve until gunicorn's own loop, which accepts and counts the time, is done."""
        for _ in range(self.cfg.threads):
            self.tpool.submit(self._serve)
        try:
            super().run()
        finally:
            self._ended = True

    def accept(self, listener: Any) -> None:
        """Take a new connection, and let it wait for its first call with the others."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno not in _NOT_THERE_ANY_MORE:
                raise
            return
        sock = Steady(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        stalled = struct.pack("ll", self.stalled_seconds, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, stalled)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, stalled)
        conn = TConn(self.cfg, sock, address, listener.getsockname())
        conn.data_ready = True  # no thread has it before it says something
        conn.timeout = time.monotonic() + max(self.cfg.keepalive, DEFAULT_WORKER_DATA_TIMEOUT)
        with self._counting:
            self.nr_conns += 1
        self._waiting[sock.fileno()] = conn
        self._calls.register(sock.fileno(), _ONCE)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Keep places free for new callers, as gthread does: it counts a list of its own, which is empty here."""
        if self.nr_conns > self.max_keepalived:
            req.force_close()
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether the connection can be used again: what nobody read of a call is read away, as gthread does.

        Most calls have no body, or were read to their end; and nothing of one is looked for again before the next.
        The answer has said that the connection goes on, so more is read away than gthread's 64 KB: who is called next by
        a proxy on a connection that ends then may be somebody else, and is not asked again.
        """
        if not keepalive:
            return False
        call = conn.parser.mesg
        goes_on = _is_over(call.body) or read_away(conn)
        if goes_on and not call.should_close():
            conn.parser.mesg = None
        return bool(goes_on)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that waited too long, or all."""
        now = time.monotonic()
        if not force and now < self._looked_at + _AGES_SECONDS:
            return
        self._looked_at = now
        for number, seen in self._waiting.copy().items():  # copied in one step; a list of pairs is not
            if not force and seen.timeout > now:
                continue
            conn = self._waiting.pop(number, None)
            if conn is None:
                continue  # it has just said something
            if not force and conn.timeout > now:
                self._wait(conn)  # it has even been answered meanwhile
            else:
                self._close(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in list(self._waiting.values()):
            conn.timeout = min(conn.timeout, deadline)

    def _serve(self) -> None:
        """What each thread does: wait for a call, answer it, and wait again."""
        while not self._ended:
            for number, _ in self._calls.poll(_LOOK_UP_SECONDS, 1):
                conn = self._waiting.pop(number, None)
                if conn is not None:
                    self._answer(conn)

    def _answer(self, conn: Any) -> None:
        goes_on = True
        try:
            while goes_on:
                goes_on = self.handle(conn)
                if not goes_on or not conn.parser.unreader.buf.getvalue():
                    break  # else: what was read of the next call makes the socket say nothing again
            if goes_on:
                conn.set_timeout()
                if not self.alive:
                    conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
                self._wait(conn)
        except BaseException:  # a thread that ends here would be missing until the worker is renewed
            self.log.exception("Error serving a connection")
            goes_on = False
        if not goes_on:
            self._close(conn, graceful=True)

    def _wait(self, conn: Any) -> None:
        """Let a connection wait for its next call; first known, then armed, so that nobody hears of an unknown one."""
        number = conn.sock.fileno()
        self._waiting[number] = conn
        self._calls.modify(number, _ONCE)

    def _close(self, conn: Any, *, graceful: bool = False) -> None:
        try:
            # Closing is enough, unless a child that was forked meanwhile has the socket too; then its number would go on
            # to be heard of, in the name of the next connection that has it.
            with suppress(OSError, ValueError):  # where gunicorn has closed it already
                self._calls.unregister(conn.sock.fileno())
            conn.close(graceful=graceful)
        except OSError as error:
            self.log.debug("closing a connection: %s", error)
        finally:
            with self._counting:
                self.nr_conns -= 1
        if not self.alive:
            self.method_queue.defer(lambda: None)  # the loop that waits for the last one looks again
