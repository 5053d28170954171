"""Rows that stand for all tests of a module: written once, in a transaction around the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def standing(blocker: Any) -> Iterator[None]:
    """For a fixture of a module without tests that commit: what is written inside is seen by each of its tests.

    Each test has a savepoint of its own in this transaction, and leaves nothing to the next; after the last one all of
    it is undone. ``blocker`` is pytest-django's ``django_db_blocker``; ask for ``django_db_setup`` too.
    """
    around_all: Any = transaction.atomic()
    around_all._from_testcase = True  # as Django marks the transaction that it puts around a test
    with blocker.unblock(), around_all:
        yield
        transaction.set_rollback(True)
