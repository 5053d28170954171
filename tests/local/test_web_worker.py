"""What the web server refuses by itself comes in the contract's error form too."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http.errors import (
    InvalidChunkSize,
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    LimitRequestLine,
)

from config.deploy.web_worker import Gathered, ShopWorker


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (LimitRequestLine(10_000, 8_190), b"HTTP/1.1 414 URI Too Long", "uri_too_long"),
        (
            LimitRequestHeaders("too many"),
            b"HTTP/1.1 431 Request Header Fields Too Large",
            "headers_too_large",
        ),
        (
            InvalidRequestLine("GET /api/v1/products?q=\xe8\x8c\xb6 HTTP/1.1"),
            b"HTTP/1.1 400 Bad Request",
            "invalid",
        ),
        (InvalidHeader("Bearer \x01"), b"HTTP/1.1 400 Bad Request", "invalid"),
        (InvalidChunkSize(b"x"), b"HTTP/1.1 400 Bad Request", "invalid"),
    ],
)
def test_what_is_no_request_or_a_longer_one_than_may_be_is_refused_in_the_contracts_form(
    refusal: Exception, status: bytes, code: str
) -> None:
    worker: Any = object.__new__(ShopWorker)
    worker.log = SimpleNamespace(warning=lambda *_: None, debug=lambda *_: None)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker.handle_error(None, ours, None, refusal)
        head, body = theirs.recv(65_536).split(b"\r\n\r\n")
    assert head.startswith(status)
    assert f"Content-Length: {len(body)}".encode() in head
    answered = json.loads(body)
    assert set(answered) == {"code", "message", "details", "request_id"}
    assert answered["code"] == code


@contextmanager
def server(worker: str, log: Path) -> Iterator[tuple[str, int]]:
    """A gunicorn whose application refuses everything unread; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("w") as written:
        command = ["-m", "gunicorn", "--worker-class", worker, "--threads", "2"]
        command += ["--bind", f"fd://{listening.fileno()}", "tests.local.refusing:application"]
        running = subprocess.Popen(
            [sys.executable, *command],
            pass_fds=[listening.fileno()],
            env={**os.environ, "GUNICORN_CMD_ARGS": ""},
            stdout=written,
            stderr=written,
        )
        try:
            yield listening.getsockname()
        finally:
            running.terminate()
            running.wait(20)


def said_to(address: tuple[str, int], size: int) -> bytes:
    """What a caller hears who sends a body of so many bytes to its end and only then reads."""
    with socket.create_connection(address, timeout=30) as caller:
        head = f"POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
        caller.sendall(head.encode())
        caller.sendall(b"x" * size)
        heard = b""
        while part := caller.recv(65_536):
            heard += part
        return heard


def test_a_body_over_the_limit_is_answered_413_and_never_cut_off(tmp_path: Path) -> None:
    with server("config.deploy.web_worker.ShopWorker", tmp_path / "log") as address:
        for size in (100_000, 3_000_000, 20_000_000):
            heard = said_to(address, size)
            assert (size, heard[:12], heard.endswith(b'"too_large"}')) == (size, b"HTTP/1.1 413", True)


def test_gunicorns_own_worker_would_cut_it_off(tmp_path: Path) -> None:
    with server("gthread", tmp_path / "log") as address, pytest.raises(ConnectionError):
        said_to(address, 20_000_000)


def test_the_head_of_an_answer_goes_with_the_first_piece_of_its_body() -> None:
    sent: list[bytes] = []
    sock: Any = SimpleNamespace(sendall=sent.append, fileno=lambda: sent.append(b"asked") or 7)
    whole = Gathered(sock)
    for piece in (b"head", b"one", b"two"):
        whole.sendall(piece)
    whole.flush()
    assert sent == [b"headone", b"two"]
    sent.clear()
    empty = Gathered(sock)
    empty.sendall(b"head")
    empty.flush()
    assert sent == [b"head"]
    sent.clear()
    # A file is sent by the number of the socket, behind gunicorn's back.
    of_a_file = Gathered(sock)
    of_a_file.sendall(b"head")
    assert of_a_file.fileno() == 7
    of_a_file.sendall(b"more")
    assert sent == [b"head", b"asked", b"more"]
