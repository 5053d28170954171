"""Settlement: commissions whose after-sales window is over become available, thousands in a statement.

A batch locks the accounts it can get, then moves what is due of them; what was left out is due still. Stopping between
two batches loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.distribution.states import COMMISSION_LIFECYCLE, EntryKind

BATCH: Final = 2_000

_ACCOUNTS: Final = """
    SELECT account.promoter_id FROM distribution_account account
     WHERE account.promoter_id IN (
           SELECT due.promoter_id FROM distribution_commission due
            WHERE due.status = 'FROZEN' AND NOT due.held AND due.of_id IS NULL AND due.due_at <= %(at)s
            ORDER BY due.due_at, due.id LIMIT %(limit)s)
     ORDER BY account.promoter_id FOR NO KEY UPDATE SKIP LOCKED
"""
# What is owed is paid by the earliest first; take-backs go along with what they were taken of.
_SETTLE: Final = """
    WITH due AS MATERIALIZED (
        SELECT c.id, c.promoter_id, c.business_key, c.amount_fen - c.taken_back_fen AS left_fen
          FROM distribution_commission c
         WHERE c.promoter_id = ANY(%(promoters)s::bigint[]) AND c.status = 'FROZEN' AND NOT c.held
           AND c.of_id IS NULL AND c.due_at <= %(at)s
         ORDER BY c.due_at, c.id LIMIT %(limit)s
    ), shares AS MATERIALIZED (
        SELECT due.*, GREATEST(0, LEAST(due.left_fen, account.debt_fen - (SUM(due.left_fen) OVER earlier
                                                                          - due.left_fen))) AS pays_fen
          FROM due JOIN distribution_account account USING (promoter_id)
        WINDOW earlier AS (PARTITION BY due.promoter_id ORDER BY due.id)
    ), moved AS (
        UPDATE distribution_commission c SET status = %(target)s, available_at = %(at)s
          FROM due WHERE c.id = due.id
    ), along AS (
        UPDATE distribution_commission c SET status = %(target)s, available_at = %(at)s
          FROM due WHERE c.of_id = due.id AND c.status = 'FROZEN'
    ), booked AS (
        INSERT INTO distribution_entry (account_id, kind, frozen_change_fen, available_change_fen, debt_change_fen,
               business_key, commission_id, at)
        SELECT promoter_id, %(kind)s, -left_fen, left_fen - pays_fen, -pays_fen, business_key || ':settle', id, %(at)s
          FROM shares ORDER BY id
    ), summed AS (
        UPDATE distribution_account account
           SET frozen_fen = account.frozen_fen - more.left_fen, debt_fen = account.debt_fen - more.pays_fen,
               available_fen = account.available_fen + more.left_fen - more.pays_fen
          FROM (SELECT promoter_id, SUM(left_fen) AS left_fen, SUM(pays_fen) AS pays_fen
                  FROM shares GROUP BY promoter_id) more
         WHERE account.promoter_id = more.promoter_id
    )
    SELECT COUNT(*) FROM due
"""


def settle_due(
    *,
    at: datetime,
    limit: int = 200_000,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Make what is due available, ``batch`` by ``batch``, each in its own transaction; return how many commissions.

    ``progress`` is told after each batch how many there were so far. Safe side by side and again.
    """
    settled = 0
    while settled < limit:
        with transaction.atomic():
            promoters = _locked(at=at, limit=batch)
            moved = settle_of(promoter_ids=promoters, limit=batch, at=at)
        if not moved:
            break
        settled += moved
        if progress is not None:
            progress(settled)
    return settled


def settle_of(*, promoter_ids: Sequence[int], limit: int = BATCH, at: datetime) -> int:
    """Make what is due of these promoters available, whose accounts are locked; return how many commissions."""
    if not promoter_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "promoters": list(promoter_ids),
                "limit": limit,
                "at": at,
                "target": COMMISSION_LIFECYCLE.moves["settle"].target,
                "kind": EntryKind.SETTLE.value,
            },
        )
        return int(cursor.fetchone()[0])


def _locked(*, at: datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"at": at, "limit": limit})
        return [row[0] for row in cursor.fetchall()]
