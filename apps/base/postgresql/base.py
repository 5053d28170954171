"""The database backend: Django's own, but for how a connection is looked at and for statements that are planned once."""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any

import structlog
from django.db.backends.postgresql import base
from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import DuplicatePreparedStatement, FeatureNotSupported, InvalidSqlStatementName
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

log = structlog.get_logger(__name__)


_MOST = 2**63


def _fits(value: Any) -> bool:
    """Whether the server can take a value for a number of its own: a larger one equals no row's, which it has to say."""
    if type(value) is list:
        return all(map(_fits, value))
    return type(value) is not int or -_MOST <= value < _MOST


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, which looks at its socket and remembers what the server has planned for it."""

    # The names that the server knows on this connection. Behind a pooler that shares connections there are none.
    _planned: set[str]
    _plans = True
    # All planned statements are sent, and read to their end, by this one.
    _reader: Any = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._planned = set()
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Look at the socket before each request's first statement instead of sending ``SELECT 1``.

        A server (or PgBouncer) that went away has hung up, which makes the socket readable; an idle connection that
        lives has nothing to say. Only where there is something to read is the server asked as Django does. A server
        that vanished without a word is found neither way before the statement's time-out.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return bool(super().is_usable()) if waiting.poll(0) else True

    def planned_rows(self, statement: Any, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a ``base.planned.Planned`` for these values.

        The server plans it once for this connection. It is sent as it stands, by Django's cursor, where somebody counts
        or wraps statements, and where a pooler shares the connection (DATABASE_POOLED). Outside a transaction it only
        reads, so a connection that has died is found out by it, and it is sent again on a new one.
        """
        if (
            self.queries_logged
            or self.execute_wrappers
            or not self._may_plan()
            or not all(map(_fits, values))
        ):
            return self._plain_rows(statement, values)
        if self.connection is None:
            self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            try:
                return self._run(statement, values)
            except (DuplicatePreparedStatement, InvalidSqlStatementName) as error:
                # Somebody shares the server's side of this connection without having told us.
                self._plans = False
                log.warning("statements_not_planned", error=type(error).__name__)
                if self.in_atomic_block:
                    raise
            except FeatureNotSupported:
                # A migration has changed what the statement answers; it is planned anew the next time.
                self._planned.discard(statement.name)
                if self.in_atomic_block:
                    raise
                with self.connection.cursor() as cursor:
                    cursor.execute(f"DEALLOCATE {statement.name}")
            except (OperationalError, InterfaceError):
                if self.in_atomic_block or not self.connection.closed:
                    raise
                self.close()
        return self._plain_rows(statement, values)

    def _run(self, statement: Any, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = self._reader
        if cursor is None or cursor.connection is not self.connection:
            cursor = self._reader = self.connection.cursor()
            cursor.tzinfo_factory = self.tzinfo_factory
        if statement.name not in self._planned:
            cursor.execute(statement.prepare)
            self._planned.add(statement.name)
        cursor.execute(statement.execute, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def _may_plan(self) -> bool:
        return self._plans and not self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")

    def _plain_rows(self, statement: Any, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(statement.plain, {f"p{number}": value for number, value in enumerate(values, 1)})
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows
