"""Views that do the least: nothing, nothing through DRF, one indexed query, an order's least SQL by hand."""

import random

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

_TAKE = """
    UPDATE sku SET stock = stock - 1, sales = sales + 1 WHERE id = %s AND stock >= 1 RETURNING price, product_id
"""
_LINES = """
    INSERT INTO ord_item (order_id, sku_id, product_id, qty, price, snapshot)
    VALUES (%s, %s, %s, %s, %s, %s), (%s, %s, %s, %s, %s, %s)
"""
_COUPON = """
    UPDATE member_coupon SET used_order = %s, status = 2
     WHERE id = (SELECT id FROM member_coupon WHERE member_id = %s AND status = 1 LIMIT 1) AND status = 1
"""


def plain(request: HttpRequest) -> JsonResponse:
    """Nothing."""
    return JsonResponse({"ok": 1})


class Empty(APIView):
    """Nothing, through DRF."""

    def get(self, request: Request) -> Response:
        return Response({"ok": 1})


def one(request: HttpRequest) -> JsonResponse:
    """One row by its key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, price FROM product WHERE id = %s", [random.randint(1, 9999)])
        number, name, price = cursor.fetchone()
    return JsonResponse({"id": number, "name": name, "price": price})


def order(request: HttpRequest) -> JsonResponse:
    """Two lines: guarded stock, order, lines, a coupon, an outbox row, in one transaction."""
    member, first = random.randint(1, 10000), random.randint(1, 15000)
    with transaction.atomic(), connection.cursor() as cursor:
        total, lines = 0, []
        for sku in (first, first + random.randint(1, 15000)):
            cursor.execute(_TAKE, [sku])
            price, product = cursor.fetchone()
            total += price
            lines.append((sku, product, 1, price, '{"t":"x"}'))
        cursor.execute(
            "INSERT INTO ord (member_id, total, status, addr) VALUES (%s, %s, 1, %s) RETURNING id",
            [member, total, '{"name":"a"}'],
        )
        (number,) = cursor.fetchone()
        cursor.execute(_LINES, [value for line in lines for value in (number, *line)])
        cursor.execute(_COUPON, [number, member])
        cursor.execute(
            "INSERT INTO outbox (topic, payload) VALUES ('order.placed', %s)", [f'{{"id":{number}}}']
        )
    return JsonResponse({"id": number}, status=201)


urlpatterns = [path("plain", plain), path("empty", Empty.as_view()), path("one", one), path("order", order)]
