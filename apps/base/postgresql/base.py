"""The database backend: Django's own, but for how a connection is looked at, for statements that are planned once, and for
transactions that begin in one message with the first of these, or end in one with the last.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from django.db.backends.postgresql import base
from django.db.transaction import TransactionManagementError
from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import DuplicatePreparedStatement, FeatureNotSupported, InvalidSqlStatementName
from psycopg2.extensions import STATUS_READY, TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

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
    # Those of them that a migration has outdated, which it has to forget before it plans anew.
    _outdated: set[str]
    _plans = True
    # All planned statements are sent, and read to their end, by this one.
    _reader: Any = None
    # Whether the open transaction was begun by us: the driver, which sends BEGIN as a message of its own, knows of none.
    _opened = False
    # What goes with the open transaction's COMMIT, in one message: a planned statement with its values.
    _last: tuple[Any, Sequence[Any]] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._planned, self._outdated = set(), set()
        self._opened, self._last = False, None
        return super().get_new_connection(conn_params)

    def _commit(self) -> None:
        self._end("COMMIT") if self._opened else super()._commit()  # type: ignore[misc]  # not in the stubs

    def _rollback(self) -> None:
        self._end("ROLLBACK") if self._opened else super()._rollback()  # type: ignore[misc]  # likewise

    def _end(self, word: str) -> None:
        last, self._last = self._last if word == "COMMIT" else None, None
        if self.connection is None:
            self._opened = False
            return
        with self.wrap_database_errors:
            try:
                with self.connection.cursor() as cursor:
                    if last is None:
                        cursor.execute(word)
                    else:
                        cursor.execute(f"{last[0].execute}; {word}", last[1])
            except (DuplicatePreparedStatement, InvalidSqlStatementName) as error:
                self._plan_no_more(error)
                raise
            finally:
                self._ended()

    def _ended(self) -> None:
        """Let the driver begin the next transaction; what went with COMMIT and broke it leaves us one to roll back."""
        if self.connection.closed:
            self._opened = False
        elif self.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
            self._opened = False
            self.connection.autocommit = self.autocommit

    def chunked_cursor(self) -> Any:
        """A cursor that reads piece by piece; all at once where the driver knows nothing of the open transaction."""
        return self.cursor() if self._opened else super().chunked_cursor()

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

    def planned_rows(
        self, statement: Any, values: Sequence[Any], *, ahead: tuple[Any, Sequence[Any]] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a ``base.planned.Planned`` for these values.

        The server plans it once for this connection. It is sent as it stands, by Django's cursor, where somebody counts
        or wraps statements, and where a pooler shares the connection (DATABASE_POOLED). Outside a transaction it only
        reads, so a connection that has died is found out by it, and it is sent again on a new one. ``ahead`` is another
        statement with its values, whose rows nobody asks for: it is run before, in the same message where that can be.
        Raises TransactionManagementError for that outside a transaction, where one of both might be lost.
        """
        if ahead is not None:
            ahead = self._in_one_message(ahead, statement)
        if self._is_watched() or not self._may_plan() or not all(map(_fits, values)):
            return self._plain_rows(statement, values)
        if self.connection is None:
            self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            try:
                return self._run(statement, values, ahead)
            except (DuplicatePreparedStatement, InvalidSqlStatementName) as error:
                self._plan_no_more(error)
                if self.in_atomic_block:
                    raise
            except FeatureNotSupported:
                # A migration has changed what the statement answers; it is planned anew the next time.
                outdated = {each.name for each in (statement, *(ahead or ())[:1])}
                self._planned -= outdated
                self._outdated |= outdated
                if self.in_atomic_block:
                    raise
            except (OperationalError, InterfaceError):
                if self.in_atomic_block or not self.connection.closed:
                    raise
                self.close()
        return self._plain_rows(statement, values)

    def planned_last(self, statement: Any, values: Sequence[Any]) -> None:
        """Run a ``base.planned.Planned`` as the last statement of the open transaction, in one message with its COMMIT.

        What it says no to comes out of COMMIT then. Where they cannot be one message (within a savepoint or a transaction
        that began otherwise, before the server has planned it, and where nothing is planned) it is run at once.
        Raises TransactionManagementError outside a transaction, and in one that can only be rolled back.
        """
        if not self.in_atomic_block:
            raise TransactionManagementError("there is no transaction whose last statement this could be")
        self.validate_no_broken_transaction()
        if (
            self._opened
            and self._last is None
            and not self.savepoint_ids
            and not self._is_watched()
            and self._may_plan()
            and statement.name in self._planned
            and all(map(_fits, values))
        ):
            self._last = statement, values
        else:
            self.planned_rows(statement, values)

    def _run(
        self, statement: Any, values: Sequence[Any], ahead: tuple[Any, Sequence[Any]] | None
    ) -> list[tuple[Any, ...]]:
        cursor = self._reader
        if cursor is None or cursor.connection is not self.connection:
            cursor = self._reader = self.connection.cursor()
            cursor.tzinfo_factory = self.tzinfo_factory
        if statement.name not in self._planned:
            if statement.name in self._outdated:
                cursor.execute(f"DEALLOCATE {statement.name}")
                self._outdated.discard(statement.name)
            cursor.execute(statement.prepare)
            self._planned.add(statement.name)
        text = statement.execute
        if ahead is not None:
            text, values = f"{ahead[0].execute}; {text}", [*ahead[1], *values]
        if not self.connection.autocommit and self.connection.status == STATUS_READY:
            # Nothing was sent in this transaction yet.
            with self._opening():
                cursor.execute(f"BEGIN; {text}", values)
        else:
            cursor.execute(text, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Have a message that starts with BEGIN be sent as it stands; where it failed before that, nothing has begun.

        Then the next statement begins the transaction as any other does: else it would be committed by itself.
        """
        self.connection.autocommit = self._opened = True
        try:
            yield
        finally:
            if not self.connection.closed and (
                self.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
            ):
                self.connection.autocommit = self._opened = False

    def _in_one_message(
        self, ahead: tuple[Any, Sequence[Any]], statement: Any
    ) -> tuple[Any, Sequence[Any]] | None:
        """What is to go ahead of a statement; None where it cannot be in the same message, and was run by itself.

        That takes that the server has planned both for this connection, and nobody wants to see them one by one.
        """
        if not self.in_atomic_block:
            raise TransactionManagementError("what goes ahead of a statement belongs into its transaction")
        if (
            self.connection is not None
            and not self._is_watched()
            and self._may_plan()
            and {ahead[0].name, statement.name} <= self._planned
            and all(map(_fits, ahead[1]))
        ):
            return ahead
        self.planned_rows(*ahead)
        return None

    def _is_watched(self) -> bool:
        """Whether somebody counts or wraps what Django's cursor sends."""
        return bool(self.queries_logged or self.execute_wrappers)

    def _may_plan(self) -> bool:
        return self._plans and not self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")

    def _plan_no_more(self, error: Exception) -> None:
        """Somebody shares the server's side of this connection without having told us."""
        self._plans = False
        log.warning("statements_not_planned", error=type(error).__name__)

    def _plain_rows(self, statement: Any, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(statement.plain, {f"p{number}": value for number, value in enumerate(values, 1)})
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows
