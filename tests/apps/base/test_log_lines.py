"""Log lines for people have colours in a terminal and nowhere else; the line of a request is one like all others."""

from __future__ import annotations

import io
import json
import re

import pytest
import structlog

from apps.base import logs
from config.logs import for_people


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def line(stream: io.StringIO) -> str:
    return str(for_people(stream)(None, "info", {"event": "order placed", "level": "info"}))


def test_a_log_that_is_no_terminal_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in line(io.StringIO())
    assert "\x1b" in line(Terminal())


def test_whoever_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in line(Terminal())


def test_the_line_of_a_request_is_what_structlog_would_write(log_lines: io.StringIO) -> None:
    path = "/api/v1/members/13812345678/" + "x" * 300
    said = {"method": "GET", "status": 200}
    structlog.contextvars.bind_contextvars(request_id="r-1")
    try:
        structlog.get_logger("apps.base.middleware").info("request", path=path[:200], duration_ms=12, **said)
    finally:
        structlog.contextvars.clear_contextvars()
    logs.tell_request(method="GET", path=path, status=200, seconds=0.0123, request_id="r-1")
    expected, line = (json.loads(text) for text in log_lines.getvalue().splitlines())
    when = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
    assert when.fullmatch(line.pop("timestamp"))
    assert when.fullmatch(expected.pop("timestamp"))
    assert line == expected
    assert "138****5678" in line["path"]
