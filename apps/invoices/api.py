"""Shopper's doors of invoices: whom they are made out to, applying for one, and how it stands."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.invoices import examples
from apps.invoices import selectors as invoice_facts
from apps.invoices import serializers as shapes
from apps.invoices import services as invoices
from apps.invoices.services import titles
from apps.members.auth import caller

_NOT_FOUND: Final = refusal(404, "not_found", "内容不存在")
_REFUSED: Final = refusal(
    400,
    "invoice_title_refused",
    "税号须为 18 位统一社会信用代码，请核对",
    {"tax_no": ["税号须为 18 位统一社会信用代码，请核对"]},
)


class InvoiceTitlesView(APIView):
    """Whom the member's invoices are made out to."""

    @extend_schema(
        operation_id="invoice_titles_list",
        tags=["invoices"],
        summary="My invoice titles, newest first",
        responses={200: shapes.InvoiceTitlePageSerializer},
        examples=[examples.TITLES],
    )
    def get(self, request: Request) -> Response:
        rows = invoice_facts.titles_of(caller(request))
        return Response({"results": shapes.InvoiceTitleSerializer(rows, many=True).data, "next": None})

    @extend_schema(
        operation_id="invoice_titles_add",
        tags=["invoices"],
        summary="Keep an invoice title",
        description=(
            "`COMPANY` needs `tax_no`, the 18 signs of the unified social credit code (GB 32100-2015), in any spelling: "
            "blanks, dashes and full-width signs go, letters become capitals. `PERSONAL` has none."
        ),
        request=shapes.InvoiceTitleSerializer,
        responses={
            201: shapes.InvoiceTitleSerializer,
            400: _REFUSED,
            409: refusal(409, "too_many_invoice_titles", "最多保存 20 个发票抬头", {"most": 20}),
        },
        examples=[examples.NEW_TITLE, examples.ADDED],
    )
    def post(self, request: Request) -> Response:
        sent = shapes.InvoiceTitleSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = titles.add(member=caller(request), fields=sent.validated_data, at=timezone.now())
        return Response(shapes.InvoiceTitleSerializer(row).data, status=201)


class InvoiceTitleView(APIView):
    """One of them."""

    @extend_schema(
        operation_id="invoice_title_change",
        tags=["invoices"],
        summary="Change parts of an invoice title",
        description="Invoices that were applied for keep the title that they had.",
        request=shapes.InvoiceTitleSerializer,
        responses={200: shapes.InvoiceTitleSerializer, 400: _REFUSED, 404: _NOT_FOUND},
        examples=[examples.CHANGES, examples.CHANGED],
    )
    def patch(self, request: Request, title_id: int) -> Response:
        sent = shapes.InvoiceTitleSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        row = titles.change(member=caller(request), title_id=title_id, fields=sent.validated_data)
        return Response(shapes.InvoiceTitleSerializer(row).data)

    @extend_schema(
        operation_id="invoice_title_remove",
        tags=["invoices"],
        summary="Delete an invoice title",
        responses={204: OpenApiResponse(description="Gone; invoices keep their copy."), 404: _NOT_FOUND},
    )
    def delete(self, request: Request, title_id: int) -> Response:
        titles.remove(member=caller(request), title_id=title_id)
        return Response(status=204)


class OrderInvoiceView(APIView):
    """The invoice of an order."""

    @extend_schema(
        operation_id="order_invoice",
        tags=["invoices"],
        summary="How an order's invoice stands",
        description=(
            "The newest one; 404 where none was applied for. `file_url` opens the PDF or OFD for 15 minutes, without "
            "logging in; ask again for a new one."
        ),
        responses={200: shapes.InvoiceSerializer, 404: _NOT_FOUND},
        examples=[examples.ISSUED],
    )
    def get(self, request: Request, order_no: str) -> Response:
        row = invoice_facts.of_order(member=caller(request), order_no=order_no)
        return Response(shapes.InvoiceSerializer(row).data)

    @extend_schema(
        operation_id="order_invoice_apply",
        tags=["invoices"],
        summary="Apply for an order's invoice",
        description=(
            "From receipt on, for 30 days (a setting; anew from the day on which one was refused or reversed), one at a "
            "time. `amount_fen` is what was really paid, freight included: without what was refunded, and without bonus, "
            "points and coupons. A refund lowers it, or reverses what was issued. Other 409: `invoices_off`, "
            "`invoice_order_not_received`, `invoice_closed` (`details.days`), `invoice_nothing_paid`."
        ),
        request=shapes.ApplyInvoiceSerializer,
        responses={
            201: shapes.InvoiceSerializer,
            400: refusal(400, "invoice_title_unknown", "发票抬头不存在", {"field": "title_id"}),
            404: _NOT_FOUND,
            409: refusal(409, "invoice_exists", "该订单已申请发票", {"invoice_no": "IV260302K7M2P9QRTW4X"}),
        },
        examples=[examples.APPLY, examples.APPLIED],
    )
    def post(self, request: Request, order_no: str) -> Response:
        sent = shapes.ApplyInvoiceSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = invoices.apply(
            member=caller(request),
            order_no=order_no,
            title_id=sent.validated_data["title_id"],
            at=timezone.now(),
        )
        return Response(shapes.InvoiceSerializer(row).data, status=201)
