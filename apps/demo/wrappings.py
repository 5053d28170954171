"""What the demo shop wraps orders in: a box that is counted, and a gift wrap with a card."""

from __future__ import annotations

from datetime import datetime

from apps.demo import pictures
from apps.fulfillment.models import PackingOption
from apps.fulfillment.services import packing
from apps.inventory import services as inventory
from apps.stores.models import Place

_BOX = "尊享包装"
_WITH_CARD = "礼品包装（含贺卡）"
_BOXES = 40


def fill(lake: Place, *, at: datetime) -> None:
    """Offer both, with boxes in the warehouse and by the lake, where nothing is offered."""
    if PackingOption.objects.exists():
        return
    box = packing.save(
        PackingOption(
            name=_BOX,
            text="硬盒、丝带与手提袋",
            image=pictures.drawn("categories/box"),
            price_fen=15_00,
            cost_fen=6_50,
            uses_stock=True,
        )
    )
    packing.save(
        PackingOption(
            name=_WITH_CARD,
            text="和纸包裹，贺卡代写",
            image=pictures.drawn("categories/leaf"),
            price_fen=8_00,
            cost_fen=2_20,
            message_most=60,
            position=1,
        )
    )
    for place in (Place.objects.filter(ships=True).order_by("priority", "id").first(), lake):
        if place is not None:
            inventory.receive(
                sku_id=box.sku_id,
                place_id=place.pk,
                quantity=_BOXES,
                business_key=f"demo:packing:{place.pk}",
                reason="演示包装入库",
                operator=None,
                at=at,
            )


def with_card() -> int:
    """The id of the one with a card."""
    return PackingOption.objects.get(name=_WITH_CARD).pk
