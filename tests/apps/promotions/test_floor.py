"""The price floor: what promotions may not sell below cost, seen when they are saved and when an order is placed."""

from __future__ import annotations

from typing import Any

import pytest

from apps.catalog.models import Category, Sku
from apps.promotions import services as promotions
from apps.promotions.models import Promotion
from apps.promotions.terms import Part, Terms
from mall.errors import Invalid
from mall.pricing.quote import Item, Reduction
from tests.apps.inventory import make as inventory_make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db


def cup(price_fen: int, *, cost_fen: int | None) -> Sku:
    sku = inventory_make.sku(price_fen=price_fen)
    Sku.objects.filter(pk=sku.pk).update(cost_fen=cost_fen)
    return sku


def item(sku: Sku, payable_fen: int, *, quantity: int = 1) -> Item:
    list_fen = sku.price_fen * quantity
    off = Reduction(ref="promotion:1", label="优惠", amount_fen=list_fen - payable_fen)
    return Item(
        sku_id=sku.pk,
        title="茶杯",
        quantity=quantity,
        unit_price_fen=sku.price_fen,
        list_fen=list_fen,
        reductions=(off,) if off.amount_fen else (),
        payable_fen=payable_fen,
    )


def worst(kind: str, **figures: Any) -> dict[int, int]:
    """What each SKU may be sold for at worst, in fen, where that is below its floor."""
    parts = [Part(*part) for part in figures.pop("parts", [])]
    found = promotions.breaches(Terms(ref="typed", kind=kind, label="草案", parts=parts, **figures), at=NOW)
    return {breach.sku_id: breach.unit_fen for breach in found}


def test_an_order_below_cost_is_noted_unless_the_shop_refuses_it():
    sku = cup(100_00, cost_fen=60_00)
    assert promotions.check_floor(items=[item(sku, 60_00)]) == []
    noted = ["「茶杯」单价 ¥59.99，低于底价 ¥60.00"]
    assert promotions.check_floor(items=[item(sku, 59_99)]) == noted
    promotions.set_floor(mode="REFUSE")
    with pytest.raises(promotions.BelowFloor) as refused:
        promotions.check_floor(items=[item(sku, 59_99)])
    assert (refused.value.code, refused.value.details) == ("below_floor", {"sku_ids": [sku.pk]})
    assert "60" not in refused.value.text  # what goods cost is nobody's business


def test_the_floor_may_lie_above_cost_and_looks_at_all_units_of_a_line():
    sku = cup(100_00, cost_fen=60_00)
    promotions.set_floor(mode="WARN", above_cost_bp=2500)
    assert promotions.check_floor(items=[item(sku, 150_00, quantity=2)]) == []
    assert len(promotions.check_floor(items=[item(sku, 149_99, quantity=2)])) == 1


def test_goods_listed_below_the_floor_sell_at_their_list_price_and_not_for_less():
    bait = cup(9_90, cost_fen=15_00)
    assert promotions.check_floor(items=[item(bait, 9_90)]) == []
    assert len(promotions.check_floor(items=[item(bait, 9_89)])) == 1


def test_goods_without_a_cost_have_no_floor_and_costs_at_hand_are_not_read_again(
    django_assert_num_queries: Any,
):
    sku = cup(100_00, cost_fen=None)
    assert promotions.check_floor(items=[item(sku, 1)]) == []
    with django_assert_num_queries(1):
        assert len(promotions.check_floor(items=[item(sku, 1)], costs_fen={sku.pk: 2})) == 1


@pytest.mark.parametrize(("mode", "above"), [("LATER", 0), ("WARN", -1), ("WARN", 100_001)])
def test_a_floor_that_is_none_is_not_set(mode: str, above: int):
    with pytest.raises(Invalid):
        promotions.set_floor(mode=mode, above_cost_bp=above)


@pytest.mark.parametrize(
    ("kind", "figures", "unit_fen"),
    [
        ("PERCENT", {"off_bp": 1500}, 85_00),
        ("FIXED", {"off_fen": 20_00}, 80_00),
        ("FIXED", {"price_fen": 70_00}, 70_00),
        ("STEP_PRICE", {"steps": [[100, 5000], [200, 3000]]}, 50_00),
        ("SECOND_HALF", {"off_bp": 5000}, 75_00),
        ("SECOND_HALF", {"off_bp": 5000, "same_sku": False}, 50_00),
        # ¥100.00 reach 满100 alone; with ¥100.00 of other goods they carry half of ¥60.00.
        ("STEPPED", {"steps": [[100_00, 15_00], [200_00, 60_00]]}, 70_00),
        ("STEPPED", {"steps": [[80_00, 20_00]]}, 80_00),
        # Two pieces of ¥100.00 share ¥50.00.
        ("STEPPED", {"steps": [[2, 50_00]], "by_pieces": True}, 75_00),
        # Three pieces of ¥100.00 cost ¥180.00.
        ("N_FOR_M", {"pieces": 3, "price_fen": 180_00}, 60_00),
    ],
)
def test_the_worst_case_of_each_kind_on_a_cup_of_a_hundred_yuan(
    kind: str, figures: dict[str, Any], unit_fen: int
):
    sku = cup(100_00, cost_fen=95_00)
    assert worst(kind, **figures) == {sku.pk: unit_fen}


def test_a_dear_piece_makes_the_others_of_a_set_cheaper():
    cheap, dear = cup(50_00, cost_fen=45_00), cup(150_00, cost_fen=1_00)
    # ¥50.00 and ¥150.00 for ¥100.00: the cheap one is paid with ¥25.00.
    assert worst("N_FOR_M", pieces=2, price_fen=100_00) == {cheap.pk: 25_00}
    assert dear.pk not in worst("N_FOR_M", pieces=2, price_fen=100_00)


def test_a_bundle_shares_its_saving_over_its_parts():
    pot, mug = cup(120_00, cost_fen=100_00), cup(40_00, cost_fen=10_00)
    parts = [(0, pot.pk, "壶", 1), (0, mug.pk, "杯", 2)]
    # ¥200.00 for ¥160.00: one fifth off each.
    assert worst("BUNDLE", price_fen=160_00, parts=parts) == {pot.pk: 96_00}


def test_a_gift_is_weighed_by_what_it_costs_us():
    sku, gift = cup(100_00, cost_fen=90_00), cup(50_00, cost_fen=20_00)
    # The gift of ¥20.00 comes from ¥100.00 on, or its half share from ¥200.00 on.
    assert worst("GIFT", parts=[(100_00, gift.pk, "勺", 1)]) == {sku.pk: 80_00}
    assert worst("GIFT", parts=[(200_00, gift.pk, "勺", 1)]) == {}
    assert worst("GIFT", parts=[(2, gift.pk, "勺", 1)], by_pieces=True) == {}


def test_only_the_goods_in_scope_are_looked_at_and_postage_has_no_worst_case(django_assert_num_queries: Any):
    inside, outside = cup(100_00, cost_fen=99_00), cup(100_00, cost_fen=99_00)
    root = Category.objects.create(name="根", path="/7/")
    leaf = Category.objects.create(name="叶", parent=root, path="/7/8/")
    type(inside.product).objects.filter(pk=inside.product_id).update(category=leaf)
    scoped = {"scope": Promotion.Scope.PRODUCTS, "product_ids": [inside.product_id]}
    with django_assert_num_queries(2):
        assert worst("PERCENT", off_bp=1000, **scoped) == {inside.pk: 90_00}
    by_category = {"scope": Promotion.Scope.CATEGORIES, "category_ids": [7]}
    assert worst("PERCENT", off_bp=1000, **by_category) == {inside.pk: 90_00}
    assert set(worst("PERCENT", off_bp=1000)) == {inside.pk, outside.pk}
    assert worst("FREE_POSTAGE", threshold_fen=0) == {}
