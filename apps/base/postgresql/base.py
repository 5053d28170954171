"""The database backend: Django's own but for one question."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_INERROR


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks at the socket before each request's first statement instead of sending ``SELECT 1``.

    A server (or PgBouncer) that went away has hung up, which makes the socket readable; an idle connection that lives
    has nothing to say. Only where there is something to read is the server asked as Django does. A server that
    vanished without a word is found neither way before the statement's time-out.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return bool(super().is_usable()) if waiting.poll(0) else True
