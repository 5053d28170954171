"""Freight templates as pricing sees them: a product's own, else the default, else none."""

from __future__ import annotations

from typing import Any

import pytest

from apps.base import versions
from apps.fulfillment import freight
from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from apps.fulfillment.services import templates
from mall.pricing.basket import ChargedBy, FreightInvalid, Zone
from tests.apps.catalog import make as catalog

pytestmark = pytest.mark.django_db


def template(name: str, *, is_default: bool = False, charged_by: str = "PIECE") -> FreightTemplate:
    made = FreightTemplate(name=name, is_default=is_default, charged_by=charged_by)
    if is_default:
        return templates.save(template=made)
    made.save()
    return made


def tariff(of: FreightTemplate, *regions: str, first_fee_fen: int = 800) -> FreightZone:
    return FreightZone.objects.create(
        template=of, regions=list(regions), first_units=1, first_fee_fen=first_fee_fen, next_units=1, next_fee_fen=200
    )  # fmt: skip


def test_a_product_uses_its_own_template_and_all_others_the_default() -> None:
    own, usual = template("大件", charged_by="WEIGHT"), template("普通快递", is_default=True)
    tariff(own)
    tariff(usual)
    pot, cup = catalog.product("茶壶"), catalog.product("茶杯")
    ProductFreight.objects.create(product=pot, template=own)

    freights, refs = freight.freights_for([pot.pk, cup.pk])

    assert refs == {pot.pk: f"freight:{own.pk}", cup.pk: f"freight:{usual.pk}"}
    assert {one.label: one.charged_by for one in freights} == {
        "大件": ChargedBy.WEIGHT,
        "普通快递": ChargedBy.PIECE,
    }


def test_only_templates_that_are_needed_are_answered() -> None:
    own = template("大件")
    tariff(own)
    tariff(template("普通快递", is_default=True))
    pot = catalog.product("茶壶")
    ProductFreight.objects.create(product=pot, template=own)

    freights, _ = freight.freights_for([pot.pk])

    assert [one.label for one in freights] == ["大件"]


def test_tariffs_keep_their_regions_and_the_one_without_is_for_everywhere_else() -> None:
    usual = template("普通快递", is_default=True)
    tariff(usual, "新疆维吾尔自治区", "西藏自治区", first_fee_fen=2500)
    tariff(usual)

    (only,), _ = freight.freights_for([catalog.product().pk])

    far = frozenset({"新疆维吾尔自治区", "西藏自治区"})
    assert only.zones == (
        Zone(regions=far, first_units=1, first_fee_fen=2500, next_units=1, next_fee_fen=200),
    )
    assert only.default == Zone(first_units=1, first_fee_fen=800, next_units=1, next_fee_fen=200)


def test_without_a_default_template_goods_have_none_and_cannot_be_sent() -> None:
    template("大件")  # of other goods

    assert freight.freights_for([catalog.product().pk]) == ((), {})


@pytest.mark.parametrize("is_default", [True, False], ids=["the default", "a product's own"])
def test_a_template_without_tariffs_is_refused_not_taken_for_free(is_default: bool) -> None:
    empty = template("空", is_default=is_default)
    product = catalog.product()
    if not is_default:
        ProductFreight.objects.create(product=product, template=empty)

    with pytest.raises(FreightInvalid):
        freight.freights_for([product.pk])


@pytest.mark.parametrize("products", [1, 10])
@pytest.mark.parametrize(("most", "statements"), [(100, 0), (0, 1)])
def test_templates_and_who_has_them_are_kept_unless_these_are_too_many_to_keep(
    django_assert_num_queries: Any, monkeypatch: Any, products: int, most: int, statements: int
) -> None:
    monkeypatch.setattr(freight, "MOST_KEPT", most)
    tariff(template("普通快递", is_default=True))
    keys = []
    for number in range(products):
        product = catalog.product(f"茶杯 {number}")
        keys.append(product.pk)
        own = template(f"模板 {number}")
        tariff(own)
        ProductFreight.objects.create(product=product, template=own)

    freight.freights_for(keys)
    with versions.once(), django_assert_num_queries(statements):
        freights, refs = freight.freights_for(keys)

    assert (len(freights), len(refs)) == (products, products)
