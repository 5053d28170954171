"""Cards go with an order when it is paid, each once, and come back with its refund."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.base import transactions
from apps.cardkeys.models import CardKey
from apps.cardkeys.states import LIFECYCLE, CardStatus
from mall.errors import ShopError

# Takes the oldest cards of a SKU that nobody else is taking, in one guarded statement whose rows are counted. An order that
# has cards of the SKU is given only what is missing, so that a payment that is heard of twice delivers once.
_SELL: Final = """
    WITH had AS (
        SELECT count(*) AS cards FROM cardkeys_cardkey
         WHERE order_no = %(order_no)s AND sku_id = %(sku_id)s
    )
    UPDATE cardkeys_cardkey AS card
       SET status = %(sold)s, order_no = %(order_no)s, sold_at = %(at)s
     WHERE card.id IN (SELECT id FROM cardkeys_cardkey
                        WHERE sku_id = %(sku_id)s AND status = %(available)s
                        ORDER BY id
                        LIMIT GREATEST(%(units)s - (SELECT cards FROM had), 0)
                          FOR NO KEY UPDATE SKIP LOCKED)
"""


class NoCardLeft(ShopError):
    """Fewer cards are unsold than the order paid for: stock and cards do not agree. ``details``: ``sku_id``, ``missing``."""

    code = "no_card_left"
    message = "卡密不足，请联系商家"


def sell(*, order_no: str, units: Mapping[int, int], at: datetime) -> None:
    """Give an order that is paid its cards, ``{sku_id: units}``; given before: nothing changes.

    The caller holds the order's lock and has taken its units off the stock: a unit in stock is a card, so there are enough.
    Raises NoCardLeft, with the transaction marked for rollback, where there are not.
    """
    transactions.require()
    status = LIFECYCLE.target(move="sell", current=CardStatus.AVAILABLE)
    for sku_id, wanted in sorted(units.items()):
        with connection.cursor() as cursor:
            cursor.execute(
                _SELL,
                {
                    "order_no": order_no,
                    "sku_id": sku_id,
                    "units": wanted,
                    "sold": status,
                    "available": CardStatus.AVAILABLE.value,
                    "at": at,
                },
            )
        has = CardKey.objects.filter(order_no=order_no, sku_id=sku_id).count()
        if has < wanted:
            transaction.set_rollback(True)
            raise NoCardLeft(details={"sku_id": sku_id, "missing": wanted - has})


def take_back(*, order_no: str, units: Mapping[int, int], unseen: Mapping[int, int], at: datetime) -> None:
    """Take cards back with a refund, the last ones first: those ``unseen`` can be sold again, others to nobody any more.

    Both are by SKU id; what is unseen is a part of ``units``, whose units the caller puts back in stock. The caller holds
    the order's lock, and asks once for each refund.
    """
    transactions.require()
    for sku_id, number in sorted(units.items()):
        held = CardKey.objects.select_for_update(no_key=True).filter(
            order_no=order_no, sku_id=sku_id, status=CardStatus.SOLD
        )
        for place, card in enumerate(held.order_by("-id")[:number]):
            if place < unseen.get(sku_id, 0):
                card.status = LIFECYCLE.target(move="put_back", current=card.status)
                card.order_no, card.sold_at = "", None
            else:
                card.status = LIFECYCLE.target(move="revoke", current=card.status)
                card.ended_at = at
            card.save(update_fields=["status", "order_no", "sold_at", "ended_at"])
