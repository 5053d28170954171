"""What is true of goods when a member is told of them: a favourite costs less, or what they waited for is back.

And the sweeps that find whom to tell: in batches, and never more members of a SKU than there is something for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.carts import selectors as cart_facts
from apps.carts.models import StockWish
from apps.carts.services import favorites, stock_wishes
from apps.catalog import selectors as catalog_facts
from apps.inventory import selectors as stock_facts
from apps.messaging import quiet
from apps.messaging import selectors as message_facts
from apps.messaging import services as messaging
from apps.messaging.board import Facts
from apps.messaging.services.writing import Draft

_PRICE_DROP: Final = "price_drop"
_BACK: Final = "back_in_stock"
_CHUNK: Final = 2_000
_RECENT: Final = 5_000
# A message that was dropped is heard of within this time: it lives a day, and the quiet hours are over by then.
_LOOK_BACK: Final = timedelta(days=2)


def fallen(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """A favourite and the price in fen from which it fell (``7@12800``), as long as it is a fall and can be bought."""
    favorite_id, _, was_fen = subject.partition("@")
    row = cart_facts.favorite(favorite_id=int(favorite_id), member_id=member_id)
    product = None if row is None else catalog_facts.on_sale(product_id=row.product_id, at=at)
    if product is None:
        return None
    drop_bp = cart_facts.wish_rules().drop_bp
    if not favorites.has_fallen(product.price_fen, was_fen=int(was_fen), drop_bp=drop_bp):
        return None
    if not any(units > 0 for units in stock_facts.free_of_product(product.pk).values()):
        return None
    return Facts(
        values={
            "product": product.title,
            "product_id": str(product.pk),
            "price": product.price_fen,
            "was": int(was_fen),
        }
    )


def back(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """A wish by its id, as long as it is being told and its SKU can be ordered."""
    wish = cart_facts.told_wish(wish_id=int(subject), member_id=member_id)
    sku = None if wish is None else catalog_facts.sellable_skus([wish.sku_id], at=at).get(wish.sku_id)
    if wish is None or sku is None or stock_facts.available([sku.pk])[sku.pk] <= 0:
        return None
    return Facts(
        values={
            "product": sku.product.title,
            "product_id": str(sku.product_id),
            "price": sku.price_fen,
            "back_at": wish.told_at or at,
        }
    )


def tell_falls(*, at: datetime, limit: int = _CHUNK) -> int:
    """Write a message for each favourite whose price has fallen, each fall once; return how many.

    Some thousands a transaction: what a killed worker had not finished is found again.
    """
    drop_bp = cart_facts.wish_rules().drop_bp
    told = 0
    while True:
        with transaction.atomic():
            falls = favorites.take_fallen(drop_bp=drop_bp, limit=limit, at=at)
            messaging.write_many(
                (
                    Draft(
                        scene=_PRICE_DROP,
                        member_id=fall.member_id,
                        subject=f"{fall.favorite_id}@{fall.was_fen}",
                        occasion=f"{fall.favorite_id}:{fall.number}",
                    )
                    for fall in falls
                ),
                at=at,
            )
        told += len(falls)
        if len(falls) < limit:
            return told


def tell_back(*, at: datetime) -> int:
    """Write a message for members who wait for SKUs that are back, the longest waiting first; return how many.

    At most so many for each free unit as the rules say, and a batch of a SKU only when the last one has had its time:
    three units are no news for a thousand members. Nothing in quiet hours, when the unit would be gone before it is told,
    nor while operators have the scene switched off.
    """
    rules = message_facts.rules()
    setting = message_facts.settings_of_scenes().get(_BACK)
    if quiet.ends_at(rules, at=at) is not None or (setting is not None and not setting.enabled):
        return 0
    _wait_again(at=at)
    ids = cart_facts.awaited_skus()
    wishes = cart_facts.wish_rules()
    sellable = catalog_facts.sellable_skus(ids, at=at) if ids else {}
    free = {sku_id: units for sku_id, units in stock_facts.available(sellable).items() if units > 0}
    last = cart_facts.last_told(free)
    since = at - timedelta(minutes=wishes.pause_minutes)
    told = 0
    for sku_id, units in sorted(free.items()):
        if sku_id in last and last[sku_id] > since:
            continue
        most = min(units * wishes.told_per_unit, _CHUNK)
        with transaction.atomic():
            batch = stock_wishes.take_waiting(sku_id=sku_id, limit=most, at=at)
            messaging.write_many(_drafts(batch), at=at)
        told += len(batch)
    return told


def _drafts(batch: Iterable[StockWish]) -> Iterable[Draft]:
    return (
        Draft(
            scene=_BACK,
            member_id=wish.member_id,
            subject=str(wish.pk),
            occasion=_occasion(wish),
        )
        for wish in batch
    )


def _wait_again(*, at: datetime) -> None:
    """Have those wait on whose message was dropped because the SKU was gone again before it was told."""
    recent = {_occasion(wish): wish for wish in cart_facts.told_since(at - _LOOK_BACK, most=_RECENT)}
    untrue = message_facts.untrue(
        scene=_BACK, member_ids={wish.member_id for wish in recent.values()}, occasions=recent
    )
    if untrue:
        stock_wishes.wait_again(wish_ids=[recent[occasion].pk for occasion in untrue])


def _occasion(wish: StockWish) -> str:
    return f"{wish.pk}:{wish.rounds}"
