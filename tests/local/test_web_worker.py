"""What the web server refuses by itself comes in the contract's error form too."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

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
    ],
)
def test_a_search_longer_than_a_request_may_be_is_refused_in_the_contracts_form(
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
