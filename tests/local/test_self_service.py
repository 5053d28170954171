"""The threads of the web server take calls themselves: nobody waits for a caller who says nothing, and no call is lost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest


class Server:
    """A gunicorn with two threads that keeps idle connections for a second."""

    def __init__(self, log: Path, *more: str) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        command = [
            "--worker-class",
            "tests.local.answering.Hurried",
            "--threads",
            "2",
            "--keep-alive",
            "1",
            *more,
        ]
        command += ["--bind", f"fd://{self.listening.fileno()}", "tests.local.answering:application"]
        with log.open("w") as written:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *command],
                pass_fds=[self.listening.fileno()],
                env={**os.environ, "GUNICORN_CMD_ARGS": ""},
                stdout=written,
                stderr=written,
            )

    def connect(self) -> socket.socket:
        """A connection that fails after a while instead of waiting for ever."""
        return socket.create_connection(self.listening.getsockname(), timeout=20)


@contextmanager
def running(log: Path, *more: str) -> Iterator[Server]:
    server = Server(log, *more)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(20)
        server.listening.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests that do not stop it."""
    with running(tmp_path_factory.mktemp("web") / "log") as server:
        with server.connect() as caller:  # it is there when it has answered
            caller.sendall(call("/ready"))
            assert heard(caller, "/ready")
        yield server


def call(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()


def heard(caller: socket.socket, *paths: str) -> bool:
    """Whether the connection is answered for these paths, in this order."""
    said = b""
    for path in paths:
        while b"\r\n\r\n" + path.encode() not in said:
            part = caller.recv(65_536)
            if not part:
                return False
            said += part
        said = said.partition(b"\r\n\r\n" + path.encode())[2]
    return said == b""


def test_callers_who_say_nothing_keep_nobody_waiting(server: Server) -> None:
    with ExitStack() as silent, server.connect() as caller:
        for _ in range(10):
            silent.enter_context(server.connect())
        caller.settimeout(3)  # the silent ones are given up after five seconds
        caller.sendall(call("/first"))
        assert heard(caller, "/first")


def test_callers_who_stop_in_the_middle_of_a_call_keep_nobody_waiting_for_long(server: Server) -> None:
    with ExitStack() as stopped, server.connect() as caller:
        for began in (b"G", b"GET /half HTTP/1.1\r\nHost:", call("/whole") + b"GET /ha"):
            stopped.enter_context(server.connect()).sendall(began)
        caller.settimeout(5)  # there are two threads, and each waits a second for the rest
        caller.sendall(call("/after"))
        assert heard(caller, "/after")


def test_where_places_run_out_connections_end_with_their_answer(tmp_path: Path) -> None:
    with running(tmp_path / "log", "--worker-connections", "4") as server, ExitStack() as idle:
        for number in range(2):
            caller = idle.enter_context(server.connect())
            caller.sendall(call(f"/{number}"))
            assert heard(caller, f"/{number}")
        third = idle.enter_context(server.connect())
        third.sendall(call("/third"))
        assert b"connection: close" in third.recv(65_536).lower()


def test_calls_that_come_in_one_piece_are_all_answered(server: Server) -> None:
    with server.connect() as caller:
        caller.sendall(call("/one") + call("/two") + call("/three"))
        assert heard(caller, "/one", "/two", "/three")


def test_a_connection_is_answered_again_and_again(server: Server) -> None:
    with server.connect() as caller:
        for number in range(200):
            caller.sendall(call(f"/{number}"))
            assert heard(caller, f"/{number}")


def test_what_nobody_read_of_a_call_is_no_part_of_the_next(server: Server) -> None:
    said = b"GET /not-a-call HTTP/1.1\r\nHost: shop\r\n\r\n"
    head = "POST {} HTTP/1.1\r\nHost: shop\r\n{}\r\n\r\n"
    whole = head.format("/whole", f"Content-Length: {len(said)}").encode() + said
    chunked = head.format("/chunked", "Transfer-Encoding: chunked").encode()
    chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (len(said), said)
    with server.connect() as caller:
        for each, path in ((whole, "/whole"), (chunked, "/chunked"), (call("/next"), "/next")):
            caller.sendall(each)
            assert heard(caller, path)
        # The head alone at first, so that the body is on its way when the answer is there.
        caller.sendall(whole[: -len(said)])
        assert heard(caller, "/whole")
        caller.sendall(said + call("/after"))
        assert heard(caller, "/after")


@pytest.mark.parametrize("size", [60_000, 300_000, 3_000_000])
def test_a_connection_goes_on_behind_a_body_that_nobody_read(server: Server, size: int) -> None:
    """The answer has said that it does; who calls next may be somebody else, behind a proxy."""
    for _ in range(10):
        with server.connect() as caller:
            head = f"POST /unread HTTP/1.1\r\nHost: shop\r\nContent-Length: {size}\r\n\r\n"
            caller.sendall(head.encode() + b"x" * size)
            assert heard(caller, "/unread")
            caller.sendall(call("/next"))
            assert heard(caller, "/next")


def test_more_callers_than_threads_are_all_answered(server: Server) -> None:
    def ask(number: int) -> bool:
        with server.connect() as caller:
            caller.sendall(call("/slow"))
            return heard(caller, "/slow")

    with ThreadPoolExecutor(6) as callers:
        assert list(callers.map(ask, range(6))) == [True] * 6


def test_a_connection_without_a_call_is_closed_after_its_time(server: Server) -> None:
    with server.connect() as caller:
        caller.sendall(call("/once"))
        assert heard(caller, "/once")
        assert caller.recv(1) == b""


def test_a_call_that_ends_its_thread_takes_none_from_the_others(server: Server) -> None:
    for _ in range(4):
        with server.connect() as caller:
            caller.sendall(call("/ends"))
            while caller.recv(65_536):
                pass
    with server.connect() as caller:
        caller.sendall(call("/after"))
        assert heard(caller, "/after")


def test_a_call_under_way_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    with running(tmp_path / "log") as server, server.connect() as caller, server.connect() as idle:
        for connection in (caller, idle):
            connection.sendall(call("/ready"))
            assert heard(connection, "/ready")
        caller.sendall(call("/slow"))
        server.process.terminate()
        assert heard(caller, "/slow")
        assert server.process.wait(10) == 0
