"""Festivals, member days, level prices and the floor by their services: one rulebook for forms and programs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.promotions import services as promotions
from apps.promotions.models import Campaign, LevelPrice, MemberDay
from mall.errors import Fault
from tests.apps.inventory.make import sku
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def festival(**columns: object) -> Campaign:
    return Campaign(**{"name": "茶具节", "starts_at": NOW, "ends_at": NOW + 3 * DAY, **columns})


def test_a_festival_begins_before_it_ends_and_preheats_before_it_begins():
    with pytest.raises(promotions.CampaignRefused) as refused:
        promotions.save_campaign(festival(ends_at=NOW, preheat_at=NOW))
    assert refused.value.faults == (
        Fault("ends_at", "结束时间必须晚于开始时间"),
        Fault("preheat_at", "预热开始必须早于活动开始"),
    )
    assert not Campaign.objects.exists()


def test_a_festival_leaves_none_of_its_promotions_outside():
    row = promotions.save_campaign(festival())
    make.promotion(label="满减", campaign=row, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    row.ends_at = NOW + DAY
    with pytest.raises(promotions.CampaignRefused, match="促销「满减」不在新的活动时间内"):
        promotions.save_campaign(row)
    row.ends_at = NOW + 2 * DAY
    assert promotions.save_campaign(row).ends_at == NOW + 2 * DAY


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({}, "weekdays"),
        ({"weekdays": [8]}, "weekdays"),
        ({"month_days": [32]}, "month_days"),
        ({"weekdays": [5], "points_bp": 9_999}, "points_bp"),
        ({"weekdays": [5], "points_bp": 100_001}, "points_bp"),
    ],
)
def test_a_member_day_comes_and_gives_at_least_the_points_of_other_days(
    columns: dict[str, object], field: str
):
    with pytest.raises(promotions.MemberDayRefused) as refused:
        promotions.save_member_day(MemberDay(name="会员日", **columns))
    assert [fault.field for fault in refused.value.faults] == [field]
    assert promotions.save_member_day(MemberDay(name="周五", weekdays=[5], points_bp=20_000)).pk


def test_a_level_price_is_an_advantage_and_once_per_level():
    level, cup = make.level(), sku(price_fen=10_00)
    with pytest.raises(promotions.LevelPriceRefused) as refused:
        promotions.save_level_price(LevelPrice(level=level, sku=cup, price_fen=10_00))
    assert refused.value.faults == (Fault("price_fen", "会员价必须低于售价 ¥10.00"),)
    promotions.save_level_price(LevelPrice(level=level, sku=cup, price_fen=9_00))
    with pytest.raises(promotions.LevelPriceRefused):
        promotions.save_level_price(LevelPrice(level=level, sku=cup, price_fen=8_00))
