"""What our connection sends to PostgreSQL, message by message, as long as nobody counts statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg2 import extensions


@contextmanager
def messages() -> Iterator[list[list[str]]]:
    """The first words of the statements of each message that our connection sends meanwhile."""
    sent: list[list[str]] = []

    class Overheard(extensions.cursor):
        def execute(self, query: Any, values: Any = None) -> None:
            sent.append([part.split()[0] for part in str(query).split("; ")])
            super().execute(query, values)

    driver = connection.connection
    usual, driver.cursor_factory = driver.cursor_factory, Overheard
    connection._reader = None
    try:
        yield sent
    finally:
        driver.cursor_factory = usual
        connection._reader = None
