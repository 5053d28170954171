"""Two sweeps post the books at the same moment: each happening has one entry, and neither sweep fails."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError

from apps.base import days
from apps.books.models import JournalEntry
from apps.books.services import journal
from apps.distribution.models import Account, Entry
from tests.apps.distribution import make
from tests.apps.distribution.make import NOW
from tests.races.stage import together_first
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
FACTS = 500


def facts(first: int) -> None:
    """So many rows of a ledger that nobody has posted."""
    account = Account.objects.first() or make.promoter().account
    Entry.objects.bulk_create(
        Entry(account=account, kind="REWARD", available_change_fen=1, business_key=f"race:{n}", at=NOW)
        for n in range(first, first + FACTS)
    )


def post() -> str:
    try:
        journal.post(first=days.shop_day(NOW), until=NOW + timedelta(minutes=1), at=NOW)
    except IntegrityError:
        return "refused"
    return "posted"


def both_at_once() -> dict[str, int]:
    with patch.object(journal, "_run", together_first(journal._run, threads=2)):
        return all_answers([post, post])


def test_two_sweeps_at_once_post_each_happening_once() -> None:
    for turn in range(3):
        facts(turn * FACTS)
        assert both_at_once() == {"posted": 2}
        entries = JournalEntry.objects.filter(kind="COMMISSION")
        assert entries.count() == entries.values("business_key").distinct().count() == (turn + 1) * FACTS


def test_without_the_word_about_conflicts_one_of_two_sweeps_fails() -> None:
    refused = 0
    with patch.object(journal, "_POST", journal._POST.replace("ON CONFLICT DO NOTHING", "")):
        for turn in range(5):
            facts(turn * FACTS)
            refused += both_at_once().get("refused", 0)
    assert refused
