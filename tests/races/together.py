"""Starts calls at the same moment, each in a thread with a connection of its own, and counts how they ended."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from mall.errors import ShopError


def at_once(calls: Iterable[Callable[[], object]]) -> Counter[str]:
    """Start all calls together, each in a transaction of its own; count "done" and the names of errors."""
    waiting = list(calls)
    gate = threading.Barrier(len(waiting))

    def run(call: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            gate.wait()
            with transaction.atomic():
                call()
            return "done"
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return Counter(pool.map(run, waiting))


def all_answers(calls: Sequence[Callable[[], str]]) -> Counter[str]:
    """Start every call at the same moment, in whatever transactions it opens; count what they answer."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], str]) -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # connect before the race
            start.wait(timeout=30)
            return call()
        except ShopError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return Counter(threads.map(run, calls))
