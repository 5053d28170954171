"""Which offers a member gets at a moment, and which badges products wear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.base import versions
from apps.catalog.models import Brand
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.models import Promotion
from apps.promotions.wearing import Shelved
from mall.errors import Invalid
from mall.pricing import scope
from mall.pricing.offers import (
    EVERY_LANE,
    Basis,
    FreePostage,
    Lane,
    MemberPrice,
    PercentOff,
    Step,
    Stepped,
)
from tests.apps.inventory import make as inventory_make
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db

ROWS: list[tuple[str, dict[str, Any], Any]] = [
    (
        "STEPPED",
        {"steps": [[100_00, 15_00], [199_00, 30_00]]},
        Stepped(ref="", label="优惠", steps=(Step(100_00, 15_00), Step(199_00, 30_00))),
    ),
    (
        "STEPPED",
        {"steps": [[3, 20_00]], "by_pieces": True, "combines": False},
        Stepped(
            ref="",
            label="优惠",
            steps=(Step(3, 20_00),),
            basis=Basis.PIECES,
            combines_with=frozenset({Lane.SHIPPING}),
        ),
    ),
    ("PERCENT", {"off_bp": 1500}, PercentOff(ref="", label="优惠", off_bp=1500)),
    (
        "PERCENT",
        {"off_bp": 1500, "cap_fen": 20_00},
        PercentOff(ref="", label="优惠", off_bp=1500, cap_fen=20_00),
    ),
    ("FREE_POSTAGE", {"threshold_fen": 0}, FreePostage(ref="", label="优惠", threshold_fen=0, regions=None)),
    (
        "FREE_POSTAGE",
        {"threshold_fen": 99_00, "regions": ["浙江省", "上海市"], "combines": False},
        FreePostage(
            ref="",
            label="优惠",
            threshold_fen=99_00,
            regions=frozenset({"浙江省", "上海市"}),
            combines_with=frozenset(),
        ),
    ),
]


@pytest.mark.parametrize(("kind", "columns", "expected"), ROWS)
def test_each_row_becomes_the_offer_that_it_describes(kind: str, columns: dict[str, Any], expected: Any):
    row = make.promotion(kind, label="优惠", **columns)
    [found] = promotion_facts.offers_for(member=None, at=NOW)
    assert found.ref == f"promotion:{row.pk}"
    same = {name: getattr(found, name) for name in expected.__slots__ if name != "ref"}
    assert same == {name: getattr(expected, name) for name in expected.__slots__ if name != "ref"}
    assert found.combines_with == expected.combines_with
    assert found.label == "优惠"


def test_a_scope_names_products_categories_or_brands():
    brand = Brand.objects.create(name="青山")
    cup = make.product(brand=brand)
    make.promotion(product_ids=[cup.pk])
    make.promotion(category_ids=[cup.category_id])
    make.promotion(brand_ids=[brand.pk])
    make.promotion()
    assert [offer.scope for offer in promotion_facts.offers_for(member=None, at=NOW)] == [
        scope.Products(frozenset({cup.pk})),
        scope.Categories(frozenset({cup.category_id})),
        scope.Brands(frozenset({brand.pk})),
        scope.ALL_GOODS,
    ]


@pytest.mark.parametrize(("seconds", "runs"), [(-1, False), (0, True), (3599, True), (3600, False)])
def test_an_offer_runs_from_its_start_until_just_before_its_end(seconds: int, runs: bool):
    make.promotion(starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    assert bool(promotion_facts.offers_for(member=None, at=NOW + timedelta(seconds=seconds))) is runs


def test_an_offer_switched_off_is_not_made():
    Promotion.objects.filter(pk=make.promotion().pk).update(enabled=False)
    assert promotion_facts.offers_for(member=None, at=NOW) == []


def test_a_member_pays_the_price_of_the_level_and_for_the_rest_its_discount():
    gold = make.level(discount_bp=9500)
    cup, pot = inventory_make.sku(), inventory_make.sku(price_fen=60_00)
    promotions.price_for_level(level_id=gold.pk, prices_fen={cup.pk: 9_00, pot.pk: 50_00})
    promotions.price_for_level(level_id=gold.pk, prices_fen={cup.pk: 8_00})
    promotions.price_for_level(level_id=make.level().pk, prices_fen={cup.pk: 1_00})
    [offer] = promotion_facts.offers_for(member=make.member(gold), at=NOW)
    assert isinstance(offer, MemberPrice)
    assert dict(offer.prices_fen) == {cup.pk: 8_00, pot.pk: 50_00}
    assert (offer.off_bp, offer.level_ids, offer.label) == (500, frozenset({gold.pk}), f"{gold.name}会员价")
    assert offer.combines_with == EVERY_LANE
    [narrower] = promotion_facts.offers_for(member=make.member(gold), at=NOW, sku_ids=[cup.pk])
    assert isinstance(narrower, MemberPrice)
    assert dict(narrower.prices_fen) == {cup.pk: 8_00}


def test_a_level_without_advantage_and_a_member_without_level_get_no_member_price():
    assert promotion_facts.offers_for(member=make.member(make.level()), at=NOW) == []
    assert promotion_facts.offers_for(member=make.member(), at=NOW) == []


@pytest.mark.parametrize("number", [1, 50])
def test_any_number_of_promotions_without_limits_is_kept_and_asks_nothing(
    number: int, django_assert_num_queries
):
    cup = make.product()
    for _ in range(number):
        make.promotion(product_ids=[cup.pk])
    gold = make.member(make.level(discount_bp=9000))
    with versions.once():
        assert len(promotion_facts.offers_for(member=gold, at=NOW)) == number + 1
        with django_assert_num_queries(0):
            assert len(promotion_facts.offers_for(member=gold, at=NOW)) == number + 1


def test_a_promotion_that_lost_its_last_product_is_left_out_and_the_shop_goes_on():
    cup = make.product()
    lost = make.promotion(product_ids=[cup.pk])
    make.promotion(label="全场")
    lost.products.clear()
    with capture_logs() as logs:
        assert [offer.label for offer in promotion_facts.offers_for(member=None, at=NOW)] == ["全场"]
    assert [entry["event"] for entry in logs] == ["promotion_unusable"]


def test_products_wear_the_badges_of_the_offers_that_mean_them(django_assert_num_queries):
    tea, cup = make.product(), make.product()
    make.promotion(category_ids=[tea.category_id], steps=[[100_00, 15_00], [199_00, 30_00]])
    make.promotion("PERCENT", off_bp=1500, product_ids=[tea.pk])
    make.promotion("FREE_POSTAGE", threshold_fen=99_50)
    make.promotion("FREE_POSTAGE", threshold_fen=59_00, regions=["浙江省"])
    make.promotion("FREE_POSTAGE", threshold_fen=99_50, label="同样的包邮")
    shelved = [
        Shelved(tea.pk, frozenset({tea.category_id}), None),
        Shelved(cup.pk, frozenset({cup.category_id}), None),
    ]
    with versions.once():
        promotion_facts.live(at=NOW)
        with django_assert_num_queries(0):
            wear = promotion_facts.scene(at=NOW).wear
            worn = [wear.of(product).badges for product in shelved]
    assert worn == [
        ["满100减15", "8.5折", "满99.50包邮", "部分地区满59包邮"],
        ["满99.50包邮", "部分地区满59包邮"],
    ]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("STEPPED", {"steps": []}),
        ("STEPPED", {"steps": [[100_00, 15_00], [100_00, 20_00]]}),
        ("STEPPED", {"steps": [[100_00, 15_00], [199_00, 10_00]]}),
        ("STEPPED", {"steps": [[10_00, 15_00]]}),
        ("STEPPED", {"steps": [[100_00]]}),
        ("STEPPED", {"steps": [["100", "15"]]}),
        ("STEPPED", {"steps": [[100.5, 15]]}),
        ("PERCENT", {}),
        ("PERCENT", {"off_bp": 0}),
        ("PERCENT", {"off_bp": 10_001}),
        ("PERCENT", {"off_bp": 1000, "cap_fen": 0}),
        ("FREE_POSTAGE", {"threshold_fen": -1}),
        ("LOTTERY", {}),
    ],
)
def test_an_offer_that_nobody_could_explain_is_not_set_up(kind: str, columns: dict[str, Any]):
    with pytest.raises(promotions.PromotionRefused):
        make.promotion(kind, **columns)
    assert not Promotion.objects.exists()


def test_a_promotion_that_ends_before_it_starts_or_has_two_scopes_is_not_set_up():
    with pytest.raises(promotions.PromotionRefused):
        make.promotion(starts_at=NOW, ends_at=NOW)
    with pytest.raises(Invalid, match="一种适用范围"):
        make.promotion(product_ids=[1], brand_ids=[1])
    with pytest.raises(Invalid, match="负数"):
        promotions.price_for_level(level_id=1, prices_fen={1: -1})
