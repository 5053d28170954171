"""Databases of the measure's own, beside the one that the environment names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2


@contextmanager
def made(url: str, name: str) -> Iterator[str]:
    """A new database beside the one that the URL names, gone afterwards."""

    def run(*statements: str) -> None:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()

    run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
