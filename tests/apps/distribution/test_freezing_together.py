"""Orders that were received at once: what they earn is frozen together as it is for one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.distribution.handlers import freeze_many, join_many
from apps.distribution.models import Commission
from apps.distribution.services import commissions
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from mall.errors import NotFound
from mall.events import OrderReceived
from tests import tables
from tests.apps.checkout import make as counter
from tests.apps.distribution import make

pytestmark = pytest.mark.django_db


def received() -> list[Order]:
    """Six orders of three buyers whom two promoters brought, a part of one taken back; and one that earns nothing."""
    cup, pot = counter.goods(5000, units=90), counter.goods(3000, units=90)
    _, second, buyer = make.chain()
    other = counter.buyer()
    make.bind(other[0], second)
    placed = [make.paid(who, [(cup, 2), (pot, 1)]) for who in (buyer, other) for _ in range(3)]
    make.refund(placed[1], {cup.pk: 1}, at=make.NOW)
    placed.append(make.paid(counter.buyer(), [(cup, 1)]))
    with transaction.atomic():
        for move in ("ship", "receive"):
            orders.move_many(placed, move=move, actor=Actor.SYSTEM, at=make.LATER)
    return placed


@pytest.mark.parametrize("days", [5, 0])
def test_what_is_frozen_together_is_what_is_frozen_one_by_one(days: int) -> None:
    make.set_rules(freeze_days=days)
    placed = received()
    numbers = [order.order_no for order in placed]

    def outcome(*calls: list[str]) -> Any:
        with transaction.atomic():
            frozen = sum(commissions.freeze_many(order_nos=some, at=make.LATER) for some in calls)
            found = tables.written()
            transaction.set_rollback(True)
        return frozen, found

    one_by_one = outcome(*([number] for number in numbers))
    together = outcome(numbers)

    assert together[0] == one_by_one[0] == Commission.objects.filter(of=None).count() > 12
    assert tables.differing(together[1], one_by_one[1]) == {}


def test_news_of_many_receipts_freeze_and_again_nothing() -> None:
    make.set_rules(freeze_days=5, join_by_spending_fen=0)
    placed = received()
    news = [OrderReceived(order_no=order.order_no, member_id=order.member_id) for order in placed]

    assert [freeze_many(news, at=make.LATER), join_many(news, at=make.LATER)] == [(), []]

    assert set(Commission.objects.values_list("status", flat=True)) == {"FROZEN"}
    before = tables.written()
    freeze_many(news, at=make.LATER)
    assert tables.differing(before, tables.written()) == {}
    with pytest.raises(NotFound):
        commissions.freeze_many(order_nos=["SO-NEVER"], at=make.LATER)


def test_who_may_join_by_spending_is_looked_at_alone() -> None:
    make.set_rules(join_by_spending_fen=1)
    promoter, buyer = make.promoter(), make.member()
    news = [OrderReceived(order_no="SO1", member_id=who) for who in (promoter.member_id, buyer.pk)]
    assert join_many(news, at=make.LATER) == [news[1]]
