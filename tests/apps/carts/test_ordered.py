"""What an order takes out of a cart: what was ordered, not what was added meanwhile."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.carts import selectors as cart_facts
from apps.carts import services as carts
from apps.carts.models import CartItem
from apps.members.models import Member
from tests.apps.catalog import make as catalog
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def _cart(member: Member) -> dict[int, int]:
    return dict(CartItem.objects.filter(member=member).values_list("sku_id", "quantity"))


def test_lines_that_grew_since_keep_what_came_on_top() -> None:
    member = members.member()
    grown, same, other = (catalog.sku() for _ in range(3))
    for sku, quantity in ((grown, 5), (same, 2), (other, 7)):
        carts.put(member=member, sku_id=sku.pk, quantity=quantity, selected=True, at=members.AT)

    with transaction.atomic():
        carts.take_ordered(member=member, quantities={grown.pk: 2, same.pk: 2})

    assert _cart(member) == {grown.pk: 3, other.pk: 7}


@pytest.mark.parametrize("left", [None, 1])
def test_of_a_cart_that_lost_a_line_or_units_since_nothing_is_taken(left: int | None) -> None:
    member = members.member()
    same, less = catalog.sku(), catalog.sku()
    for sku, quantity in ((same, 2), (less, left)):
        if quantity:
            carts.put(member=member, sku_id=sku.pk, quantity=quantity, selected=True, at=members.AT)
    before = _cart(member)

    with pytest.raises(carts.CartChanged), transaction.atomic():
        carts.take_ordered(member=member, quantities={same.pk: 2, less.pk: 3})

    assert _cart(member) == before


def test_another_member_s_cart_is_left_alone() -> None:
    member, other = members.member(), members.member()
    sku = catalog.sku()
    for owner in (member, other):
        carts.put(member=owner, sku_id=sku.pk, quantity=1, selected=True, at=members.AT)
    with transaction.atomic():
        carts.take_ordered(member=member, quantities={sku.pk: 1})
    assert (_cart(member), _cart(other)) == ({}, {sku.pk: 1})


def test_only_ticked_lines_are_selected_for_ordering() -> None:
    member = members.member()
    ticked, unticked = catalog.sku(), catalog.sku()
    carts.put(member=member, sku_id=ticked.pk, quantity=2, selected=True, at=members.AT)
    carts.put(member=member, sku_id=unticked.pk, quantity=2, selected=False, at=members.AT)
    assert cart_facts.selected_of(member=member) == [(ticked.pk, 2)]
