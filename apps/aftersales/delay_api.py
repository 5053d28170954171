"""The shopper's answer to an order that cannot leave as promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.aftersales.services import answering
from apps.aftersales.services.swapping import MOST_OFFERS
from apps.base.inputs import MAX_BIGINT, StrictIntegerField
from apps.base.schema import refusal
from apps.checkout.delay_serializers import DelaySerializer
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.services.delaying import SwapsInvalid
from apps.deadlines.states import DelayChoice
from apps.members.auth import caller

_ANSWERED: Final = {
    "order_no": "SO260302K7M2P9QRTW4X",
    "delay": {
        "status": "WAITS",
        "status_text": "买家同意等待",
        "reason": "STOCK_OUT",
        "reason_text": "缺货",
        "note": "茶园因雨推迟采摘，抱歉。",
        "was_ship_by": "2026-03-04T12:01:00+08:00",
        "ship_by": "2026-03-08T00:00:00+08:00",
        "asked_at": "2026-03-03T10:00:00+08:00",
        "answer_until": "2026-03-04T10:00:00+08:00",
        "answered_at": "2026-03-03T10:05:00+08:00",
        "choices": [],
        "swaps": [],
        "refund_no": None,
    },
}


class DelayTakenSerializer(serializers.Serializer[Any]):
    """What is taken for a line, of what is offered for it."""

    line_id = StrictIntegerField(min_value=1, max_value=MAX_BIGINT)
    sku_id = StrictIntegerField(min_value=1, max_value=MAX_BIGINT)


class DelayAnswerSerializer(serializers.Serializer[Any]):
    """What is chosen."""

    choice = serializers.ChoiceField(choices=DelayChoice.choices)
    swaps = serializers.ListField(child=DelayTakenSerializer(), required=False, max_length=MOST_OFFERS)


class AnsweredDelaySerializer(serializers.Serializer[Any]):
    """The delay as it stands now."""

    order_no = serializers.CharField()
    delay = DelaySerializer()


class DelayAnswerView(APIView):
    """The answer to an open delay."""

    @extend_schema(
        operation_id="orders_delay_answer",
        tags=["orders"],
        summary="Answer a delay",
        description=(
            "`wait`: the new `ship_by` holds. `swap`: one of `delay.swaps` for each of its lines leaves instead, by the "
            "`ship_by` that was promised before and at the price that was paid; offered where `choices` says so. `refund`: "
            "what has not left is refunded at once. While `delay.status` is "
            "ASKED and `answer_until` is not over; who does not answer waits. The same answer again is answered alike."
        ),
        request=DelayAnswerSerializer,
        responses={
            200: AnsweredDelaySerializer,
            400: refusal(400, "delay_swaps_invalid", SwapsInvalid.message, {"swaps": [SwapsInvalid.message]}),
            404: refusal(404, "not_found", "内容不存在"),
            409: refusal(409, "delay_not_open", "延迟发货的选择已结束", {"status": "SILENT"}),
        },
        examples=[
            OpenApiExample("wait", value={"choice": "wait"}, request_only=True),
            OpenApiExample(
                "swap",
                value={"choice": "swap", "swaps": [{"line_id": 31, "sku_id": 7}]},
                request_only=True,
            ),
            OpenApiExample("waits", value=_ANSWERED, response_only=True, status_codes=["200"]),
        ],
    )
    def post(self, request: Request, order_no: str) -> Response:
        asked = DelayAnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        row = answering.answer_delay(
            member=caller(request),
            order_no=order_no,
            choice=DelayChoice(told["choice"]),
            swaps=_swaps(told),
            at=timezone.now(),
        )
        shown = {"order_no": order_no, "delay": deadline_facts.delay_shown(row)}
        return Response(AnsweredDelaySerializer(shown).data)


def _swaps(told: Mapping[str, Any]) -> dict[int, int]:
    """Which SKU is taken for which line. Raises SwapsInvalid unless goods are named with ``swap``, and no line twice."""
    named = told.get("swaps", [])
    if named and told["choice"] != DelayChoice.SWAP:
        raise SwapsInvalid("只有选择换货时才填写", details={"swaps": ["只有选择换货时才填写"]})
    swaps = {each["line_id"]: each["sku_id"] for each in named}
    if len(swaps) < len(named) or (told["choice"] == DelayChoice.SWAP and not swaps):
        raise SwapsInvalid(details={"swaps": [SwapsInvalid.message]})
    return swaps
