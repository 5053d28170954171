"""Shopper's doors to the cart: they stand in the storefront, since a cart shows what stock and offers say too."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.carts import services as carts
from apps.members.auth import caller, come_as, token_of
from apps.storefront import answers, cart, examples, filled_cart
from apps.storefront import cart_serializers as shapes


class CartView(APIView):
    """What the member is thinking of buying."""

    def perform_authentication(self, request: Request) -> None:
        """Who calls is asked together with what lies in their cart."""
        if request.method == "GET" and (token := token_of(request)):
            come_as(request, token, filled_cart.by_token(token, at=timezone.now()))
        super().perform_authentication(request)

    @extend_schema(
        operation_id="cart_read",
        tags=["cart"],
        summary="My cart, priced now",
        responses={200: shapes.CartSerializer},
        examples=[OpenApiExample("cart", value=examples.CART, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return _answer(request)


class CartItemsView(APIView):
    """Putting things into the cart."""

    @extend_schema(
        operation_id="cart_put",
        tags=["cart"],
        summary="Put a SKU into the cart",
        description="What is in the cart already adds up. 409 may also be cart_full or cart_quantity_too_large.",
        request=shapes.CartPutSerializer,
        responses={
            201: shapes.CartSerializer,
            409: refusal(409, "not_on_sale", "商品已下架", {"sku_ids": [7]}),
        },
        examples=[
            OpenApiExample("two", value={"sku_id": 7, "quantity": 2, "selected": True}, request_only=True),
            OpenApiExample("cart", value=examples.CART, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = shapes.CartPutSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        cart.put(member=caller(request), at=timezone.now(), **asked.validated_data)
        return _answer(request, status=201)


class CartItemView(APIView):
    """One line of the cart."""

    @extend_schema(
        operation_id="cart_change",
        tags=["cart"],
        summary="Change a line",
        request=shapes.CartChangeSerializer,
        responses={200: shapes.CartSerializer},
        examples=[
            OpenApiExample("three", value={"quantity": 3}, request_only=True),
            OpenApiExample("cart", value=examples.CART, response_only=True, status_codes=["200"]),
        ],
    )
    def patch(self, request: Request, item_id: int) -> Response:
        asked = shapes.CartChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        carts.change(member=caller(request), item_id=item_id, **asked.validated_data)
        return _answer(request)

    @extend_schema(
        operation_id="cart_remove",
        tags=["cart"],
        summary="Take a line out",
        responses={204: OpenApiResponse(description="Gone.")},
    )
    def delete(self, request: Request, item_id: int) -> Response:
        carts.remove(member=caller(request), item_id=item_id)
        return Response(status=204)


class AgainView(APIView):
    """再来一单."""

    @extend_schema(
        operation_id="orders_again",
        tags=["cart"],
        summary="Put the goods of a past order into the cart",
        description=(
            "As many of each as were bought, ticked; gifts are not. What is in the cart already adds up, so it is "
            "not to be repeated. What is not on sale any more, or sold out, is left out with the reason; of what "
            "is short the cart says so."
        ),
        request=None,
        responses={200: shapes.AgainSerializer},
        examples=[OpenApiExample("one is gone", value=examples.AGAIN, response_only=True)],
    )
    def post(self, request: Request, order_no: str) -> Response:
        again = cart.put_again(member=caller(request), order_no=order_no, at=timezone.now())
        left_out = [{"sku_id": sku_id, "reason": reason} for sku_id, reason in again.left_out.items()]
        return Response({"added": list(again.added), "left_out": left_out})


def _answer(request: Request, *, status: int = 200) -> Response:
    view = cart.view(member=caller(request), at=timezone.now())
    return Response(answers.cart(view), status=status)
