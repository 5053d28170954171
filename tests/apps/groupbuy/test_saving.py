"""What operators and files may say of a group-buy, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.campaigns.models import Quota, SkuWindow
from apps.campaigns.services import AlreadyOver, QuotaTooSmall, SkuTaken
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import GroupBuy
from apps.promotions.models import PriceFloor
from mall.errors import Faulty
from tests.apps.desk.test_campaign_file import dump, load
from tests.apps.groupbuy import make
from tests.apps.groupbuy.make import HOUR, NOW

pytestmark = pytest.mark.django_db


def faults(**columns: Any) -> list[str]:
    with pytest.raises(Faulty) as refused:
        groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), **columns), at=NOW)
    assert GroupBuy.objects.count() == 0
    return [fault.text for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("ladder", "fault"),
    [
        ({3: 50_00}, "活动价必须低于原价"),
        ({3: 0}, "活动价必须大于 0"),
        ({6: 39_00}, "成团人数不能超过 5 人：微信运营规范 5.1.8"),
        ({3: 39_00, 5: 40_00}, "人数越多，价格不能越高"),
        ({1: 41_00, 3: 39_00}, "团长价不能高于成团价"),
        ({1: 30_00}, "请至少设置一个成团人数的价格"),
        ({0: 39_00}, "成团人数不能少于 2 人"),
    ],
)
def test_ladders_that_make_no_sense_are_refused(ladder: dict[int, int], fault: str) -> None:
    assert any(fault in text for text in faults(ladder=ladder))


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"ends_at": NOW}, "结束时间必须晚于开始时间"),
        ({"preheat_at": NOW + HOUR}, "预热开始不能晚于活动开始"),
        ({"minutes_per_group": 0}, "成团时限应为 1 到 43200 分钟"),
        ({"quota": 0}, "应为正整数，不限请留空"),
        ({"combines": ["gold"]}, "没有这种可同享的优惠：gold"),
        ({"ladders": {987654321: {3: 1_00}}}, "没有这个商品规格：987654321"),
    ],
)
def test_what_else_makes_no_sense_is_refused(columns: dict[str, Any], fault: str) -> None:
    assert fault in faults(**columns)


def test_larger_groups_need_a_setting(settings: Any) -> None:
    settings.GROUP_BUY_LARGEST = 10
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), {10: 39_00}), at=NOW)
    assert row.pk


def test_skus_of_two_products_are_no_group_buy() -> None:
    cup, pot = make.goods(50_00), make.goods(50_00)
    assert faults(ladders={cup.pk: make.THREE, pot.pk: make.THREE}) == ["一个拼团活动只能有同一商品的规格"]


def test_the_price_floor_warns_or_refuses() -> None:
    cup = make.goods(50_00)
    type(cup).objects.filter(pk=cup.pk).update(cost_fen=40_00)
    _, warnings = groupbuy.CAMPAIGNS.save(make.draft(cup), at=NOW)
    assert "活动价 ¥39.00 低于底价" in warnings[0]
    PriceFloor.objects.update_or_create(pk=1, defaults={"mode": "REFUSE"})
    with pytest.raises(groupbuy.GroupBuyRefused):
        groupbuy.CAMPAIGNS.save(make.draft(cup), at=NOW)


def test_a_second_activity_of_the_same_sku_is_refused_by_the_first_ones_name() -> None:
    cup = make.goods(50_00)
    make.campaign(cup, title="第一个团")
    other, _ = groupbuy.CAMPAIGNS.save(make.draft(cup), at=NOW)
    with pytest.raises(SkuTaken) as refused:
        groupbuy.CAMPAIGNS.approve(other, at=NOW)
    assert "第一个团" in refused.value.text
    assert make.fresh(other).approval == "DRAFT"
    assert SkuWindow.objects.count() == 1


def test_without_prices_nothing_is_kept_and_what_is_over_is_not_approved() -> None:
    cup = make.goods(50_00)
    with pytest.raises(groupbuy.GroupBuyRefused):
        groupbuy.CAMPAIGNS.save(make.draft(cup, ladders={}), at=NOW)
    assert not GroupBuy.objects.exists()
    with pytest.raises(AlreadyOver):
        groupbuy.CAMPAIGNS.approve(groupbuy.CAMPAIGNS.save(make.draft(cup), at=NOW).row, at=NOW + 48 * HOUR)


def test_a_quota_below_what_is_taken_is_refused() -> None:
    cup = make.goods(50_00)
    row = make.campaign(cup, quota=5)
    make.order(row, quantity=3)
    with pytest.raises(QuotaTooSmall):
        groupbuy.CAMPAIGNS.save(make.draft(cup, row_id=row.pk, code=row.code, quota=2), at=NOW)
    assert (make.fresh(row).quota, Quota.objects.get().quota) == (5, 5)


def test_a_copy_is_a_draft_that_says_the_same() -> None:
    row = make.campaign(make.goods(50_00), make.THREE_OR_FIVE, quota=5)
    copied = groupbuy.CAMPAIGNS.copy(row, code="AGAIN", at=NOW)
    assert (copied.approval, copied.title, copied.quota) == ("DRAFT", row.title, 5)
    assert groupbuy.CAMPAIGNS.copy(row, code="AGAIN", at=NOW) == copied
    assert list(copied.prices.values_list("size", "price_fen")) == [(3, 39_00), (5, 35_00)]


def entry(sku: Any, **more: Any) -> dict[str, Any]:
    return {
        "code": "TEA-3",
        "title": "春茶三人团",
        "skus": [
            {
                "sku_id": sku.pk,
                "tiers": [{"size": 3, "price_fen": 39_00}, {"size": 5, "price_fen": 35_00}],
                "leader_price_fen": 34_00,
            }
        ],
        "starts_at": "2026-11-28T00:00:00+08:00",
        "ends_at": "2026-11-28T00:00:01+08:00",
        "minutes_per_group": 1,
        "limit_per_member": 2,
        "quota": 10,
        "newcomers_only": True,
        "combines": ["balance", "coupon"],
        **more,
    }


def test_a_file_makes_one_live_and_changes_the_same_one(tmp_path: Any) -> None:
    cup = make.goods(50_00)
    printed, _ = load({"group_buys": [entry(cup)]}, tmp_path)
    row = GroupBuy.objects.get()
    assert printed == {"group_buys": {"TEA-3": row.pk}}
    assert (row.approval, row.quota, row.newcomers_only) == ("APPROVED", 10, True)
    again, _ = load({"group_buys": [entry(cup, quota=20)]}, tmp_path)
    assert (again, GroupBuy.objects.get().quota) == (printed, 20)


def test_what_is_dumped_loads_as_it_was(tmp_path: Any) -> None:
    cup = make.goods(50_00)
    load({"group_buys": [entry(cup)]}, tmp_path)
    written = dump()
    (said,) = written["group_buys"]
    assert said["skus"] == entry(cup)["skus"]
    assert load(written, tmp_path)[1] == []
    assert dump() == written


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"colour": 1}, "group_buys[0].colour: 没有这一项"),
        ({"skus": []}, "group_buys[0].skus: 至少 1 项"),
        ({"quota": "9"}, "group_buys[0].quota: 应为整数"),
        ({"combines": ["gold"]}, "group_buys[0].combines: 没有这种可同享的优惠：gold"),
        ({"ends_at": "2026-11-27T00:00:00+08:00"}, "group_buys[0].ends_at: 结束时间必须晚于开始时间"),
        ({"starts_at": "2026-11-28T00:00:00"}, "group_buys[0].starts_at: 时间须带时区"),
    ],
)
def test_faults_of_a_file_are_told_with_their_place(tmp_path: Any, more: Any, fault: str) -> None:
    printed, told = load({"group_buys": [entry(make.goods(50_00), **more)]}, tmp_path)
    assert printed is None and told[0].startswith(fault)
    assert GroupBuy.objects.count() == 0


def test_a_tier_or_sku_that_is_said_twice_is_a_fault(tmp_path: Any) -> None:
    cup = make.goods(50_00)
    tier = {"size": 3, "price_fen": 39_00}
    twice = [{"sku_id": cup.pk, "tiers": [tier, tier]}]
    assert load({"group_buys": [entry(cup, skus=twice)]}, tmp_path)[1] == [
        "group_buys[0].skus[0].tiers: 同一人数只能有一个价格"
    ]
    twice = [{"sku_id": cup.pk, "tiers": [tier]}] * 2
    assert load({"group_buys": [entry(cup, skus=twice)]}, tmp_path)[1] == [
        "group_buys[0].skus[1].sku_id: 同一规格只能出现一次"
    ]
