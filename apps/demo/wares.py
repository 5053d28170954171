"""The words in which the demo shop's goods are written down."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.catalog.models import FreightInsurance, Product, Returns

TRAFFIC, PROFIT, IMAGE = Product.Role.TRAFFIC, Product.Role.PROFIT, Product.Role.IMAGE


@dataclass(frozen=True)
class Choice:
    """One SKU: a value of each option, amounts in fen, grams, units in the warehouse and in the shop."""

    values: tuple[str, ...]
    price_fen: int
    cost_fen: int
    weight_g: int
    market_price_fen: int | None = None
    stored: int = 80
    in_shop: int = 12


@dataclass(frozen=True)
class Ware:
    """One product. ``code`` begins the codes of its SKUs; ``shape`` and ``tone`` name its drawing."""

    code: str
    title: str
    subtitle: str
    category: str
    brand: str
    shape: str
    tone: str
    choices: tuple[Choice, ...]
    attributes: dict[str, str]
    story: str
    options: tuple[str, ...] = ()
    role: Product.Role = PROFIT
    guarantees: tuple[str, ...] = ("7天无理由退换", "48小时发货", "正品保证")
    sold: int = 0
    days_old: int = 120
    min_quantity: int = 1
    max_quantity: int | None = None
    quantity_step: int = 1
    by_weight: bool = False
    further: tuple[str, ...] = field(default=("leaf",))

    @property
    def returns(self) -> Returns:
        """Food does not go back without a reason, where the shopper confirmed that; everything else does."""
        return Returns.CONFIRMED if self.guarantees == FOOD else Returns.SEVEN_DAYS

    @property
    def freight_insurance(self) -> FreightInsurance:
        """What breaks on its way is sent back at the insurer's cost."""
        return FreightInsurance.MERCHANT if self.guarantees == FRAGILE else FreightInsurance.NONE

    def sku_code(self, number: int) -> str:
        """Return the code of the SKU at this place in ``choices``, counted from 0."""
        return f"{self.code}-{number + 1}"


def one(
    price_fen: int, *, cost: int, grams: int, was: int | None = None, stored: int = 80, in_shop: int = 12
) -> tuple[Choice, ...]:
    """The only SKU of a product without options; amounts in fen."""
    return (Choice((), price_fen, cost, grams, was, stored, in_shop),)


def each(*choices: tuple[str | tuple[str, ...], int, int, int, int | None, int]) -> tuple[Choice, ...]:
    """SKUs as (values, price, cost, grams, market price or None, units in the warehouse); amounts in fen."""
    return tuple(
        Choice(
            (values,) if isinstance(values, str) else values,
            price,
            cost,
            grams,
            was,
            stored,
            8 if stored else 0,
        )
        for values, price, cost, grams, was, stored in choices
    )


FRAGILE = ("7天无理由退换", "48小时发货", "破损包赔")
FOOD = ("48小时发货", "正品保证", "坏单包赔")
GUARANTEES = {
    "7天无理由退换": "签收后 7 天内，商品完好、不影响再次销售，可申请退换。",
    "48小时发货": "付款后 48 小时内发出，遇大促顺延会提前告知。",
    "正品保证": "品牌直供，假一赔三。",
    "破损包赔": "运输途中破损，签收 24 小时内拍照即可补发或退款。",
    "坏单包赔": "收到变质、受潮的食品，全额退款，无需寄回。",
}
TREE: dict[str, tuple[str, tuple[str, ...]]] = {
    "茶叶": ("leaf", ("绿茶", "红茶", "乌龙茶", "白茶", "普洱茶", "花草茶")),
    "茶器": ("teapot", ("茶壶", "茶杯", "盖碗公道", "茶盘茶席", "煮水壶", "茶叶罐")),
    "家居": ("vase", ("香薰", "餐具", "布艺", "花器")),
    "茶点礼盒": ("box", ("茶点", "礼盒")),
}
BRANDS = ("青禾", "山月", "一席", "南窑", "隐庐")
