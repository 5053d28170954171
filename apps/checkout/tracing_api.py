"""The shopper's door to a parcel's way: ``GET /orders/{order_no}/parcels/{parcel_no}/trace``."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.checkout import examples, tracing
from apps.fulfillment.states import TraceState
from apps.members.auth import caller


class TraceEventSerializer(serializers.Serializer[Any]):
    """One line of a parcel's way, in the courier's words."""

    at = serializers.DateTimeField()
    text = serializers.CharField()
    place = serializers.CharField()


class TraceSerializer(serializers.Serializer[Any]):
    """A parcel's way to the buyer."""

    parcel_no = serializers.CharField()
    carrier = serializers.CharField()
    carrier_code = serializers.CharField()
    tracking_no = serializers.CharField()
    state = serializers.ChoiceField(TraceState.choices)
    events = TraceEventSerializer(many=True)
    waybill_token = serializers.CharField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class TraceView(APIView):
    """Where a parcel is."""

    @extend_schema(
        operation_id="orders_trace_parcel",
        tags=["orders"],
        summary="Where a parcel of mine is",
        description=(
            "`events` are the courier's lines, the newest first; they are empty where the shop has no tracking service, "
            "and the mini program shows them by WeChat's logistics plugin with `waybill_token` instead. Another "
            "member's order, or a parcel of another order, is 404."
        ),
        responses={200: TraceSerializer},
        examples=[OpenApiExample("on its way", value=examples.TRACE, response_only=True)],
    )
    def get(self, request: Request, order_no: str, parcel_no: str) -> Response:
        way = tracing.shown(member=caller(request), order_no=order_no, parcel_no=parcel_no, at=timezone.now())
        return Response(TraceSerializer(way).data)
