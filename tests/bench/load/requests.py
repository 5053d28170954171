"""Whole requests as bytes, as the load sends them, and the statements that one of them makes."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.bench.load.drive import Load, Refused


def get(path: str, token: str = "", *, cookie: str = "") -> bytes:
    """A GET, by whom the token says, or with an operator's cookie."""
    more = f"Authorization: Bearer {token}\r\n" if token else ""
    more += f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode()


def post(path: str, body: dict[str, Any], token: str = "", *, key: str = "") -> bytes:
    """A POST of JSON, with an Idempotency-Key where one is given."""
    said = orjson.dumps(body)
    more = f"Authorization: Bearer {token}\r\n" if token else ""
    more += f"Idempotency-Key: {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}"
        f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    )
    return head.encode() + said


def statements(load: Load, first: int) -> int:
    """How many statements a request makes in this process; BEGIN and COMMIT do not count.

    The one of number ``first`` is asked before, so that what is kept of all of them is there; the next one counts.
    Raises Refused for an answer that the load does not expect.
    """
    _asked(load, first)
    with CaptureQueriesContext(connection) as seen:
        _asked(load, first + 1)
    return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in seen)


def _asked(load: Load, number: int) -> None:
    head, _, body = load.request(number).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    answer = Client().generic(
        method, path, body, headers.get("Content-Type", "application/octet-stream"), headers=headers
    )
    if not str(answer.status_code).encode().startswith(load.statuses):
        raise Refused(f"{path}: {answer.status_code} {answer.content.decode()[:300]}")
