"""What a product must be like: checks that services and the operators' forms share, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from apps.catalog.models import Product, Returns, Sku
from mall.errors import Invalid, ShopError
from mall.money import yuan

MAX_OPTIONS = 3
MAX_VALUES = 50
# What a page can show and a phone can load; options of fifty values each would allow 125,000.
MAX_SKUS = 600
_MAX_VIDEO_BYTES = 100 * 1024 * 1024
MAX_ATTRIBUTES = 30
_NAME_LENGTH, _VALUE_LENGTH, _ATTRIBUTE_LENGTH = 10, 30, 100


class ProductInvalid(Invalid):
    """A product or SKU that cannot be sold as described; details: ``field`` names what to correct."""

    code = "product_invalid"
    message = "商品信息有误"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, details={"field": field})
        self.field = field


class QuantityNotAllowed(ShopError):
    """A quantity outside the product's purchase limits; details: ``min``, ``max`` (or null), ``step``."""

    code = "quantity_not_allowed"
    message = "购买数量不符合要求"


class Bounds(NamedTuple):
    """How many of a product one order may hold: from ``least`` to ``most`` (None: without end), in steps."""

    product_id: int
    title: str
    least: int
    most: int | None
    step: int

    @classmethod
    def of(cls, product: Product) -> Bounds:
        """Those of a product."""
        return cls(
            product.pk, product.title, product.min_quantity, product.max_quantity, product.quantity_step
        )

    def refusal(self, quantity: int) -> QuantityNotAllowed | None:
        """Why one order may not hold so many (summed over the product's SKUs), for the shopper; None where it may."""
        if quantity < self.least:
            reason = f"「{self.title}」{self.least} 件起购"
        elif self.most is not None and quantity > self.most:
            reason = f"「{self.title}」每单限购 {self.most} 件"
        elif quantity % self.step:
            reason = f"「{self.title}」需按 {self.step} 的倍数购买"
        else:
            return None
        bounds = {"product_id": self.product_id, "min": self.least, "max": self.most, "step": self.step}
        return QuantityNotAllowed(reason, details=bounds)


def check_quantity(product: Product, quantity: int) -> None:
    """Refuse a quantity that one order may not hold of this product. Raises QuantityNotAllowed."""
    if refusal := Bounds.of(product).refusal(quantity):
        raise refusal


def check_product(product: Product) -> None:
    """Refuse options, parameters, purchase limits or a sale window that make no sense. Raises ProductInvalid."""
    check_options(product.options)
    _check_attributes(product.attributes)
    if product.packing and product.on_sale:
        raise ProductInvalid("on_sale", "包装不单独出售，不能上架")
    least, most, step = product.min_quantity, product.max_quantity, product.quantity_step
    if least < 1:
        raise ProductInvalid("min_quantity", "起购数量至少为 1")
    if step < 1:
        raise ProductInvalid("quantity_step", "购买倍数至少为 1")
    if least % step:
        raise ProductInvalid("min_quantity", f"起购数量应是购买倍数（{step}）的整数倍")
    if most is not None and most < least:
        raise ProductInvalid("max_quantity", "每单限购不能小于起购数量")
    starts, ends = product.sale_starts_at, product.sale_ends_at
    if starts and ends and ends <= starts:
        raise ProductInvalid("sale_ends_at", "定时下架应晚于定时上架")
    if product.pk and Sku.objects.filter(product_id=product.pk, virtual=True).exists():
        check_virtual(product)


def check_virtual(product: Product) -> None:
    """Refuse a product of card keys that says it goes back: once seen, a key is used. Raises ProductInvalid.

    《消费者权益保护法》第二十五条第一款第三项; shoppers read it before they buy.
    """
    if product.returns != Returns.DIGITAL:
        wanted = Returns.DIGITAL.label
        raise ProductInvalid("returns", f"有虚拟商品（卡密）的商品，「七天无理由」须为「{wanted}」")


def check_skus(product: Product, skus: Sequence[Sku]) -> None:
    """Refuse SKUs that do not fit the product's options, or repeat one another. Raises ProductInvalid."""
    if len(skus) > MAX_SKUS:
        raise ProductInvalid("options", f"一件商品最多 {MAX_SKUS} 个 SKU，现有 {len(skus)} 个")
    seen: set[tuple[tuple[str, str], ...]] = set()
    for sku in skus:
        check_sku(product, sku)
        choice = tuple(sorted(sku.option_values.items()))
        if choice in seen:
            raise ProductInvalid(
                "option_values", f"规格组合重复：{described(sku.option_values, product.options) or '无规格'}"
            )
        seen.add(choice)
    if product.on_sale and not any(sku.enabled for sku in skus):
        raise ProductInvalid("on_sale", "没有启用的 SKU，不能上架")


def check_sku(product: Product, sku: Sku) -> None:
    """Refuse one SKU whose option values or amounts make no sense. Raises ProductInvalid."""
    names = [option["name"] for option in product.options]
    values = sku.option_values
    if not isinstance(values, dict) or set(values) != set(names):
        wanted = "、".join(names)
        raise ProductInvalid(
            "option_values", f"请为每个规格选一个值：{wanted}" if names else "商品没有规格，规格值应留空"
        )
    for option in product.options:
        if values[option["name"]] not in option["values"]:
            choices = "、".join(option["values"])
            raise ProductInvalid("option_values", f"「{option['name']}」只能是：{choices}")
    price = sku.price_fen
    if sku.market_price_fen is not None and sku.market_price_fen < price:
        raise ProductInvalid("market_price_fen", f"划线价不能低于售价 {yuan(price)} 元")
    if sku.cost_fen is not None and sku.cost_fen > price and product.role != Product.Role.TRAFFIC:
        raise ProductInvalid(
            "cost_fen", f"成本高于售价 {yuan(price)} 元；确要亏本销售，请把商品定位设为「引流款」"
        )


def check_video(*, size: int) -> None:
    """Refuse a video of more bytes than phones wait for. Raises ProductInvalid."""
    if size > _MAX_VIDEO_BYTES:
        raise ProductInvalid("video", "视频不能超过 100 MB")


def in_order(option_values: Mapping[str, str], options: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return option values in the order of the product's options: jsonb keeps names in an order of its own."""
    known = [option["name"] for option in options if option["name"] in option_values]
    gone = [name for name in option_values if name not in known]
    return {name: option_values[name] for name in (*known, *gone)}


def described(option_values: Mapping[str, str], options: Sequence[Mapping[str, Any]]) -> str:
    """Return option values for people, in the order of the product's options: ``白 / 大``."""
    return " / ".join(in_order(option_values, options).values())


def check_options(options: Any) -> None:
    """Refuse options that make no sense: too many, without a name, with no or repeated values. Raises ProductInvalid."""
    if not isinstance(options, list) or len(options) > MAX_OPTIONS:
        raise ProductInvalid("options", f"规格最多 {MAX_OPTIONS} 个")
    for option in options:
        if not isinstance(option, dict) or set(option) != {"name", "values"}:
            raise ProductInvalid("options", "每个规格应有名称和可选值")
        values = option["values"]
        if not _text(option["name"], _NAME_LENGTH):
            raise ProductInvalid("options", f"规格名称应为 1 到 {_NAME_LENGTH} 个字")
        if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
            raise ProductInvalid("options", f"「{option['name']}」应有 1 到 {MAX_VALUES} 个可选值")
        if not all(_text(value, _VALUE_LENGTH) for value in values):
            raise ProductInvalid("options", f"「{option['name']}」的可选值应为 1 到 {_VALUE_LENGTH} 个字")
        if _repeats(values):
            raise ProductInvalid("options", f"「{option['name']}」的可选值重复")
    if _repeats(option["name"] for option in options):
        raise ProductInvalid("options", "规格名称重复")


def _check_attributes(attributes: Any) -> None:
    if not isinstance(attributes, list) or len(attributes) > MAX_ATTRIBUTES:
        raise ProductInvalid("attributes", f"商品参数最多 {MAX_ATTRIBUTES} 项")
    for attribute in attributes:
        if not isinstance(attribute, dict) or set(attribute) != {"name", "value"}:
            raise ProductInvalid("attributes", "每项商品参数应有名称和内容")
        if not _text(attribute["name"], _NAME_LENGTH) or not _text(attribute["value"], _ATTRIBUTE_LENGTH):
            raise ProductInvalid(
                "attributes", f"参数名称应为 1 到 {_NAME_LENGTH} 个字，内容应为 1 到 {_ATTRIBUTE_LENGTH} 个字"
            )
    if _repeats(attribute["name"] for attribute in attributes):
        raise ProductInvalid("attributes", "商品参数名称重复")


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value.strip()) <= longest and "\x00" not in value


def _repeats(values: Iterable[str]) -> bool:
    seen = list(values)
    return len(set(seen)) != len(seen)
