"""Reading a cart: its lines with their SKUs and products, never a price of their own."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.carts.models import CartItem
from apps.members.models import Member


def items_of(*, member: Member) -> QuerySet[CartItem]:
    """A member's cart, what was added last first, with SKUs and products, those off sale included."""
    return (
        CartItem.objects.filter(member=member)
        .select_related("sku__product__category", "sku__product__brand")
        .order_by("-added_at", "-id")
    )


def selected_of(*, member: Member) -> list[tuple[int, int]]:
    """The (sku_id, quantity) pairs that are ticked for ordering, in the order of the cart."""
    return list(
        CartItem.objects.filter(member=member, selected=True)
        .order_by("-added_at", "-id")
        .values_list("sku_id", "quantity")
    )
