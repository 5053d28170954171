"""What distribution gives out of a person, and what stands in the way of leaving."""

from __future__ import annotations

import pytest

from apps.distribution import handlers, personal
from apps.distribution.models import Promoter
from mall import events
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import NOW

pytestmark = pytest.mark.django_db


def test_a_promoter_gets_all_that_was_earned_and_nothing_of_the_customers():
    make.set_rules()
    counter.freight(0)
    first, second, buyer = make.chain()
    make.paid(buyer, [(counter.goods(1000), 1)])
    given = personal.export(second.member.person)
    assert given["推客"][0]["推广码"] == second.code
    assert given["来自推客"][0]["推广码"] == first.code
    assert [row["佣金（分）"] for row in given["佣金"]] == [100]
    assert buyer[0].public_id not in str(given)
    assert buyer[0].openid not in str(given)


def test_money_that_is_left_stands_in_the_way_and_money_that_comes_settles_itself():
    promoter = make.promoter()
    assert personal.still_open(promoter.member.person) == []
    make.give(promoter, 100)
    (found,) = personal.still_open(promoter.member.person)
    assert (found.code, found.settles_itself) == ("commission", False)


def test_who_is_erased_promotes_no_more():
    promoter = make.promoter()
    for _ in range(2):
        personal.erase(promoter.member.person, at=NOW)
    assert Promoter.objects.get().status == "LEFT"


def test_who_takes_the_agreement_back_promotes_no_more_and_another_document_changes_nothing():
    promoter = make.promoter()
    news = events.ConsentWithdrawn(member_id=promoter.member_id, document="privacy")
    handlers.leave_on_consent_withdrawn(news, at=NOW)
    assert Promoter.objects.get().status == "ACTIVE"
    news = events.ConsentWithdrawn(member_id=promoter.member_id, document="promoter")
    handlers.leave_on_consent_withdrawn(news, at=NOW)
    assert Promoter.objects.get().status == "LEFT"
