"""Another connection to the same database: what others see, and who hangs up on ours."""

from __future__ import annotations

from typing import Any

import psycopg2
from django.db import connection


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What another connection is answered, which is closed then."""
    dsn = connection.get_connection_params()
    other = psycopg2.connect(**{name: dsn[name] for name in ("dbname", "host", "port", "user", "password")})
    with other, other.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    other.close()
    return found


def kill_ours() -> None:
    """End the server's side of our connection, and wait until it has ended."""
    rows("SELECT pg_terminate_backend(%s, 5000)", connection.connection.info.backend_pid)
