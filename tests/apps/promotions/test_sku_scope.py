"""Offers on single SKUs: chosen by code or option value, priced, worn and tried as what they are, and never more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.base import versions
from apps.catalog import scopes
from apps.catalog.models import Product, Sku
from apps.coupons import selectors as coupon_facts
from apps.coupons.drafts import TemplateDraft, plain_fields
from apps.coupons.models import Template
from apps.coupons.services import templates
from apps.promotions import drafts
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.models import Promotion
from apps.promotions.wearing import Shelved, Wear
from mall.errors import Invalid
from mall.pricing import engine, scope
from mall.pricing.basket import Basket, Line
from tests.apps.catalog import make as catalog
from tests.apps.coupons import make as coupons
from tests.apps.coupons.test_admin import ADD as ADD_COUPON
from tests.apps.coupons.test_admin import typed as coupon_typed
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW
from tests.apps.promotions.test_admin import ADD, LIST, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def pot() -> Product:
    """A teapot in two sizes, 小 at ¥100.00 and 大 at ¥200.00."""
    return catalog.product(
        "紫砂壶",
        options=[{"name": "容量", "values": ["小", "大"]}],
        skus=[
            Sku(code="POT-S", option_values={"容量": "小"}, price_fen=100_00, cost_fen=60_00),
            Sku(code="POT-L", option_values={"容量": "大"}, price_fen=200_00, cost_fen=150_00),
        ],
    )


@pytest.fixture
def small(pot: Product) -> Sku:
    return pot.skus.get(code="POT-S")


@pytest.fixture
def large(pot: Product) -> Sku:
    return pot.skus.get(code="POT-L")


def lines(*skus: Sku) -> Basket:
    return Basket(
        lines=tuple(
            Line(
                sku_id=sku.pk,
                product_id=sku.product_id,
                title=sku.code,
                quantity=1,
                unit_price_fen=sku.price_fen,
            )
            for sku in skus
        )
    )


def test_a_promotion_for_one_size_leaves_the_other_at_its_price(small: Sku, large: Sku):
    make.promotion("PERCENT", off_bp=2000, sku_ids=[large.pk])
    offers = promotion_facts.offers_for(member=None, at=NOW)
    assert [offer.scope for offer in offers] == [scope.Skus(frozenset({large.pk}))]
    quote = engine.quote(lines(small, large), offers)
    assert [item.payable_fen for item in quote.items] == [100_00, 160_00]


def test_a_coupon_for_one_size_leaves_the_other_at_its_price(small: Sku, large: Sku):
    row = coupons.template(kind="NO_THRESHOLD", threshold_fen=0, off_fen=10_00, sku_ids=[small.pk])
    mine = coupons.coupon(of=row)
    [offer] = coupon_facts.offers_for(member=mine.member, at=coupons.AT)
    quote = engine.quote(lines(small, large), [offer])
    assert [item.payable_fen for item in quote.items] == [90_00, 200_00]


def test_a_product_wears_the_badge_that_one_of_its_skus_has(pot: Product, large: Sku):
    make.promotion("PERCENT", off_bp=2000, sku_ids=[large.pk])
    other = catalog.product()
    shelved = [
        Shelved(row.pk, frozenset(), None, frozenset(row.skus.values_list("pk", flat=True)))
        for row in (pot, other)
    ]
    wear = Wear(promotion_facts.shown(at=NOW))
    assert [wear.of(product).badges for product in shelved] == [["8折"], []]
    assert [[each["label"] for each in wear.of(product).activities] for product in shelved] == [["8折"], []]


def test_the_price_floor_looks_at_the_skus_that_are_meant_and_fills_the_basket_up(small: Sku, large: Sku):
    terms = promotion_facts.terms_of
    cheap = make.promotion("PERCENT", off_bp=3000, sku_ids=[large.pk])
    [row] = promotion_facts.with_scope_ids(Promotion.objects.filter(pk=cheap.pk))
    assert [(one.sku_id, one.unit_fen) for one in promotions.breaches(terms(row), at=NOW)] == [
        (large.pk, 140_00)
    ]
    # ¥100.00 of other goods beside it, and half of the ¥90.00 falls on the small one.
    stepped = make.promotion(steps=[[200_00, 90_00]], sku_ids=[small.pk])
    [row] = promotion_facts.with_scope_ids(Promotion.objects.filter(pk=stepped.pk))
    assert [(one.sku_id, one.unit_fen) for one in promotions.breaches(terms(row), at=NOW)] == [
        (small.pk, 55_00)
    ]


def test_a_simulation_takes_the_skus_along(large: Sku):
    row = make.promotion("PERCENT", off_bp=2000, sku_ids=[large.pk])
    tried = promotion_facts.draft(promotion_id=row.pk, at=NOW)
    assert tried is not None and list(tried.terms.sku_ids) == [large.pk]


def test_what_a_process_keeps_knows_of_another_sku_at_once(small: Sku, large: Sku):
    row = make.promotion("PERCENT", off_bp=2000, sku_ids=[large.pk])
    coupons.coupon(of=(template := coupons.template(sku_ids=[large.pk])))
    for topic, column in (("promotions", row.skus), ("coupon_templates", template.skus)):
        before = versions.current()[topic]
        column.add(small.pk)
        assert versions.current()[topic] != before
    [offer] = promotion_facts.offers_for(member=None, at=NOW)
    assert offer.scope == scope.Skus(frozenset({small.pk, large.pk}))


def test_a_draft_names_skus_and_refuses_those_that_are_not_there(large: Sku):
    made = make.promotion("PERCENT", off_bp=2000, sku_ids=[large.pk])
    draft = drafts.of_row(made)
    assert draft.goods == scopes.meant(sku_ids=[large.pk])
    with pytest.raises(promotions.PromotionRefused) as refused:
        promotions.save(replace(draft, goods=scopes.meant(sku_ids=[999_999])), at=NOW)
    assert [(fault.field, fault.text) for fault in refused.value.faults] == [("skus", "SKU不存在：999999")]
    with pytest.raises(Invalid, match="只能选择一种适用范围"):
        scopes.meant(sku_ids=[large.pk], product_ids=[large.product_id])


def test_a_template_of_which_coupons_are_out_keeps_its_skus(small: Sku, large: Sku):
    row = coupons.template(sku_ids=[large.pk])
    coupons.coupon(of=row)
    row.refresh_from_db()
    plain = {name: getattr(row, name) for name in plain_fields()}
    changed = TemplateDraft(template_id=row.pk, goods=scopes.meant(sku_ids=[small.pk]), **plain)
    with pytest.raises(templates.TemplateRefused, match="不能再改"):
        templates.save(changed, at=coupons.AT)


def test_operators_choose_skus_for_a_promotion_and_read_which(admin_client: Client, large: Sku):
    answer = admin_client.post(
        ADD, typed(kind="PERCENT", off_bp="8", steps="", scope="SKUS", skus=[large.pk])
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = Promotion.objects.get()
    assert [sku.code for sku in row.skus.all()] == ["POT-L"]
    assert "指定规格：POT-L（大）" in admin_client.get(LIST).content.decode()
    assert "POT-L（大）" in admin_client.get(f"{LIST}{row.pk}/change/").content.decode()


def test_a_promotion_for_skus_without_any_is_refused(admin_client: Client):
    answer = admin_client.post(ADD, typed(kind="PERCENT", off_bp="8", steps="", scope="SKUS"))
    assert answer.status_code == 200
    assert "请至少选择一项适用商品" in answer.content.decode()


def test_operators_choose_skus_for_a_coupon(admin_client: Client, small: Sku):
    answer = admin_client.post(ADD_COUPON, coupon_typed(scope="SKUS", skus=[small.pk]))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert [sku.code for sku in Template.objects.get().skus.all()] == ["POT-S"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("POT-L", ["POT-L"]),
        ("大", ["POT-L"]),
        ("紫砂壶", ["POT-L", "POT-S"]),
        ("紫砂 小", ["POT-S"]),
        ("青", []),
    ],
)
@pytest.mark.parametrize("model", ["promotions/promotion", "coupons/template"])
def test_a_sku_is_found_by_code_title_and_option_value(
    admin_client: Client, pot: Product, model: str, asked: str, found: list[str]
):
    app, name = model.split("/")
    question: dict[str, Any] = {"term": asked, "app_label": app, "model_name": name, "field_name": "skus"}
    answer = admin_client.get("/admin/autocomplete/", question)
    assert answer.status_code == 200
    codes = [one["text"].partition("（")[0] for one in answer.json()["results"]]
    assert sorted(codes) == found
