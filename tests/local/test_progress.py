"""What `make demo` shows while it prepares: one line that rewrites itself in a terminal, some lines elsewhere."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from config.local import progress
from config.local.places import Problem


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(out: io.StringIO, *lines: tuple[float, str]) -> str:
    display = progress.Shown(out)
    for at, line in lines:
        display.take(line, at=at)
    display.end()
    return out.getvalue()


def test_a_terminal_sees_each_step_on_one_line_that_is_gone_at_the_end() -> None:
    told = shown(Terminal(), (0.0, "products 1/37: 手工茶杯"), (0.1, "products 2/37: 茶壶"))
    assert told == "\r\x1b[K  products 1 of 37: 手工茶杯\r\x1b[K  products 2 of 37: 茶壶\r\x1b[K"


def test_a_log_gets_the_first_and_the_last_of_a_kind_and_one_every_five_seconds() -> None:
    steps = [(n * 1.0, f"tables {n}/14: orders.{n:04}") for n in range(1, 15)]
    told = shown(io.StringIO(), *steps, (14.5, "terms 1/9: levels"))
    assert told.splitlines() == [
        "  tables 1 of 14",
        "  tables 6 of 14",
        "  tables 11 of 14",
        "  tables 14 of 14",
        "  terms 1 of 9",
    ]


def test_whatever_is_no_step_stays_in_the_log() -> None:
    assert shown(io.StringIO(), (0.0, "The demo shop has 37 products; 37 of them are new.")) == ""
    assert shown(Terminal(), (0.0, "admin")) == ""


def test_what_a_command_printed_is_kept_and_returned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", "print('things 1/1: a'); print('admin')"]
    log = tmp_path / "prepare.log"
    assert progress.run(command, environ=os.environ, log=log, within=60) == "things 1/1: a\nadmin\n"
    assert log.read_text() == "things 1/1: a\nadmin\n"
    assert capsys.readouterr().out == "  things 1 of 1\n"


def test_a_command_that_fails_says_how_it_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with pytest.raises(Problem, match="failed:\nno room"):
        progress.run(command, environ=os.environ, log=tmp_path / "prepare.log", within=60)


def test_a_command_that_never_ends_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with pytest.raises(Problem, match="took longer than 0 seconds"):
        progress.run(command, environ=os.environ, log=tmp_path / "prepare.log", within=0.1)
