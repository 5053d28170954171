"""Orders as shoppers are answered: plain values, made at once. ``serializers`` describe them, and a test compares.

An order is answered at every step of its buyer; serializers would take longer to show it than pricing takes to price it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.base import days
from apps.checkout import activities, bills, refunds
from apps.checkout import serializers as shapes
from apps.checkout.delay_serializers import DelaySerializer
from apps.orders.models import Order, OrderLine
from apps.pickup import selectors as pickup_facts
from apps.pictures import stored
from mall.pricing.quote import GOODS

Refunds = Mapping[int, Sequence[dict[str, Any]]]
Parcels = Mapping[int, Sequence[dict[str, Any]]]

_FIGURES = ("goods_fen", "reduction_fen", "freight_fen", "shipping_fen", "payable_fen")
_TIMES = (
    "created_at",
    "expires_at",
    "reserved_at",
    "paid_at",
    "shipped_at",
    "received_at",
    "closed_at",
)
_GIFT = ("ref", "label", "sku_id", "title", "quantity", "missing")
_ADDRESS = ("name", "phone", "province", "city", "district", "detail", "postal_code")


def whole(
    order: Any,
    *,
    parcels: Parcels,
    refunds_of: Refunds,
    promise: Mapping[str, Any],
    cards: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """An order with everything about it: read with its lines and ``moves``; parcels and refunds are by order id.

    ``promise`` is by when it leaves (``deadlines.selectors.shown_of``), ``cards`` are its own card keys; each item has
    those of its SKU as well.
    """
    sent = parcels.get(order.pk)
    fetched = pickup_facts.of_order(order) if order.delivery else pickup_facts.NOTHING
    told = row(order, refunds_of=refunds_of)
    for item in told["items"]:
        item["cards"] = [_card(card) for card in cards if card["sku_id"] == item["sku_id"]]
    return {
        **told,
        "virtual": order.virtual,
        "cards": [_card(card) for card in cards],
        "address": {name: order.address[name] for name in _ADDRESS} if order.address else None,
        "pickup_code": fetched.code,
        "fetch_by": _time(fetched.fetch_by),
        "parcels": shapes.ParcelSerializer(sent, many=True).data if sent else [],
        "ship_by": _time(promise["ship_by"]),
        "delay": DelaySerializer(promise["delay"]).data if promise["delay"] else None,
        "history": [
            {
                "from": move["from_status"],
                "move": move["move"],
                "to": move["to_status"],
                "actor": move["actor"],
                "at": _time(move["at"]),
                "note": move["note"],
            }
            for move in order.moves
        ],
    }


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": card["number"], "secret": card["secret"]}


def row(order: Order, *, refunds_of: Refunds) -> dict[str, Any]:
    """An order as a list shows it: read with its lines; refunds are by order id."""
    back = refunds_of.get(order.pk, ())
    return {
        **{name: getattr(order, name) for name in _FIGURES},
        "applied": [_reduction(part) for part in order.reductions_told],
        "declined": [
            {
                "ref": part["ref"],
                "label": part["label"],
                "reason": part["reason"],
                "short_by_fen": part.get("short_by_fen"),
            }
            for part in order.declined
        ],
        "gifts": [{name: gift[name] for name in _GIFT} for gift in order.gifts],
        "points_used": order.points_used,
        "order_no": order.order_no,
        "status": str(order.status),
        "status_text": refunds.order_text(order, back),
        "items": [_item(line) for line in order.lines_told],
        "balance_fen": order.balance_fen,
        "due_fen": bills.asked_fen(order),
        "refunded_fen": refunds.back_of_price_fen(order, back),
        "money_back_fen": refunds.back_fen(back),
        "refunds": shapes.OrderRefundSerializer(back, many=True).data if back else [],
        "activity": order.activity,
        "stages": [
            {**stage, "from": _time(stage["from"]), "until": _time(stage["until"])}
            for stage in activities.stages_of(order, at=timezone.now())
        ],
        "delivery": order.delivery_told,
        "remark": order.remark,
        "server_time": _time(timezone.now()),
        **{name: _time(getattr(order, name)) for name in _TIMES},
    }


def _item(line: Any) -> dict[str, Any]:
    shown: OrderLine = line
    return {
        "line_id": shown.pk,
        "sku_id": shown.sku_id,
        "product_id": line.product_id,
        "title": shown.title,
        "option_text": shown.option_text,
        "image_url": stored.address(shown.image, stored.Size.LIST),
        "quantity": shown.quantity,
        "unit_price_fen": shown.unit_price_fen,
        "list_fen": shown.list_fen,
        "reductions": [_reduction(part) for part in shown.reductions],
        "payable_fen": shown.payable_fen,
        "is_gift": shown.is_gift,
        "is_packing": shown.is_packing,
        "refunded": shown.refunded,
        "freight_insurance": shown.freight_insurance,
        "returns": {
            "code": shown.returns,
            "text": shown.returns_text,
            "confirmed": shown.returns_confirmed,
        },
    }


def _reduction(part: Mapping[str, Any]) -> dict[str, Any]:
    """What an offer took off. Lines of before kinds say none: theirs are all of goods."""
    return {
        "ref": part["ref"],
        "label": part["label"],
        "kind": part.get("kind", GOODS),
        "amount_fen": part["amount_fen"],
    }


def _time(at: datetime | None) -> str | None:
    """A moment as the serializers show it, in the shop's time."""
    return None if at is None else days.told(at)
