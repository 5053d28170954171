"""Shopper's doors: which shops are near and have it, and the picture by which an order is fetched."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.inputs import MAX_BIGINT
from apps.base.schema import one_of, refusal
from apps.members.auth import caller
from apps.pickup import codes, examples, inputs
from apps.pickup import selectors as pickup_facts
from apps.pickup import serializers as shapes
from apps.pickup import slot_selectors as slot_facts
from apps.pickup.states import SlotKind
from mall.errors import NotFound

_SKU: Final = {"type": "integer", "minimum": 1, "maximum": MAX_BIGINT}
_CITY: Final = {"type": "string", "maxLength": inputs.LONGEST_CITY}


def _degrees(most: int) -> dict[str, Any]:
    return {"type": "number", "minimum": -most, "maximum": most}


class PlacesView(APIView):
    """The shops in which orders are fetched."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="places_list",
        tags=["places"],
        summary="Shops, nearest first, with what lies there",
        description=(
            "With `lat` and `lng` the nearest first. With `sku_id` each says how many of it are free there; those without "
            "it come last. At most a hundred."
        ),
        parameters=[
            OpenApiParameter("lat", _degrees(90), description="Latitude (GCJ-02), with `lng`."),
            OpenApiParameter("lng", _degrees(180), description="Longitude (GCJ-02), with `lat`."),
            OpenApiParameter("sku_id", _SKU, description="Of which SKU `available` speaks."),
            OpenApiParameter("city", _CITY, description="Only shops of this city: 杭州市."),
        ],
        responses={
            200: shapes.PickupPlacePageSerializer,
            400: refusal(400, "invalid", "查询条件有误", {"lng": ["经纬度须同时提供"]}),
        },
        examples=[examples.PLACES],
    )
    def get(self, request: Request) -> Response:
        asked = inputs.near(request.query_params)
        rows = pickup_facts.places_near(
            near=asked.point, sku_id=asked.sku_id, city=asked.city, at=timezone.now()
        )
        return Response({"results": rows, "next": None})


class SlotsView(APIView):
    """The times in which a shop brings orders, or in which they are fetched."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="places_slots",
        tags=["places"],
        summary="Slots of a shop on the next days",
        description=(
            "Today and the six days after it, in the order of time; full and passed ones are marked, days off have none. "
            "A slot's `id` is chosen in quote and order as `delivery.slot`. An order takes one of its seats until it is "
            "closed or refunded before it leaves. 409 `slot_full`, `slot_passed`, `slot_not_offered`."
        ),
        parameters=[one_of("kind", SlotKind.values, "Only slots of this way.")],
        responses={
            200: shapes.SlotPageSerializer,
            400: refusal(400, "invalid", "查询条件有误", {"kind": ["请填写 CITY 或 PICKUP"]}),
            404: refusal(404, "not_found", "内容不存在"),
        },
        examples=[examples.SLOTS],
    )
    def get(self, request: Request, place_id: str) -> Response:
        kind = inputs.slot_kind(request.query_params)
        found = slot_facts.coming(place_id=inputs.place_id(place_id), kind=kind, at=timezone.now())
        return Response({"results": [slot.shown() for slot in found], "next": None})


class PickupCodeView(APIView):
    """What a shopper shows at the counter."""

    @extend_schema(
        operation_id="orders_pickup_code",
        tags=["orders"],
        summary="The code and picture by which my order is fetched",
        description=(
            "For a PICKUP order that is paid and not yet fetched. The digits are good once, until the order is fetched or "
            "refunded; the picture for ten minutes, then ask again."
        ),
        responses={200: shapes.PickupCodeSerializer, 404: refusal(404, "not_found", "内容不存在")},
        examples=[examples.CODE],
    )
    def get(self, request: Request, order_no: str) -> Response:
        import segno  # -- where a code is drawn

        row = pickup_facts.open_of_member(member=caller(request), order_no=order_no)
        code = codes.unseal(row.code_sealed, order_id=row.order_id)
        if code is None:
            raise NotFound
        word, until = codes.word_of(row.pk, at=timezone.now())
        text = f"{settings.PUBLIC_BASE_URL}{reverse('admin:pickup_pickup_add')}?code={word}"
        return Response(
            {
                "pickup_code": code,
                "text": text,
                "image": segno.make(text, error="m").png_data_uri(scale=6, border=2),
                "expires_at": timezone.localtime(until),
            }
        )
