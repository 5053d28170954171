"""Rows by COPY: one connection makes them of a SELECT, another takes them in, at once and on two cores."""

from __future__ import annotations

import os
import threading
from typing import Any

import psycopg2

# Foreign keys and versions are triggers: millions of rows that are right by their making are not asked one by one.
# Only a superuser may say so; anybody else waits for the triggers.
_WITHOUT_TRIGGERS = (
    "SELECT set_config('session_replication_role', 'replica', false)"
    "  FROM pg_roles WHERE rolname = current_user AND rolsuper"
)


def copied(url: str, table: str, columns: str, select: str, told: dict[str, Any]) -> int:
    """Copy what a SELECT answers into columns of a table and return how many rows that were.

    The SELECT sees what is committed, and names its values as psycopg2 does. Raises psycopg2.Error of either side.
    """
    read, write = os.pipe()
    failed: list[psycopg2.Error] = []
    source, target = psycopg2.connect(url), psycopg2.connect(url)

    def made() -> None:
        with os.fdopen(write, "wb") as out, source.cursor() as cursor:
            try:
                cursor.copy_expert(f"COPY ({cursor.mogrify(select, told).decode()}) TO STDOUT", out)
            except psycopg2.Error as error:
                failed.append(error)

    maker = threading.Thread(target=made)
    maker.start()
    try:
        with os.fdopen(read, "rb") as rows, target, target.cursor() as cursor:
            cursor.execute(_WITHOUT_TRIGGERS)
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", rows)
            count = cursor.rowcount
            maker.join()
            if failed:
                raise failed[0]  # before the commit: half a table is no table
    finally:
        maker.join()
        source.close()
        target.close()
    return count
