"""What an order is wrapped in, for money, at the counter: chosen, priced after every offer, frozen with the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.catalog.models import Sku
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import PackingOption
from mall.errors import Invalid, Kind, ShopError
from mall.pricing.packing import packed
from mall.pricing.quote import Quote


class PackingInvalid(Invalid):
    """A card where there is none, or one that is too long; ``details`` names the field."""

    message = "包装有误"


class PackingNotFound(ShopError):
    """No packing of this id can be chosen (any more). ``details``: ``packing_id``."""

    code = "packing_not_found"
    message = "该包装不存在或已停用"
    kind = Kind.NOT_FOUND


class PackingNotOffered(ShopError):
    """Nothing of the order travels, or it has not come yet."""

    code = "packing_not_offered"
    message = "该订单不支持选择包装"
    kind = Kind.CONFLICT


class Wanted(NamedTuple):
    """The packing as it was said: an option, and what is written on its card."""

    option_id: int
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """A packing that was chosen, at the price of now."""

    option: PackingOption
    message: str

    @property
    def sku(self) -> Sku:
        """The hidden SKU behind it."""
        return self.option.sku

    @property
    def demand(self) -> dict[int, int]:
        """What has to lie on the shelf for it, by SKU id."""
        return {self.sku.pk: 1} if self.option.uses_stock else {}

    def onto(self, quote: Quote) -> Quote:
        """The quote with the packing's line."""
        return packed(quote, sku_id=self.sku.pk, title=self.option.name, price_fen=self.option.price_fen)

    def shown(self) -> dict[str, Any]:
        """As quotes answer it."""
        return {"id": self.option.pk, "name": self.option.name, "message": self.message}

    def as_order(self) -> dict[str, Any]:
        """As the order keeps it: a copy, for the option may change."""
        return {**self.shown(), "sku_id": self.sku.pk, "uses_stock": self.option.uses_stock}


def chosen(wanted: Wanted | None, *, virtual: bool, by_plan: bool) -> Packing | None:
    """The packing that was asked for; None without one, at no statement. ``by_plan``: the goods have not come yet.

    Raises PackingNotOffered, PackingNotFound, PackingInvalid.
    """
    if wanted is None:
        return None
    if virtual:
        raise PackingNotOffered("虚拟商品在线交付，无需包装")
    if by_plan:
        raise PackingNotOffered("预售商品暂不支持选择包装")
    option = parcel_facts.packing_option(wanted.option_id)
    if option is None:
        raise PackingNotFound(details={"packing_id": wanted.option_id})
    if len(wanted.message) > option.message_most:
        text = f"贺卡最多 {option.message_most} 字" if option.message_most else "该包装没有贺卡"
        raise PackingInvalid(details={"delivery": {"packing": {"message": [text]}}})
    return Packing(option=option, message=wanted.message)
