"""Shopper's door to what orders may be wrapped in."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.inputs import MAX_BIGINT
from apps.base.schema import refusal
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment import serializers as shapes
from apps.inventory import selectors as stock_facts
from apps.pictures import stored
from mall.errors import Invalid

_PLACE: Final = {"type": "integer", "minimum": 1, "maximum": MAX_BIGINT}
_EXAMPLE: Final = OpenApiExample(
    "two",
    value={
        "results": [
            {
                "id": 1,
                "name": "尊享包装",
                "text": "硬盒、丝带与手提袋",
                "image_url": "https://shop.example.com/media/demo/packings/box.png",
                "price_fen": 1500,
                "message_most": 0,
                "available": 40,
            },
            {
                "id": 2,
                "name": "礼品包装（含贺卡）",
                "text": "和纸包裹，贺卡代写",
                "image_url": "https://shop.example.com/media/demo/packings/wrap.png",
                "price_fen": 800,
                "message_most": 60,
                "available": None,
            },
        ],
        "next": None,
    },
    response_only=True,
)


class PlaceInvalid(Invalid):
    """Not the number of a shop."""

    message = "查询条件有误"


class PackingsView(APIView):
    """What orders may be wrapped in."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="packings_list",
        tags=["places"],
        summary="Packing that may be paid for",
        description=(
            'Chosen in quote and order as `delivery.packing`: `{"id", "message"}`, one for an order. It is a line of '
            "the order with `is_packing`, at its own price."
        ),
        parameters=[OpenApiParameter("place_id", _PLACE, description="Of which shop `available` speaks.")],
        responses={
            200: shapes.PackingOptionPageSerializer,
            400: refusal(400, "invalid", "查询条件有误", {"place_id": ["请填写门店的编号"]}),
        },
        examples=[_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        place_id = _place_id(request.query_params.get("place_id"))
        options = parcel_facts.packing_options()
        counted = [option.sku_id for option in options if option.uses_stock]
        free: dict[int, int] = {}
        if counted and place_id is not None:
            free = dict(stock_facts.available_at([place_id], counted)[place_id])
        elif counted:
            free = dict(stock_facts.available(counted))
        results: list[dict[str, Any]] = [
            {
                "id": option.pk,
                "name": option.name,
                "text": option.text,
                "image_url": stored.address(option.image.name or "", stored.Size.LIST),
                "price_fen": option.price_fen,
                "message_most": option.message_most,
                "available": max(0, free.get(option.sku_id, 0)) if option.uses_stock else None,
            }
            for option in options
        ]
        return Response({"results": results, "next": None})


def _place_id(said: str | None) -> int | None:
    """The shop that was named. Raises PlaceInvalid."""
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= 19 and 1 <= int(said) <= MAX_BIGINT):
        raise PlaceInvalid(details={"place_id": ["请填写门店的编号"]})
    return int(said)
