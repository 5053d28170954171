"""Posts the demo shop's past into the double-entry books, as the clock would have done day by day."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.models import CostRate
from apps.books.services import journal, rates


def fill(*, at: datetime) -> None:
    """Say what sending costs, if nobody did, and close every day up to yesterday. Not inside a transaction."""
    first = journal_facts.next_to_close()
    if first is None:
        return
    if not CostRate.objects.exists():
        before = days.day_window(first)[0] - timedelta(days=1)
        rates.save(
            rates.opened(since=first, postage_fen=450, packing_fen=120, insurance_fen=60, fee_bp=60),
            at=before,
        )
    today = days.shop_day(at)
    while (journal_facts.next_to_close() or today) < today:
        journal.post_due(at=at)
    journal.post_due(at=at)
