"""The goods that a shopper chose: which and how many of each, where that is how they are sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.carts import selectors as cart_facts
from apps.carts.services import MAX_QUANTITY
from apps.catalog import articles
from apps.catalog.articles import Article
from apps.catalog.rules import QuantityNotAllowed
from apps.checkout import limits
from apps.members import selectors as member_facts
from apps.members.models import Member
from mall.errors import Kind, ShopError


class NotOnSale(ShopError):
    """Some goods cannot be bought (any more); ``details`` has their ``sku_ids``."""

    code = "not_on_sale"
    message = "商品已下架"
    kind = Kind.CONFLICT


class NothingSelected(ShopError):
    """The cart has no ticked line to order."""

    code = "nothing_selected"
    message = "请先选择要购买的商品"
    kind = Kind.CONFLICT


def quantities(items: Sequence[tuple[int, int]] | None, *, member: Member) -> dict[int, int]:
    """The wanted quantities by SKU id, in the order in which the shopper named them; without ``items``, of the cart.

    Raises NothingSelected.
    """
    said = cart_facts.selected_of(member=member) if items is None else items
    if not said:
        raise NothingSelected
    wanted: dict[int, int] = {}
    for sku_id, quantity in said:
        wanted[sku_id] = wanted.get(sku_id, 0) + quantity
    return wanted


def sellable(wanted: Mapping[int, int], *, member: Member, at: datetime) -> Mapping[int, Article]:
    """The articles of these SKUs, each sold now, to this member, and in so many units.

    Raises NotOnSale, QuantityNotAllowed.
    """
    skus = articles.sellable(wanted, at=at, early=member_facts.lead_of(member))
    if missing := [sku_id for sku_id in wanted if sku_id not in skus]:
        raise NotOnSale(details={"sku_ids": missing})
    for sku_id, quantity in wanted.items():
        if quantity > MAX_QUANTITY:
            raise QuantityNotAllowed(details={"sku_id": sku_id, "max": MAX_QUANTITY})
    for refusal in limits.broken((skus[sku_id], quantity) for sku_id, quantity in wanted.items()).values():
        raise refusal
    return skus
