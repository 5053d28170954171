"""Shopper's doors of the counter: the quote, and orders from placing to cancelling."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import idempotency, paging, replica
from apps.base.schema import PAGING, idempotency_key, one_of, refusal
from apps.base.shapes import Shape
from apps.checkout import (
    answers,
    bills,
    closing,
    examples,
    placing,
    quoting,
    receiving,
    refunds,
    virtual,
)
from apps.checkout import serializers as shapes
from apps.checkout.choice_serializers import ChoiceSerializer, PlaceSerializer
from apps.checkout.counter_api import CounterView
from apps.deadlines import selectors as deadline_facts
from apps.fulfillment import selectors as parcel_facts
from apps.members.auth import caller
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import Status

_NOT_ON_SALE = {"sku_ids": [7]}
_TOO_FEW = {"sku_id": 7, "available": 2, "items": [{"sku_id": 7, "available": 2}]}
_CONFLICTS = (
    "not_on_sale, quantity_not_allowed, undeliverable, nothing_selected, points_not_enough, balance_short, "
    "redeemed_out, redemption_limit_reached (goods of the points mall), virtual_goods_apart"
)

# Nothing is owed before it is paid.
_NO_PROMISE: Final[dict[str, Any]] = {"ship_by": None, "delay": None}
_CHOICE: Final = Shape(ChoiceSerializer)
_PLACE: Final = Shape(PlaceSerializer)


class QuoteView(CounterView):
    """What a choice costs, and why."""

    @extend_schema(
        operation_id="checkout_quote",
        tags=["checkout"],
        summary="Quote a choice",
        description=(
            "Prices what was chosen, for this member, now. Nothing is reserved. Without `address_id` the "
            "freight is not known yet. Of the member's coupons the best one is used unless `coupon_id` says "
            "otherwise; a named one that does not apply is among `declined`. `hints` say what a little more "
            "would bring. `delivery` says how it is to come: fetched in a shop (`PICKUP`), brought by its riders "
            "(`CITY`), in which `slot`, wrapped in which `packing`; a slot that is full or has passed is told as such. 409 "
            f"may be {_CONFLICTS}, delivery_out_of_reach, delivery_below_minimum, delivery_not_offered, slot_not_offered, "
            "packing_not_offered."
        ),
        request=ChoiceSerializer,
        responses={
            200: shapes.CheckoutQuoteSerializer,
            404: refusal(404, "coupon_not_found", "优惠券不存在"),
            409: refusal(409, "not_on_sale", "商品已下架", _NOT_ON_SALE),
        },
        examples=[
            OpenApiExample("two cups", value=examples.CHOICE, request_only=True),
            OpenApiExample("fetched in a shop", value=examples.FETCHED_CHOICE, request_only=True),
            OpenApiExample("by rider, wrapped", value=examples.WRAPPED_CHOICE, request_only=True),
            OpenApiExample("quote", value=examples.QUOTE, response_only=True, status_codes=["200"]),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = _CHOICE.checked(request.data)
        composition = quoting.compose(member=caller(request), choice=asked.choice(), at=timezone.now())
        return Response(composition.as_dict())


class OrdersView(CounterView):
    """The member's orders."""

    @extend_schema(
        operation_id="orders_place",
        tags=["orders"],
        summary="Place an order",
        description=(
            "The same `Idempotency-Key` with the same body answers the same order again, with another body "
            "409 `idempotency_key_reused`. 409 `price_changed` has the new quote in `details.quote`. Further "
            f"409: out_of_stock, slot_full, slot_passed, {_CONFLICTS}."
        ),
        parameters=[idempotency_key("order")],
        request=PlaceSerializer,
        responses={
            201: shapes.OrderSerializer,
            409: refusal(409, "out_of_stock", "库存不足", _TOO_FEW),
        },
        examples=[
            OpenApiExample("two cups", value=examples.PLACE, request_only=True),
            OpenApiExample("order", value=examples.ORDER, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        key = idempotency.key_of(request)
        asked = _PLACE.checked(request.data)
        member, at = caller(request), timezone.now()
        order = placing.place(
            member=member,
            choice=asked.choice(),
            expected_payable_fen=asked.validated_data["expected_payable_fen"],
            idempotency_key=key,
            remark=asked.validated_data["remark"],
            at=at,
        )
        if order.created_at == at:  # nobody can have paid it yet, let alone be paid back
            return Response(answers.whole(order, parcels={}, refunds_of={}, promise=_NO_PROMISE), status=201)
        return Response(_shown(order), status=201)

    @extend_schema(
        operation_id="orders_list",
        tags=["orders"],
        summary="My orders",
        parameters=[
            one_of("status", Status.values, "Only orders in this status."),
            *PAGING,
        ],
        responses={200: shapes.OrderPageSerializer},
        examples=[OpenApiExample("page", value=examples.ORDER_PAGE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        member, status = caller(request), request.query_params.get("status") or None
        return replica.read(
            lambda: paging.page(
                request,
                order_facts.list_of_member(member=member, status=status),
                ordering=["-id"],
                shape=_rows_json,
            ),
            reader=replica.reader_of(member),
        )


class OrderCountsView(APIView):
    """How many orders stand where."""

    @extend_schema(
        operation_id="orders_counts",
        tags=["orders"],
        summary="How many orders I have in each status",
        responses={200: shapes.OrderCountsSerializer},
        examples=[OpenApiExample("counts", value=examples.COUNTS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        member = caller(request)
        counts = replica.read(lambda: order_facts.counts_of(member=member), reader=replica.reader_of(member))
        return Response(counts)


class OrderView(APIView):
    """One order of the member."""

    @extend_schema(
        operation_id="orders_read",
        tags=["orders"],
        summary="One of my orders",
        description=(
            "`refunds` is what went back of it, the oldest first: `PROCESSING` until WeChat's part has arrived. "
            "`refunded` of an item is how many of its units were refunded."
        ),
        responses={200: shapes.OrderSerializer},
        examples=[
            OpenApiExample("order", value=examples.ORDER, response_only=True, status_codes=["200"]),
            OpenApiExample(
                "to be fetched", value=examples.TO_FETCH, response_only=True, status_codes=["200"]
            ),
            OpenApiExample(
                "refunded in part", value=examples.PART_REFUNDED, response_only=True, status_codes=["200"]
            ),
        ],
    )
    def get(self, request: Request, order_no: str) -> Response:
        return Response(_order_json(caller(request), order_no))


class CancelView(APIView):
    """Cancelling while unpaid."""

    keeps_away_from: Final = bills.OF_RECHARGES

    @extend_schema(
        operation_id="orders_cancel",
        tags=["orders"],
        summary="Cancel an unpaid order",
        description="The payment is closed at WeChat first; if it turns out to be paid, the order is paid.",
        request=None,
        responses={
            200: shapes.OrderSerializer,
            409: refusal(409, "order_not_cancellable", "订单当前状态不能取消", {"status": "PAID"}),
            502: refusal(502, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
            503: refusal(503, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
            504: refusal(504, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
        },
        examples=[OpenApiExample("order", value=examples.CLOSED, response_only=True, status_codes=["200"])],
    )
    def post(self, request: Request, order_no: str) -> Response:
        member = caller(request)
        closing.cancel(member=member, order_no=order_no, at=timezone.now())
        return Response(_order_json(member, order_no))


class ReceiveView(APIView):
    """Saying that the goods are here."""

    @extend_schema(
        operation_id="orders_receive",
        tags=["orders"],
        summary="Confirm receipt of a shipped order",
        request=None,
        responses={
            200: shapes.OrderSerializer,
            409: refusal(
                409, "move_refused", "当前状态下不能进行此操作", {"move": "receive", "status": "PAID"}
            ),
        },
        examples=[OpenApiExample("order", value=examples.RECEIVED, response_only=True, status_codes=["200"])],
    )
    def post(self, request: Request, order_no: str) -> Response:
        member = caller(request)
        receiving.receive(member=member, order_no=order_no, at=timezone.now())
        return Response(_order_json(member, order_no))


def _rows_json(rows: list[Any]) -> list[Any]:
    back = refunds.shown_of(rows)
    return [answers.row(order, refunds_of=back) for order in rows]


def _order_json(member: Member, order_no: str) -> dict[str, Any]:
    """The order as it stands now, read afresh: whatever answered, it is what the database says."""
    return _shown(order_facts.of_member(member=member, order_no=order_no))


def _shown(order: Order) -> dict[str, Any]:
    """An order that was read with its lines and history. What is not paid has not left."""
    parcels = parcel_facts.parcels_of([order.pk]) if order.paid_at else {}
    return answers.whole(
        order,
        parcels=parcels,
        refunds_of=refunds.shown_of([order]),
        promise=deadline_facts.shown_of(order) if order.paid_at else _NO_PROMISE,
        cards=virtual.cards_of(order),
    )
