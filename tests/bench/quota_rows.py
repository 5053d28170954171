"""One guarded row against a row for each unit (``FOR UPDATE SKIP LOCKED``): the figures of ADR 0027.

``python -m tests.bench.quota_rows`` in an environment with DATABASE_URL makes two tables of its own, lets clients take
units from each, and prints how many a second; it drops them again. Between taking and committing each client makes the
statements that an order has left at that point (``--after``), since the lock of the one row is held so long.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2

_TABLES = """
    DROP TABLE IF EXISTS bench_row, bench_unit, bench_other;
    CREATE TABLE bench_row (id int PRIMARY KEY, quota int, taken int CHECK (taken <= quota));
    CREATE TABLE bench_unit (id serial PRIMARY KEY, good int, order_no text);
    CREATE INDEX ON bench_unit (good) WHERE order_no IS NULL;
    CREATE TABLE bench_other (id bigserial PRIMARY KEY, order_no text);
"""
_GUARDED = "UPDATE bench_row SET taken = taken + 1 WHERE id = 1 AND taken < quota"
_SKIPPING = """
    UPDATE bench_unit SET order_no = %s WHERE id = (
        SELECT id FROM bench_unit WHERE good = 1 AND order_no IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED)
"""


def main() -> None:
    """Measure both, at each number of clients, and after units ran out."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--units", type=int, default=2000)
    asked.add_argument("--before", type=int, default=12, help="statements of an order before it takes a unit")
    asked.add_argument("--after", type=int, default=3, help="statements between taking and committing")
    said = asked.parse_args()
    for clients in (1, 8, 32):
        for name, take in (("one guarded row", _guarded), ("a row a unit", _skipping)):
            _fill(said.units)
            sold, seconds = _rush(
                take, clients=clients, calls=said.units, before=said.before, after=said.after
            )
            refused, late = _rush(take, clients=clients, calls=said.units, before=0, after=0)
            print(
                f"{clients:>3} clients, {name:<15}: {sold / seconds:>6.0f} orders/s ({sold} of {said.units} sold),"
                f" sold out {said.units / late:>6.0f} refusals/s ({refused} sold)"
            )
    _do("DROP TABLE bench_row, bench_unit, bench_other")


def _guarded(cursor: Any, order_no: str) -> bool:
    cursor.execute(_GUARDED)
    return bool(cursor.rowcount)


def _skipping(cursor: Any, order_no: str) -> bool:
    cursor.execute(_SKIPPING, [order_no])
    return bool(cursor.rowcount)


def _fill(units: int) -> None:
    _do(_TABLES)
    _do("INSERT INTO bench_row VALUES (1, %s, 0)", units)
    _do("INSERT INTO bench_unit (good) SELECT 1 FROM generate_series(1, %s)", units)
    _do("ANALYZE bench_unit")


def _do(statement: str, *values: int) -> None:
    db = psycopg2.connect(os.environ["DATABASE_URL"])
    with db, db.cursor() as cursor:
        cursor.execute(statement, values or None)
    db.close()


def _rush(
    take: Callable[[Any, str], bool], *, clients: int, calls: int, before: int, after: int
) -> tuple[int, float]:
    """How many units were taken, and in how many seconds."""
    sold = [0] * clients
    start = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        db = psycopg2.connect(os.environ["DATABASE_URL"])
        start.wait()
        for call in range(calls // clients):
            with db, db.cursor() as cursor:
                _write(cursor, before, f"{number}-{call}")
                if take(cursor, f"{number}-{call}"):
                    sold[number] += 1
                    _write(cursor, after, f"{number}-{call}")
        db.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    return sum(sold), time.perf_counter() - begun


def _write(cursor: Any, times: int, order_no: str) -> None:
    for _ in range(times):
        cursor.execute("INSERT INTO bench_other (order_no) VALUES (%s)", [order_no])


if __name__ == "__main__":
    main()
