"""Cards that are not sold are taken out, secrets are sealed anew under today's key, and emptied with their buyer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from apps.base import sealed
from apps.cardkeys.models import CardKey
from apps.cardkeys.states import LIFECYCLE, CardStatus
from apps.inventory import services as inventory
from apps.inventory.models import Stock
from mall.errors import Kind, ShopError

_BATCH: Final = 500


class NothingToVoid(ShopError):
    """None of the cards is unsold, or orders that wait for their payment have a claim to all of them."""

    code = "nothing_to_void"
    message = "没有可作废的卡密：只能作废未售、且未被待付款订单占用的卡密"
    kind = Kind.CONFLICT


@transaction.atomic
def void(*, card_ids: Collection[int], reason: str, operator: Any, at: datetime) -> int:
    """Take unsold cards out, and their units out of stock; return how many.

    Of each SKU no more are taken out than unpaid orders leave free, the newest first. Raises NothingToVoid
    where that is none.
    """
    by_sku: dict[int, set[int]] = defaultdict(set)
    named = CardKey.objects.filter(pk__in=card_ids, status=CardStatus.AVAILABLE)
    for card_id, sku_id in named.values_list("pk", "sku_id"):
        by_sku[sku_id].add(card_id)
    done = sum(
        _void_of_sku(sku_id, by_sku[sku_id], reason=reason, operator=operator, at=at)
        for sku_id in sorted(by_sku)
    )
    if not done:
        raise NothingToVoid
    return done


def _void_of_sku(sku_id: int, card_ids: Collection[int], *, reason: str, operator: Any, at: datetime) -> int:
    """The SKU's stock rows are locked before its cards, as by whoever sells them."""
    done = 0
    rows = Stock.objects.select_for_update(no_key=True).filter(sku_id=sku_id, on_hand__gt=F("held"))
    for stock in list(rows.order_by("place_id")):
        cards = list(
            CardKey.objects.select_for_update(no_key=True)
            .filter(pk__in=card_ids, status=CardStatus.AVAILABLE)
            .order_by("-id")[: stock.on_hand - stock.held]
        )
        if not cards:
            break
        inventory.adjust(
            sku_id=sku_id,
            place_id=stock.place_id,
            change=-len(cards),
            business_key=f"cards:void:{cards[0].pk}",
            reason=f"作废卡密：{reason}"[:100],
            operator=operator,
            of_cards=True,
            at=at,
        )
        for card in cards:
            card.status = LIFECYCLE.target(move="void", current=card.status)
            card.ended_at = at
        CardKey.objects.bulk_update(cards, ["status", "ended_at"])
        done += len(cards)
    return done


def seal_anew() -> int:
    """Seal every secret by today's key that a former one sealed; return how many. Safe to run twice and side by side.

    Raises sealed.Unreadable for one that no key opens, with what was done before it kept.
    """
    done, last = 0, 0
    while True:
        with transaction.atomic():
            rows = CardKey.objects.select_for_update(no_key=True).filter(pk__gt=last).exclude(sealed="")
            cards = list(rows.order_by("id")[:_BATCH])
            if not cards:
                return done
            old = [card for card in cards if sealed.sealed_by_former(card.sealed, about=card.about)]
            for card in old:
                card.sealed = sealed.seal(sealed.unseal(card.sealed, about=card.about), about=card.about)
            CardKey.objects.bulk_update(old, ["sealed"])
        last = cards[-1].pk
        done += len(old)


def erase_secrets(*, order_nos: Collection[str]) -> int:
    """Empty the secrets of the cards of these orders, whose buyer is being erased; return how many."""
    return CardKey.objects.filter(order_no__in=order_nos).exclude(sealed="").update(sealed="")
