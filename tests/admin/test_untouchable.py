"""Nobody types a status, an amount of an order or a stock figure: no form of the admin has a field for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client, RequestFactory

from apps.inventory.models import Stock
from apps.orders.models import Order
from tests.admin import shop

# Prices, postage and offers are what the shop asks for; all other money is what happened.
_ASKED_FOR = {
    "catalog.Sku.price_fen",
    "catalog.Sku.market_price_fen",
    "catalog.Sku.cost_fen",
    "fulfillment.PackingOption.price_fen",
    "fulfillment.PackingOption.cost_fen",
    "books.CostRate.postage_fen",
    "books.CostRate.packing_fen",
    "books.CostRate.insurance_fen",
    "promotions.LevelPrice.price_fen",
    "promotions.Promotion.threshold_fen",
    "promotions.Promotion.cap_fen",
    "promotions.Promotion.off_fen",
    "promotions.Promotion.price_fen",
    "points.PointsGood.money_fen",
    "wallet.Pack.principal_fen",
    "wallet.Pack.bonus_fen",
    "coupons.Template.threshold_fen",
    "coupons.Template.off_fen",
    "coupons.Template.cap_fen",
    "coupons.Template.gift_from_fen",
    "bargain.Bargain.floor_fen",
    "flashsale.Good.price_fen",
    "flashsale.PlanGood.price_fen",
    "presale.Presale.deposit_fen",
    "presale.Presale.deposit_worth_fen",
    "packets.PacketRule.order_from_fen",
    "packets.PacketRule.least_fen",
    "packets.PacketRule.most_fen",
    "audiences.RfmRules.own_money_fen",
    "distribution.PromoterLevel.min_amount_fen",
    "distribution.Rules.join_by_spending_fen",
    "distribution.Rules.withdraw_min_fen",
    "distribution.Rules.review_above_fen",
    "distribution.Rules.second_person_above_fen",
    "fulfillment.FreightZone.first_fee_fen",
    "fulfillment.FreightZone.next_fee_fen",
    "stores.Place.delivery_min_fen",
    "stores.Place.delivery_fee_fen",
    "stores.Place.delivery_more_fen",
}
_NEVER = {"status", "on_hand", "held", "restored", "sold_count", "order_no", "openid", "transaction_id"}


def forms(request: HttpRequest, row: Model | None, model_admin: Any) -> dict[str, set[str]]:
    """Return the editable fields by model, of a page and of its inlines."""
    found: dict[str, set[str]] = {}
    allowed = (
        model_admin.has_change_permission(request, row) if row else model_admin.has_add_permission(request)
    )
    if allowed:
        found[model_admin.model._meta.label] = set(model_admin.get_form(request, row).base_fields)
        found[model_admin.model._meta.label] |= set(model_admin.list_editable)
        found[model_admin.model._meta.label] -= set(model_admin.get_readonly_fields(request, row))
    for inline in model_admin.get_inline_instances(request, row):
        may = inline.has_change_permission(request, row) or inline.has_add_permission(request, row)
        if may:
            fields = set(inline.get_formset(request, row).form.base_fields)
            found[inline.model._meta.label] = fields - set(inline.get_readonly_fields(request, row))
    return found


@pytest.mark.parametrize("with_row", [False, True], ids=["adding", "changing"])
def test_no_form_has_a_field_for_status_money_or_stock(manager: User, with_row: bool) -> None:
    request = RequestFactory().get("/admin/")
    request.user = manager
    if with_row:
        shop.fill(1, operator=manager)
    editable = {
        f"{label}.{field}"
        for model, model_admin in admin.site._registry.items()
        if model.__module__.startswith("apps.")
        for label, fields in forms(
            request, model._default_manager.first() if with_row else None, model_admin
        ).items()
        for field in fields
    }
    assert "catalog.Product.title" in editable
    money = {name for name in editable if name.endswith("_fen")} - _ASKED_FOR
    assert money == set()
    assert {name for name in editable if name.rpartition(".")[2] in _NEVER} == set()


def test_a_posted_status_changes_nothing(page: Client, manager: User) -> None:
    order = shop.shipped_order(operator=manager)
    answer = page.post(f"/admin/orders/order/{order.pk}/change/", {"status": "REFUNDED", "payable_fen": "1"})
    assert answer.status_code == 403
    now = Order.objects.get(pk=order.pk)
    assert (now.status, now.payable_fen) == (order.status, order.payable_fen)


def test_a_posted_stock_figure_changes_nothing(page: Client, manager: User) -> None:
    shop.scarce_goods()
    row = Stock.objects.order_by("pk")[0]
    answer = page.post(f"/admin/inventory/stock/{row.pk}/change/", {"on_hand": "999"})
    assert answer.status_code == 403
    assert Stock.objects.get(pk=row.pk).on_hand == row.on_hand


@pytest.mark.parametrize(
    "model",
    ["orders/order", "payments/payment", "payments/refund", "inventory/stock", "fulfillment/parcel"],
)
def test_what_happened_is_neither_added_nor_deleted_by_hand(page: Client, manager: User, model: str) -> None:
    shop.fill(1, operator=manager)
    before = Order.objects.count()
    assert page.get(f"/admin/{model}/add/").status_code == 403
    assert page.post(f"/admin/{model}/1/delete/", {"post": "yes"}).status_code in {302, 403}
    assert Order.objects.count() == before
