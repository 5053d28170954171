"""The examples in the API's documentation have the very fields of the answers, and figures that add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout import examples
from apps.members.models import Member
from apps.storefront import examples as storefront
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons

pytestmark = pytest.mark.django_db


def _form(value: Any) -> Any:
    """The nested names of an answer, whatever the figures; a list is described by its first entry."""
    if isinstance(value, dict):
        return {name: _form(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_form(value[0])] if value else []
    return None


def test_examples_look_like_the_answers(shopper_of: Callable[[Member], Any]) -> None:
    member, address = make.buyer()
    cup = make.goods(5000)
    make.promotion(steps=[[100_00, 15_00]])
    make.promotion("FREE_POSTAGE", threshold_fen=199_00)
    make.freight(800)
    at_200 = coupons.template("满200减20", threshold_fen=200_00, off_fen=20_00)
    coupons.coupon(member, of=at_200, at=timezone.now())
    shopper = shopper_of(member)
    choice = {"items": [{"sku_id": cup.pk, "quantity": 2}], "address_id": address.pk}

    quote = shopper.call("POST", "/checkout/quote", choice).json()
    cart = shopper.call("POST", "/cart/items", choice["items"][0]).json()
    body = {**choice, "expected_payable_fen": 9300}
    order = shopper.call("POST", "/orders", body, idempotency_key="k").json()
    page = shopper.call("GET", "/orders").json()

    assert _form(quote) == _form(examples.QUOTE)
    assert _form(cart) == _form(storefront.CART)
    assert _form(order) == _form(examples.ORDER)
    assert _form(page) == _form(examples.ORDER_PAGE)
    for name in ("goods_fen", "reduction_fen", "shipping_fen", "payable_fen"):
        assert quote[name] == order[name] == examples.QUOTE[name] == examples.ORDER[name]
    (unusable,) = quote["coupons"]["unusable"]
    assert unusable["reason"] == examples.QUOTE["coupons"]["unusable"][0]["reason"]
    assert unusable["short_by_fen"] == examples.QUOTE["coupons"]["unusable"][0]["short_by_fen"]
    assert quote["hints"][0]["reason"] == examples.QUOTE["hints"][0]["reason"]
    assert quote["hints"][0]["gain_fen"] == examples.QUOTE["hints"][0]["gain_fen"]
    assert quote["hints"][0]["products_url"] == examples.QUOTE["hints"][0]["products_url"]
    assert quote["declined"][0]["short_by_fen"] == examples.QUOTE["declined"][0]["short_by_fen"]
