"""A quota and what one member may have of it: taken with the order, given back with it, to the unit."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.campaigns.models import MemberUnits, Quota, Take
from mall.errors import NotFound
from tests.apps.campaigns import make
from tests.apps.campaigns.make import NOW, hold

pytestmark = pytest.mark.django_db


def taken() -> int:
    """What is taken, which is what the ledger says."""
    row = Quota.objects.get()
    assert row.taken == (Take.objects.aggregate(units=Sum("units"))["units"] or 0)
    assert row.taken == (MemberUnits.objects.aggregate(units=Sum("units"))["units"] or 0)
    return row.taken


def release(order_no: str) -> None:
    with transaction.atomic():
        campaigns.release(order_no=order_no, at=NOW)


def restore(order_no: str, units: int, cause: str) -> None:
    with transaction.atomic():
        campaigns.restore(order_no=order_no, units=units, cause=cause, at=NOW)


def test_ten_of_ten_can_be_had_and_the_eleventh_is_sold_out():
    make.quota(quota=10)
    hold("SO1", units=10)
    with pytest.raises(campaigns.SoldOut):
        hold("SO2")
    assert taken() == 10
    assert campaign_facts.left(kind="flash_sale", keys=["1"]) == {"1": 0}


def test_a_refused_order_leaves_nothing_behind():
    make.quota(quota=1)
    with pytest.raises(campaigns.SoldOut):
        hold("SO1", units=2)
    assert (taken(), Take.objects.count(), MemberUnits.objects.count()) == (0, 0, 0)


def test_the_limit_of_a_member_counts_over_all_orders():
    make.quota()
    buyer = make.member().pk
    hold("SO1", member_id=buyer, units=2, limit=3)
    with pytest.raises(campaigns.LimitReached) as refusal:
        hold("SO2", member_id=buyer, units=2, limit=3)
    assert refusal.value.details == {"limit": 3, "used": 2}
    hold("SO3", member_id=buyer, units=1, limit=3)
    assert taken() == 3


def test_more_than_the_limit_in_one_order_is_refused_with_nothing_used():
    make.quota()
    with pytest.raises(campaigns.LimitReached) as refusal:
        hold("SO1", units=4, limit=3)
    assert refusal.value.details == {"limit": 3, "used": 0}


def test_holding_twice_for_one_order_takes_once():
    make.quota()
    buyer = make.member().pk
    hold("SO1", member_id=buyer, units=2)
    hold("SO1", member_id=buyer, units=2)
    assert taken() == 2


def test_a_quota_that_nobody_set_cannot_be_held():
    with pytest.raises(NotFound):
        hold("SO1", key="nothing")


def test_a_closed_order_gives_back_once_to_quota_and_limit():
    make.quota()
    buyer = make.member().pk
    hold("SO1", member_id=buyer, units=2, limit=2)
    release("SO1")
    release("SO1")
    assert taken() == 0
    hold("SO2", member_id=buyer, units=2, limit=2)


def test_a_refund_of_one_unit_gives_back_one_and_never_more_than_there_was():
    make.quota()
    hold("SO1", units=2)
    with transaction.atomic():
        campaigns.commit(order_no="SO1", at=NOW)
        campaigns.commit(order_no="SO1", at=NOW)
    restore("SO1", 1, "RF1")
    restore("SO1", 1, "RF1")
    assert taken() == 1
    restore("SO1", 5, "RF2")
    assert taken() == 0


def test_without_a_quota_any_number_can_be_had():
    make.quota(quota=None)
    hold("SO1", units=1_000_000)
    assert campaign_facts.left(kind="flash_sale", keys=["1"]) == {"1": None}
    assert campaign_facts.taken(kind="flash_sale", keys=["1"]) == {"1": 1_000_000}


def test_a_quota_is_never_set_below_what_is_taken():
    make.quota(quota=10)
    hold("SO1", units=4)
    with pytest.raises(campaigns.QuotaTooSmall):
        make.quota(quota=3)
    make.quota(quota=4)
    assert campaign_facts.left(kind="flash_sale", keys=["1"]) == {"1": 0}


def test_the_ledger_of_takes_is_append_only():
    make.quota()
    hold("SO1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Take.objects.update(units=0)


def test_the_check_tells_counters_that_differ_from_their_ledger():
    make.quota()
    buyer = make.member().pk
    hold("SO1", member_id=buyer, units=2)
    assert campaign_facts.unbalanced() == []
    Quota.objects.update(taken=3)
    MemberUnits.objects.update(units=1)
    assert campaign_facts.unbalanced() == [
        ("flash_sale:1", 3, 2),
        (f"flash_sale:1 member {buyer}", 1, 2),
    ]
