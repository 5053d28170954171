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
from django.db import connection

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


def waiting_for_a_lock() -> bool:
    """Whether a connection of this database waits for another one's lock at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


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
