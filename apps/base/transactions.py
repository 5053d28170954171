"""Words for transactions: who demands one, and how a broken constraint becomes a polite refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from apps.base import planned
from mall.errors import ShopError

# Sums over all orders take longer than any page may.
_PATIENCE: Final = (
    "SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'"
)
# How long who is in a hurry waits for a lock, and for a statement.
_LOCK_MS: Final = 1500
_STATEMENT_MS: Final = 2500
_HURRY: Final = "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
# ``hurried`` for a transaction whose first statement reads one row: two columns of that, which say nothing.
HURRY: Final = (
    f"set_config('lock_timeout', '{_LOCK_MS}ms', true),"
    f" set_config('statement_timeout', '{_STATEMENT_MS}ms', true)"
)
_HURRY_ALONE: Final = (
    f"SET LOCAL lock_timeout = '{_LOCK_MS}ms'; SET LOCAL statement_timeout = '{_STATEMENT_MS}ms';"
)


class NoTransaction(RuntimeError):
    """A programming error: this may only be called inside a transaction, or only outside of one."""


def require() -> None:
    """Refuse to go on outside a transaction."""
    if not connection.in_atomic_block:
        raise NoTransaction("must be called inside transaction.atomic()")


def forbid(what: str) -> None:
    """Refuse to go on inside a transaction that we opened: ``what`` waits for somebody else's machine.

    The test suite wraps every test in a transaction of its own; that one is not ours and does not count.
    """
    ours = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if ours:
        raise NoTransaction(f"{what} must not happen inside a transaction")


@contextmanager
def refine(errors: Mapping[str, ShopError | type[ShopError]], *, savepoint: bool = True) -> Iterator[None]:
    """Turn a violation of a named constraint into its named error; other violations stay what they are.

    The database is the judge, this is the interpreter. Runs in a savepoint, so that the transaction around it stays
    usable; without one, for whoever lets the error end that transaction too, it costs two statements less.
    """
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
    except IntegrityError as broken:
        diagnosis = getattr(broken.__cause__, "diag", None)
        refusal = errors.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal from broken


@contextmanager
def hurried(*, lock_ms: int = _LOCK_MS, statement_ms: int = _STATEMENT_MS) -> Iterator[None]:
    """A transaction for somebody who will not wait long: locks and statements give up early.

    WeChat expects an answer within 5 s; an OperationalError after ``lock_ms`` is a better one than none.
    """
    with transaction.atomic():
        planned.rows(_HURRY, [f"{lock_ms}ms", f"{statement_ms}ms"])
        yield


def hurried_alone(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement that gives up as early as ``hurried`` does, and is a transaction of its own.

    Several statements in one message are one transaction to PostgreSQL: one trip instead of four.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{_HURRY_ALONE}{text}", values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@contextmanager
def patient() -> Iterator[None]:
    """A transaction of the clock's or an operator's that goes over very many rows: each statement may take ten minutes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
        yield
