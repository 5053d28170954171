"""Quotas of activities under real threads on PostgreSQL: never one more than there are, never one more than one may."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models import F

from apps.campaigns.models import MemberUnits, Quota, Take
from tests.apps.campaigns import make
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_sixty_four_orders_for_ten_units_take_ten():
    make.quota(quota=10)
    buyers = [make.member().pk for _ in range(64)]
    outcome = at_once(
        lambda n=n, buyer=buyer: make.hold(f"SO{n}", member_id=buyer) for n, buyer in enumerate(buyers)
    )
    assert outcome == {"done": 10, "SoldOut": 54}
    assert (Quota.objects.get().taken, Take.objects.count()) == (10, 10)


def test_one_member_twenty_times_at_once_gets_one():
    make.quota(quota=10)
    buyer = make.member().pk
    outcome = at_once(lambda n=n: make.hold(f"SO{n}", member_id=buyer, limit=1) for n in range(20))
    assert outcome == {"done": 1, "LimitReached": 19}
    assert (Quota.objects.get().taken, MemberUnits.objects.get().units) == (1, 1)


def test_without_the_guard_more_than_there_are_would_be_taken():
    """The race that the guarded statement closes: everybody looks, then everybody takes."""
    make.quota(quota=None)
    gate = threading.Barrier(8)

    def careless() -> None:
        seen = Quota.objects.get().taken
        gate.wait(30)
        if seen < 1:
            Quota.objects.update(taken=F("taken") + 1)
        connection.close()

    threads = [threading.Thread(target=careless) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Quota.objects.get().taken == 8
