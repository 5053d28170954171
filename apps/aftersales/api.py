"""Shopper's doors after the sale: what may be asked for, asking, and everything until it is over."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import examples
from apps.aftersales import selectors as refund_facts
from apps.aftersales import serializers as shapes
from apps.aftersales.models import AfterSale
from apps.aftersales.services import applying
from apps.aftersales.states import AfterSaleKind
from apps.base import idempotency, paging
from apps.base.alike import Alike
from apps.base.prepared import Making
from apps.base.schema import PAGING, idempotency_key, refusal
from apps.members.auth import caller
from apps.members.models import Member
from mall.errors import Invalid

_NOT_FOUND: Final = refusal(404, "not_found", "内容不存在")
_CLOSED: Final = refusal(409, "after_sale_closed", "已超过售后申请期限", {"days": 15})
_EXISTS: Final = refusal(
    409,
    "after_sale_exists",
    "该商品已有正在处理的售后申请",
    {"line_id": 31, "after_sale_no": "AS260302K7M2P9QRTW4X"},
)
_TOO_HIGH: Final = refusal(400, "amount_too_high", "退款金额超过可退金额", {"most_fen": 1691})
_REFUSED: Final = refusal(
    409, "move_refused", "当前状态下不能进行此操作", {"move": "cancel", "status": "DONE"}
)


class KindUnknown(Invalid):
    """``kind`` is one of the kinds of applications."""

    code = "after_sale_kind_unknown"
    message = "售后类型无效"


def _reasons(kind: str, _: Making) -> list[dict[str, Any]]:
    return list(shapes.AfterSaleReasonSerializer(application_facts.reasons(kind=kind), many=True).data)


_REASONS: Final = {
    kind: Alike(f"/api/v1/after-sale-reasons?kind={kind}", "words", told=partial(_reasons, kind))
    for kind in AfterSaleKind.values
}


class AfterSaleReasonsView(APIView):
    """Reasons to choose from."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="after_sale_reasons",
        tags=["after-sales"],
        summary="The reasons of a kind of application",
        description="All of them, in the shop's order; operators edit them.",
        parameters=[
            OpenApiParameter(
                "kind",
                str,
                enum=AfterSaleKind.values,
                required=True,
                description="What is to be asked for.",
            )
        ],
        responses={
            200: shapes.AfterSaleReasonSerializer(many=True),
            400: refusal(400, "after_sale_kind_unknown", "售后类型无效"),
        },
        examples=[examples.REASONS],
    )
    def get(self, request: Request) -> HttpResponse:
        kind = request.query_params.get("kind", "")
        if kind not in _REASONS:
            raise KindUnknown(details={"kind": list(_REASONS)})
        return _REASONS[kind].answer(at=timezone.now())


class PreviewView(APIView):
    """What an application would give back."""

    @extend_schema(
        operation_id="after_sales_preview",
        tags=["after-sales"],
        summary="What an application would give back",
        description="The body of an application; nothing is stored. Everything that would refuse it refuses this.",
        request=shapes.ApplyAfterSaleSerializer,
        responses={200: shapes.AfterSalePreviewSerializer, 400: _TOO_HIGH, 404: _NOT_FOUND, 409: _CLOSED},
        examples=[examples.APPLY, examples.PREVIEW],
    )
    def post(self, request: Request, order_no: str) -> Response:
        asked = shapes.ApplyAfterSaleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        shown = refund_facts.asked_preview(
            member=caller(request), order_no=order_no, ask=asked.ask(), at=timezone.now()
        )
        return Response(shapes.AfterSalePreviewSerializer(shown).data)


class OrderAfterSalesView(APIView):
    """Applications about an order."""

    @extend_schema(
        operation_id="after_sales_apply",
        tags=["after-sales"],
        summary="Ask for a refund, a return, an exchange or a reship",
        description=(
            "For units of lines of one order; a line has one open application at a time. The amount is that of the "
            "preview, or less where less is asked. 15 days after receipt, 7 for returning without a reason. Unshipped "
            "orders of trusted members are refunded at once: the answer is then APPROVED. The same `Idempotency-Key` "
            "answers the same application again, with another body 409 `idempotency_key_reused`. 409 "
            "`after_sale_too_many`: more units than are left (`details.left`); `after_sale_not_sent`: not everything of "
            "the line has left; `after_sale_needs_reason`: it does not go back without a reason."
        ),
        parameters=[idempotency_key("application")],
        request=shapes.ApplyAfterSaleSerializer,
        responses={201: shapes.AfterSaleSerializer, 400: _TOO_HIGH, 404: _NOT_FOUND, 409: _EXISTS},
        examples=[examples.APPLY, examples.APPLIED],
    )
    def post(self, request: Request, order_no: str) -> Response:
        key = idempotency.key_of(request)
        asked = shapes.ApplyAfterSaleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        member = caller(request)
        row = applying.apply(
            member=member, order_no=order_no, ask=asked.ask(), idempotency_key=key, at=timezone.now()
        )
        return Response(_shown(member, row.after_sale_no), status=201)


class MyAfterSalesView(APIView):
    """The member's applications."""

    @extend_schema(
        operation_id="me_after_sales",
        tags=["after-sales"],
        summary="My applications, newest first",
        parameters=PAGING,
        responses={200: shapes.AfterSalePageSerializer},
        examples=[examples.MINE],
    )
    def get(self, request: Request) -> Response:
        rows = application_facts.list_of_member(member=caller(request))
        return paging.page(request, rows, ordering=["-id"], shape=_rows)


class AfterSaleView(APIView):
    """One application."""

    @extend_schema(
        operation_id="after_sales_read",
        tags=["after-sales"],
        summary="An application with everything that happened",
        responses={200: shapes.AfterSaleSerializer, 404: _NOT_FOUND},
        examples=[examples.SHOWN],
    )
    def get(self, request: Request, after_sale_no: str) -> Response:
        return Response(_shown(caller(request), after_sale_no))


class CancelView(APIView):
    """Taking an application back."""

    @extend_schema(
        operation_id="after_sales_cancel",
        tags=["after-sales"],
        summary="Take an application back",
        description="As long as nothing was sent or paid for it; one that was taken back is answered again.",
        request=None,
        responses={200: shapes.AfterSaleSerializer, 404: _NOT_FOUND, 409: _REFUSED},
        examples=[examples.CANCELLED],
    )
    def post(self, request: Request, after_sale_no: str) -> Response:
        member = caller(request)
        applying.cancel(member=member, after_sale_no=after_sale_no, at=timezone.now())
        return Response(_shown(member, after_sale_no))


class ReturnParcelView(APIView):
    """The parcel that brings goods back."""

    @extend_schema(
        operation_id="after_sales_return_parcel",
        tags=["after-sales"],
        summary="Tell the parcel that brings goods back",
        description="Once the shop has agreed, within the deadline; it can be corrected until the parcel has come.",
        request=shapes.ReturnParcelSerializer,
        responses={
            200: shapes.AfterSaleSerializer,
            400: refusal(400, "return_parcel_invalid", "请填写快递公司和 5 到 64 位快递单号"),
            404: _NOT_FOUND,
            409: _REFUSED,
        },
        examples=[examples.SEND_BACK, examples.SENT_BACK],
    )
    def post(self, request: Request, after_sale_no: str) -> Response:
        said = shapes.ReturnParcelSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        member = caller(request)
        applying.send_back(
            member=member, after_sale_no=after_sale_no, at=timezone.now(), **said.validated_data
        )
        return Response(_shown(member, after_sale_no))


class MessagesView(APIView):
    """The conversation."""

    @extend_schema(
        operation_id="after_sales_say",
        tags=["after-sales"],
        summary="Say something to the shop",
        description="While the application is open; the same words within a minute are one message.",
        request=shapes.SayAfterSaleSerializer,
        responses={
            200: shapes.AfterSaleSerializer,
            400: refusal(400, "message_empty", "请填写留言或上传图片"),
            404: _NOT_FOUND,
            409: refusal(409, "after_sale_ended", "该售后已结束", {"status": "DONE"}),
        },
        examples=[examples.SAY, examples.SAID],
    )
    def post(self, request: Request, after_sale_no: str) -> Response:
        said = shapes.SayAfterSaleSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        member = caller(request)
        applying.say(member=member, after_sale_no=after_sale_no, at=timezone.now(), **said.validated_data)
        return Response(_shown(member, after_sale_no))


def _shown(member: Member, after_sale_no: str) -> Any:
    (shown,) = _rows([application_facts.of_member(member=member, after_sale_no=after_sale_no)])
    return shown


def _rows(rows: list[AfterSale]) -> list[Any]:
    money = application_facts.money_of(rows)
    return list(shapes.AfterSaleSerializer(rows, many=True, context={"money": money}).data)
