"""From what a shopper chose to an explained price: read the rooms below, let ``mall.pricing`` decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.carts import selectors as carts
from apps.carts.services import MAX_QUANTITY
from apps.catalog import selectors as catalog
from apps.catalog.models import Sku
from apps.catalog.rules import QuantityNotAllowed
from apps.checkout import limits
from apps.fulfillment import freight
from apps.members import selectors as members
from apps.members.models import Address, Member
from apps.promotions import selectors as promotions
from mall.errors import Kind, ShopError
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer, Destination, Freight, Line
from mall.pricing.quote import Quote


class NotOnSale(ShopError):
    """Some goods cannot be bought (any more); ``details`` has their ``sku_ids``."""

    code = "not_on_sale"
    message = "商品已下架"
    kind = Kind.CONFLICT


class Undeliverable(ShopError):
    """Some goods are not sent to the chosen region; ``details`` has their ``sku_ids``."""

    code = "undeliverable"
    message = "部分商品不支持配送到该地区"
    kind = Kind.CONFLICT


class NothingSelected(ShopError):
    """The cart has no ticked line to order."""

    code = "nothing_selected"
    message = "请先选择要购买的商品"
    kind = Kind.CONFLICT


class CouponNotFound(ShopError):
    """The member holds no such coupon."""

    code = "coupon_not_found"
    message = "优惠券不存在"
    kind = Kind.NOT_FOUND


class ActivityNotFound(ShopError):
    """There is no such activity."""

    code = "activity_not_found"
    message = "活动不存在或已结束"
    kind = Kind.NOT_FOUND


class PointsNotEnough(ShopError):
    """The member has fewer points than are to be used; ``details`` has the balance."""

    code = "points_not_enough"
    message = "积分不足"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a shopper wants to buy, as it was said.

    ``items`` are (sku_id, quantity) pairs, None for what is ticked in the cart; a SKU that is named twice adds
    up. ``coupon_id``, ``use_points`` and ``activity`` belong to the contract; nobody holds coupons or points
    yet, and no activity runs, so that naming one is refused for what it is.
    """

    items: tuple[tuple[int, int], ...] | None = None
    address_id: int | None = None
    coupon_id: int | None = None
    use_points: bool | int = False
    activity: Mapping[str, Any] | None = None

    @property
    def from_cart(self) -> bool:
        """Whether the cart's ticked lines are meant."""
        return self.items is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A priced choice with the rows that it was priced from: SKUs by id, quantities by SKU id."""

    quote: Quote
    skus: Mapping[int, Sku]
    quantities: Mapping[int, int]
    address: Address | None


def compose(*, member: Member, choice: Choice, at: datetime) -> Composition:
    """Price a choice for a member, to the address where one is named.

    Raises NotFound for an address that is not the member's, and NothingSelected, NotOnSale,
    QuantityNotAllowed, Undeliverable, CouponNotFound, ActivityNotFound, PointsNotEnough.
    """
    _refuse_what_nobody_has(choice)
    address = _address(member, choice.address_id)
    quantities = _quantities(member, choice)
    skus = catalog.sellable_skus(quantities, at=at)
    if missing := [sku_id for sku_id in quantities if sku_id not in skus]:
        raise NotOnSale(details={"sku_ids": missing})
    _refuse_quantities(skus, quantities)
    quote = price(member=member, skus=skus, quantities=quantities, address=address, at=at)
    if quote.undeliverable:
        raise Undeliverable(details={"sku_ids": list(quote.undeliverable)})
    return Composition(quote=quote, skus=skus, quantities=quantities, address=address)


def price(
    *,
    member: Member,
    skus: Mapping[int, Sku],
    quantities: Mapping[int, int],
    address: Address | None,
    at: datetime,
) -> Quote:
    """The quote of sellable SKUs with the offers of now; without an address the freight is not known yet."""
    freights: tuple[Freight, ...] = ()
    refs: Mapping[int, str] = {}
    if address is not None:
        freights, refs = freight.freights_for({sku.product_id for sku in skus.values()})
    basket = Basket(
        lines=tuple(
            line(skus[sku_id], quantity, freight_ref=refs.get(skus[sku_id].product_id))
            for sku_id, quantity in quantities.items()
        ),
        buyer=Buyer(level_id=member.level_id),
        destination=_destination(address),
        freights=freights,
    )
    return engine.quote(basket, promotions.offers_for(member=member, at=at, sku_ids=quantities))


def line(sku: Sku, quantity: int, *, freight_ref: str | None = None) -> Line:
    """A SKU as a line of the basket, at its list price."""
    product = sku.product
    return Line(
        sku_id=sku.pk,
        product_id=product.pk,
        category_ids=catalog.category_ids_of(product),
        brand_id=product.brand_id,
        title=product.title,
        quantity=quantity,
        unit_price_fen=sku.price_fen,
        weight_g=sku.weight_g,
        freight_ref=freight_ref,
    )


def option_text(sku: Sku) -> str:
    """A SKU's option values for people, in the product's order of options: ``白 / 大``."""
    return " / ".join(str(sku.option_values.get(option["name"], "")) for option in sku.product.options)


def image_name(sku: Sku) -> str:
    """The stored picture of a SKU, its product's cover where it has none of its own."""
    return sku.image.name or sku.product.cover.name or ""


def _refuse_what_nobody_has(choice: Choice) -> None:
    if choice.coupon_id is not None:
        raise CouponNotFound
    if choice.activity is not None:
        raise ActivityNotFound
    if choice.use_points:
        raise PointsNotEnough(details={"balance": 0})


def _address(member: Member, address_id: int | None) -> Address | None:
    return None if address_id is None else members.address_of(member=member, address_id=address_id)


def _destination(address: Address | None) -> Destination | None:
    if address is None:
        return None
    return Destination(province=address.province, city=address.city, district=address.district)


def _quantities(member: Member, choice: Choice) -> dict[int, int]:
    """The wanted quantities by SKU id, in the order in which the shopper named them."""
    said = carts.selected_of(member=member) if choice.items is None else choice.items
    if not said:
        raise NothingSelected
    quantities: dict[int, int] = {}
    for sku_id, quantity in said:
        quantities[sku_id] = quantities.get(sku_id, 0) + quantity
    return quantities


def _refuse_quantities(skus: Mapping[int, Sku], quantities: Mapping[int, int]) -> None:
    for sku_id, quantity in quantities.items():
        if quantity > MAX_QUANTITY:
            raise QuantityNotAllowed(details={"sku_id": sku_id, "max": MAX_QUANTITY})
    for refusal in limits.broken(
        (skus[sku_id], quantity) for sku_id, quantity in quantities.items()
    ).values():
        raise refusal
