"""What the catalogue's services keep true: paths, prices, clean detail, sales, purchase limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog import detail, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Sku
from tests.apps.catalog import make

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def paths() -> dict[str, str]:
    """Every category's path, with names for ids."""
    names = dict(Category.objects.values_list("id", "name"))
    return {
        category.name: "/".join(names[int(step)] for step in category.path.strip("/").split("/"))
        for category in Category.objects.all()
    }


@pytest.mark.django_db
def test_moving_a_category_moves_all_below_it_and_nothing_else() -> None:
    ware, home = make.category("茶器"), make.category("家居")
    cups = make.category("茶杯", parent=ware)
    make.category("建盏", parent=cups)
    make.category("茶壶", parent=ware)
    cups.parent = home
    catalog.save_category(category=cups)
    assert paths() == {
        "茶器": "茶器",
        "家居": "家居",
        "茶杯": "家居/茶杯",
        "建盏": "家居/茶杯/建盏",
        "茶壶": "茶器/茶壶",
    }


@pytest.mark.django_db
def test_the_tree_has_no_circles() -> None:
    ware = make.category("茶器")
    cups = make.category("茶杯", parent=ware)
    for parent in (ware, cups):
        ware.parent = parent
        with pytest.raises(catalog.CategoryCycle):
            catalog.save_category(category=ware)
    assert paths() == {"茶器": "茶器", "茶杯": "茶器/茶杯"}


@pytest.mark.django_db
def test_the_tree_has_four_levels_however_it_is_built() -> None:
    fourth = make.category(parent=make.category(parent=make.category(parent=make.category())))
    with pytest.raises(catalog.CategoryTooDeep):
        make.category(parent=fourth)
    above = make.category()
    make.category(parent=above)
    above.parent = fourth.parent
    with pytest.raises(catalog.CategoryTooDeep):
        catalog.save_category(category=above)


@pytest.mark.django_db
def test_a_product_knows_the_ids_of_all_categories_above_it() -> None:
    ware = make.category("茶器")
    cups = make.category("茶杯", parent=ware)
    assert catalog_facts.category_ids_of(make.product(category=cups)) == {ware.pk, cups.pk}


@pytest.mark.django_db
def test_sold_units_are_added_to_each_product() -> None:
    cup, pot = make.product(sold_count=5), make.product()
    catalog.count_sold({pot.pk: 1, cup.pk: 2})
    assert dict(Product.objects.values_list("id", "sold_count")) == {cup.pk: 7, pot.pk: 1}


@pytest.mark.django_db
def test_only_enabled_skus_of_products_on_sale_can_be_bought() -> None:
    cup = make.sku()
    others = [
        make.sku(enabled=False),
        make.sku(on_sale=False),
        make.sku(sale_starts_at=AT + timedelta(seconds=1)),
        make.sku(sale_ends_at=AT),
    ]
    asked = [cup.pk, *(sku.pk for sku in others), 999_999]
    assert catalog_facts.sellable_skus(asked, at=AT) == {cup.pk: cup}
    assert set(catalog_facts.skus(asked)) == {cup.pk, *(sku.pk for sku in others)}


@pytest.mark.django_db
def test_a_product_without_an_enabled_sku_is_not_put_on_sale_and_neither_is_the_rest() -> None:
    fine, empty = make.product(on_sale=False), make.product("空杯", on_sale=False)
    Sku.objects.filter(product=empty).update(enabled=False)
    with pytest.raises(rules.ProductInvalid) as refused:
        catalog.put_on_sale(product_ids=[fine.pk, empty.pk])
    assert refused.value.text == "「空杯」没有启用的 SKU，不能上架"
    assert not Product.objects.filter(on_sale=True).exists()
    assert catalog.put_on_sale(product_ids=[fine.pk]) == 1
    assert catalog.put_on_sale(product_ids=[fine.pk]) == 0
    assert catalog.take_off_sale(product_ids=[fine.pk]) == 1


@pytest.mark.django_db
def test_a_product_that_makes_no_sense_leaves_nothing_behind() -> None:
    with pytest.raises(rules.ProductInvalid):
        make.product(options=[{"name": "颜色", "values": ["白"]}])
    assert Product.objects.count() == 0


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<p>茶<script>alert(1)</script></p>", "<p>茶</p>"),
        ('<img src="/media/x.jpg" onerror="alert(1)">', '<img src="/media/x.jpg">'),
        ('<a href="javascript:alert(1)">茶</a>', '<a rel="noopener noreferrer">茶</a>'),
        ('<img src="data:text/html;base64,PHNjcmlwdD4=">', ""),
        ('<iframe src="https://evil.example"></iframe>茶', "茶"),
        ('<p style="color: red; position: fixed">茶</p>', '<p style="color: red">茶</p>'),
        ('<p style="width:expression(alert(1))">茶</p>', None),
        ("<form><input></form>茶", "茶"),
        ("<svg><script>1</script></svg>茶", "茶"),
        ('<img src="/media/cup.jpg" alt="杯">', '<img src="/media/cup.jpg" alt="杯">'),
        ("<table><tr><td>材质</td></tr></table>", "<table><tbody><tr><td>材质</td></tr></tbody></table>"),
    ],
)
def test_detail_keeps_text_and_pictures_and_loses_what_could_harm(dirty: str, clean: str | None) -> None:
    cleaned = detail.sanitised(dirty)
    assert clean is None or cleaned == clean
    assert "script" not in cleaned
    assert "alert" not in cleaned or "expression" in dirty
    assert detail.sanitised(cleaned) == cleaned


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        (1, "「茶杯」2 件起购"),
        (3, "「茶杯」需按 2 的倍数购买"),
        (8, "「茶杯」每单限购 6 件"),
        (2, None),
        (6, None),
    ],
)
def test_purchase_limits_are_explained(quantity: int, reason: str | None) -> None:
    product = Product(title="茶杯", min_quantity=2, max_quantity=6, quantity_step=2)
    if reason is None:
        rules.check_quantity(product, quantity)
        return
    with pytest.raises(rules.QuantityNotAllowed) as refused:
        rules.check_quantity(product, quantity)
    assert refused.value.text == reason


@pytest.mark.django_db
def test_a_product_is_new_for_two_weeks_and_hot_from_300_units() -> None:
    product = Product(created_at=AT, sold_count=299)
    assert catalog_facts.badges_of(product, at=AT + timedelta(days=14, seconds=-1)) == ["新品"]
    product.sold_count = 300
    assert catalog_facts.badges_of(product, at=AT + timedelta(days=14)) == ["热卖"]
