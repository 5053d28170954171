"""What the races of activities share: how many rounds they run, what is whole afterwards, and who waits for whom."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command

FULL = os.environ.get("RACES") == "full"
ROUNDS = 20
HOUR = timedelta(hours=1)


def check_books() -> None:
    """What operators run at night: every count equals the rows below it."""
    for command in ("check_quotas", "check_groups", "check_refunds", "check_ledgers"):
        call_command(command, stdout=StringIO())


def report(line: str) -> None:
    """What `make races` prints of a round."""
    if FULL:
        sys.stderr.write(f"{line}\n")


def both_look_first(look: Callable[..., Any]) -> Callable[..., Any]:
    """A look that answers two threads when both have looked."""
    looked = threading.Barrier(2)

    def plain(*numbers: str, **of: Any) -> Any:
        seen = look(*numbers, **of)
        looked.wait(30)
        return seen

    return plain


def together_first(work: Callable[..., Any], *, threads: int) -> Callable[..., Any]:
    """Work that so many threads begin in one moment, each the first time that it comes to it."""
    arrived = threading.Barrier(threads)
    came = threading.local()

    def begin(*args: Any, **told: Any) -> Any:
        if not hasattr(came, "before"):
            came.before = True
            arrived.wait(30)
        return work(*args, **told)

    return begin
