"""Rates and rules: the most specific wins, the ceiling holds, the price floor is asked, files say the same as forms."""

from __future__ import annotations

import json

import pytest

from apps.desk import campaign_file
from apps.desk.campaign_file import FileRefused
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Promoter, PromoterLevel, RateRule, Rules
from apps.distribution.rates import Candidate, Rate, Standing, both, rate
from apps.distribution.services import promoters, rules
from apps.distribution.services.rules import LevelRefused, RateRefused, RulesRefused
from apps.promotions.services import floor
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import NOW

pytestmark = pytest.mark.django_db

GOLD = Standing(7, "金牌", 1200, None)
PLAIN = Standing()
SHOP = (1000, 500)


def rule(*, category=None, depth=0, level=None, first=0):
    return Candidate(category is None, depth, level, first, 0, category)


def test_a_product_goes_before_its_category_the_near_category_before_the_far_and_the_level_before_all_levels():
    far, near = rule(category="茶", depth=3, first=1), rule(category="绿茶", depth=6, first=2)
    product, for_gold = rule(first=3), rule(level=7, first=4)
    found = [
        rate(rules, standing, shop_bp=SHOP, level=1)
        for rules, standing in [
            ([], PLAIN),
            ([], GOLD),
            ([far], GOLD),
            ([far, near], GOLD),
            ([far, near, product], GOLD),
            ([far, near, product, for_gold], GOLD),
            ([far, near, product, for_gold], PLAIN),
        ]
    ]
    assert found == [
        Rate(1000, "推客规则"),
        Rate(1200, "等级「金牌」"),
        Rate(1, "类目「茶」比例"),
        Rate(2, "类目「绿茶」比例"),
        Rate(3, "商品比例"),
        Rate(4, "商品比例（金牌）"),
        Rate(3, "商品比例"),
    ]


def test_a_level_without_a_second_rate_has_the_shops():
    assert rate([], GOLD, shop_bp=SHOP, level=2) == Rate(500, "推客规则")


def test_both_levels_together_never_go_above_the_ceiling():
    near, far = both([], Standing(1, "a", 2500, 0), Standing(2, "b", 0, 2000), shop_bp=SHOP, ceiling_bp=3000)
    assert (near.bp, far.bp) == (2500, 500)


def test_first_and_second_above_the_ceiling_are_refused_wherever_they_are_said():
    make.set_rules(ceiling_bp=2000)
    with pytest.raises(RulesRefused):
        make.set_rules(first_bp=1500, second_bp=501, ceiling_bp=2000)
    with pytest.raises(RateRefused) as refused:
        make.rate(product=catalog.product(), first_bp=1500, second_bp=501)
    assert refused.value.faults[0] == ("first_bp", "一级与二级合计不得超过佣金上限 20.00%")
    with pytest.raises(LevelRefused):
        rules.save_level(PromoterLevel(name="金牌", rank=1, first_bp=1600))
    assert (RateRule.objects.count(), PromoterLevel.objects.count()) == (0, 0)


def test_a_ceiling_below_a_rate_that_stands_is_refused():
    make.set_rules()
    make.rate(product=catalog.product(), first_bp=2500, second_bp=300)
    with pytest.raises(RulesRefused) as refused:
        make.set_rules(ceiling_bp=2799)
    assert refused.value.faults[0].field == "ceiling_bp"


def test_rates_outside_15_to_30_per_cent_are_warned_about():
    assert rules.warnings_of_rates(1000, 500) == rules.warnings_of_rates(2000, 1000) == []
    assert rules.warnings_of_rates(500, 0) == ["一级与二级合计 5.00%，通常为 15.00% 到 30.00%，请确认"]
    assert len(rules.warnings_of_rates(3000, 1)) == 1


def costing(cost_fen):
    """A cup for 10 yuan that costs us so much."""
    cup = counter.goods(1000)
    cup.cost_fen = cost_fen
    cup.save()
    return cup


def test_a_rate_that_leaves_goods_below_the_floor_is_told_or_refused_as_the_floor_says():
    make.set_rules(ceiling_bp=5000)
    cup = costing(800)
    said = f"「{cup.product.title}」扣除佣金后剩 ¥7.90，低于底价 ¥8.00"
    saved = make.rate(product=cup.product, first_bp=1500, second_bp=600)
    assert rules.warnings_of_rate(saved, at=NOW) == [said]
    saved.delete()
    floor.set_floor(mode="REFUSE")
    with pytest.raises(RateRefused) as refused:
        make.rate(product=cup.product, first_bp=1500, second_bp=600)
    assert refused.value.faults[0].text == said
    make.rate(category=cup.product.category, first_bp=1500, second_bp=500)


def test_a_promotion_that_takes_20_per_cent_off_counts_against_the_floor_too():
    make.set_rules(ceiling_bp=5000)
    cup = costing(700)
    counter.promotion("PERCENT", off_bp=2000)
    saved = make.rate(product=cup.product, first_bp=1000, second_bp=300)
    # 1000 less 200 is 800, less 13 % is 696.
    assert rules.warnings_of_rate(saved, at=NOW)[-1].startswith(f"「{cup.product.title}」扣除佣金后剩 ¥6.96")


def test_a_promoter_rises_by_orders_amount_and_team_together_and_never_falls():
    make.set_rules()
    counter.freight(0)
    rules.save_level(PromoterLevel(name="普通推客", rank=1))
    gold = rules.save_level(
        PromoterLevel(name="金牌推客", rank=2, min_orders=2, min_amount_fen=3000, min_team=1)
    )
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1500)
    assert promoter.level.name == "普通推客"
    make.paid(buyer, [(cup, 2)])
    promoters.review_levels(at=NOW)
    assert Promoter.objects.get().level.name == "普通推客"
    order = make.paid(buyer, [(cup, 1)])
    promoters.review_levels(at=NOW + make.DAY)
    assert Promoter.objects.get().level == gold
    make.refund(order, {cup: 1})
    promoters.review_levels(at=NOW + 2 * make.DAY)
    assert Promoter.objects.get().level == gold


def test_all_who_are_due_are_reviewed_in_one_ring_and_not_again_before_tomorrow(
    django_assert_max_num_queries,
):
    make.set_rules()
    rules.save_level(PromoterLevel(name="普通推客", rank=1))
    rules.save_level(PromoterLevel(name="有客户", rank=2, min_team=1))
    everybody = [make.promoter() for _ in range(7)]
    for each in everybody[:3]:
        make.bind(make.member(), each)
    with django_assert_max_num_queries(3 * 9 + 2):
        assert promoters.review_levels(at=NOW, batch=3) == 7
    assert Promoter.objects.filter(level__name="有客户").count() == 3
    assert promoters.review_levels(at=NOW + 23 * make.HOUR) == 0


def test_who_has_spent_enough_is_a_promoter_at_receipt():
    make.set_rules(join_by_spending_fen=5000)
    counter.freight(0)
    buyer, cup = counter.buyer(), counter.goods(2500)
    make.paid(buyer, [(cup, 1)])
    assert promoters.join_by_spending(member_id=buyer[0].pk, at=NOW) is None
    make.paid(buyer, [(cup, 1)])
    found = promoters.join_by_spending(member_id=buyer[0].pk, at=NOW)
    assert (found.status, found.history.last().note) == ("ACTIVE", "消费满额")


FILE = {
    "commission": {
        "rates_bp": {"first": 1200, "second": 300},
        "goods": [],
        "ceiling_bp": 2500,
        "freeze_days": 0,
        "withdrawal": {"min_fen": 500, "max_per_day": 2},
        "binding": {"mode": "last", "valid_days": 30, "protect_days": 3, "newcomers_only": True},
        "review_above_fen": 10000,
        "second_person_above_fen": 50000,
    }
}


def load(said):
    return campaign_file.load(json.dumps(said), at=NOW)


def test_a_file_sets_rules_rates_and_promoters_and_is_dumped_as_it_was_loaded():
    product, member = catalog.product(), make.member()
    goods = [{"product_id": product.pk, "first_bp": 1500, "second_bp": 500}]
    level = rules.save_level(PromoterLevel(name="金牌推客", rank=1))
    said = {
        "commission": {**FILE["commission"], "goods": goods},
        "promoters": [{"openid": member.openid, "level": "金牌推客"}],
    }
    for _ in range(2):
        printed = load(said)
        promoter = Promoter.objects.get()
        assert printed["promoters"] == {member.openid: promoter.pk}
    assert (promoter.status, promoter.level) == ("ACTIVE", level)
    written = campaign_file.dump()
    assert {name: written[name] for name in said} == said
    row = promoter_facts.rules()
    assert (row.first_bp, row.freeze_days, row.binding_mode, row.newcomers_only) == (1200, 0, "last", True)
    assert load({"commission": written["commission"], "promoters": written["promoters"]}) == printed


def test_what_a_file_does_not_say_stays_and_goods_that_it_does_not_name_have_no_rate_any_more():
    load(FILE)
    product = catalog.product()
    load({"commission": {"goods": [{"product_id": product.pk, "first_bp": 1, "second_bp": 0}]}})
    assert promoter_facts.rules().first_bp == 1200
    load({"commission": {"ceiling_bp": 2000}})
    assert RateRule.objects.count() == 1
    load({"commission": {"goods": []}})
    assert RateRule.objects.count() == 0


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"rates_bp": {"first": 2000, "second": 1001}, "ceiling_bp": 3000}, "commission"),
        ({"rates_bp": {"first": -1, "second": 0}}, "commission.rates_bp.first"),
        ({"rates_bp": {"first": 0.5, "second": 0}}, "commission.rates_bp.first"),
        ({"rates_bp": {"first": 10**9, "second": 0}}, "commission.rates_bp.first"),
        ({"rates_bp": {"first": 1000, "second": 500, "third": 100}}, "commission.rates_bp.third"),
        ({"rates_bp": {"first": True, "second": 0}}, "commission.rates_bp.first"),
        ({"freeze_days": 1000}, "commission.freeze_days"),
        ({"binding": {"mode": "both"}}, "commission.binding.mode"),
        ({"goods": [{"product_id": 9, "first_bp": 1, "second_bp": 0}]}, "commission.goods[0].product_id"),
        ({"nonsense": 1}, "commission.nonsense"),
        ([], "commission"),
    ],
)
def test_a_file_that_no_shop_can_mean_is_refused_at_its_place_and_nothing_is_made(part, place):
    with pytest.raises(FileRefused) as refused:
        load({"commission": part})
    assert [fault.field for fault in refused.value.faults] == [place]
    assert Rules.objects.count() == RateRule.objects.count() == 0


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"openid": "nobody"}, "promoters[0].openid"),
        ({"openid": ""}, "promoters[0].openid"),
        ({"openid": 7}, "promoters[0].openid"),
        ({}, "promoters[0].openid"),
    ],
)
def test_a_promoter_whom_nobody_knows_is_refused(entry, place):
    with pytest.raises(FileRefused) as refused:
        load({"promoters": [entry]})
    assert [fault.field for fault in refused.value.faults] == [place]


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(FileRefused) as refused:
        load({"promoters": [{"openid": make.member().openid, "level": "钻石"}]})
    assert [fault.field for fault in refused.value.faults] == ["promoters[0].level"]
    assert Promoter.objects.count() == 0
