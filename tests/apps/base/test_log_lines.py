"""Log lines for people have colours in a terminal and nowhere else."""

from __future__ import annotations

import io

import pytest

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
