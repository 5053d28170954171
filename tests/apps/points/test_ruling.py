"""Rules, rewards and goods of points by their services: what the form refuses a program is refused as well."""

from __future__ import annotations

import pytest
from django.db.models import F

from apps.points.models import InteractionRule, PointsGood, Rules
from apps.points.services import ruling
from tests.apps.catalog.make import sku
from tests.apps.points import make

pytestmark = pytest.mark.django_db


def test_points_are_not_worth_what_they_are_earned_with():
    with pytest.raises(ruling.RulesRefused, match="等于白送"):
        ruling.save_rules(Rules(pk=1, points_per_yuan=10, deduction_points_per_yuan=10))
    with pytest.raises(ruling.RulesRefused) as refused:
        ruling.save_rules(Rules(pk=1, points_per_yuan=101, deduction_points_per_yuan=200, streak_days=1))
    assert {fault.field for fault in refused.value.faults} == {"points_per_yuan", "streak_days"}
    assert not Rules.objects.exists()


def test_a_reward_has_an_end():
    with pytest.raises(ruling.InteractionRefused) as refused:
        ruling.save_interaction(InteractionRule(kind="PROFILE", points=1_001))
    assert {fault.field for fault in refused.value.faults} >= {"points", "once"}


def test_a_good_is_one_thing_below_its_price_and_what_was_redeemed_is_left_alone():
    cup = sku(price_fen=10_00)
    window = {"starts_at": make.NOW, "ends_at": make.NOW + make.DAY}
    row = ruling.save_good(PointsGood(kind="SKU", title="茶杯", sku=cup, points=100, quota=5, **window))
    PointsGood.objects.filter(pk=row.pk).update(redeemed=F("redeemed") + 3)
    row.quota = 2
    assert _faults(row) == {"quota"}
    row.quota, row.money_fen = 3, 10_00
    assert _faults(row) == {"money_fen"}
    row.money_fen = 9_00
    ruling.save_good(row)
    assert PointsGood.objects.values_list("quota", "redeemed").get(pk=row.pk) == (3, 3)
    row.sku = None
    assert _faults(row) == {"sku"}


def _faults(good: PointsGood) -> set[str]:
    with pytest.raises(ruling.GoodRefused) as refused:
        ruling.save_good(good)
    return {fault.field for fault in refused.value.faults}
