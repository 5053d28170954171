"""The shop that the pricing tests tell of: a cup, a teapot, tea and a gift, their prices in yuan."""

from __future__ import annotations

from mall import money
from mall.pricing.basket import Basket, Buyer, ChargedBy, Destination, Freight, Line, Zone
from mall.pricing.quote import Quote

CUP, POT, TEA, GIFT = 1, 2, 3, 4
TABLEWARE, DRINKS = 10, 20
KILN, GARDEN = 100, 200

GOLD, SILVER = 1, 2

HANGZHOU = Destination(province="浙江省", city="杭州市", district="西湖区")
URUMQI = Destination(province="新疆维吾尔自治区", city="乌鲁木齐市", district="天山区")
NANJING = Destination(province="江苏省", city="南京市", district="鼓楼区")
FUZHOU = Destination(province="福建省", city="福州市", district="鼓楼区")

_KINDS = {
    CUP: ("茶杯", TABLEWARE, KILN),
    POT: ("茶壶", TABLEWARE, KILN),
    TEA: ("龙井", DRINKS, GARDEN),
    GIFT: ("赠品", DRINKS, GARDEN),
}


def fen(text: str) -> int:
    """Yuan as a merchant writes them, in fen."""
    return money.parse_yuan(text)


def line(
    sku_id: int, price: str, quantity: int = 1, *, weight_g: int = 0, freight: str | None = None
) -> Line:
    """A line of the shop's goods at a list price in yuan."""
    title, category_id, brand_id = _KINDS[sku_id]
    return Line(
        sku_id=sku_id,
        product_id=sku_id,
        category_ids=frozenset({category_id}),
        brand_id=brand_id,
        title=title,
        quantity=quantity,
        unit_price_fen=fen(price),
        weight_g=weight_g,
        freight_ref=freight,
    )


def basket(
    *lines: Line,
    level: int | None = None,
    to: Destination | None = HANGZHOU,
    freights: tuple[Freight, ...] = (),
) -> Basket:
    """A basket of these lines."""
    return Basket(lines=lines, buyer=Buyer(level_id=level), destination=to, freights=freights)


def zone(first: int, first_fee: str, following: int, next_fee: str, *regions: str) -> Zone:
    """The first so many cost this, each so many more cost that; for these regions."""
    return Zone(
        regions=frozenset(regions),
        first_units=first,
        first_fee_fen=fen(first_fee),
        next_units=following,
        next_fee_fen=fen(next_fee),
    )


def by_piece(ref: str, *zones: Zone, default: Zone | None = None) -> Freight:
    """A template that counts pieces."""
    return Freight(ref=ref, label=ref, charged_by=ChargedBy.PIECE, zones=zones, default=default)


def by_weight(ref: str, *zones: Zone, default: Zone | None = None) -> Freight:
    """A template that counts grams."""
    return Freight(ref=ref, label=ref, charged_by=ChargedBy.WEIGHT, zones=zones, default=default)


def payable(quote: Quote) -> dict[int, str]:
    """What each line costs, in yuan."""
    return {item.sku_id: money.yuan(item.payable_fen) for item in quote.items}


def applied(quote: Quote) -> dict[str, str]:
    """What each offer took off, in yuan."""
    return {reduction.ref: money.yuan(reduction.amount_fen) for reduction in quote.applied}


def declined(quote: Quote) -> dict[str, str]:
    """Why each other offer did not apply."""
    return {refusal.ref: refusal.reason for refusal in quote.declined}
