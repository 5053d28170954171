"""The shopper's door of paying: ``POST /orders/{order_no}/pay``."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.checkout import bills, paying
from apps.members.auth import caller


class PaymentStartSerializer(serializers.Serializer[Any]):
    """Arguments of wx.requestPayment, or ``{"paid": true}``."""

    timeStamp = serializers.CharField(required=False, help_text="Seconds since 1970, as a text.")  # noqa: N815
    nonceStr = serializers.CharField(required=False)  # noqa: N815
    package = serializers.CharField(required=False, help_text="`prepay_id=…`")
    signType = serializers.CharField(required=False, help_text="Always `RSA`.")  # noqa: N815
    paySign = serializers.CharField(required=False)  # noqa: N815
    paid = serializers.BooleanField(
        required=False, help_text="Only where nothing has to be paid any more: the order is paid."
    )


PAYMENT_EXAMPLES = [
    OpenApiExample(
        "wx.requestPayment",
        value={
            "timeStamp": "1767225600",
            "nonceStr": "5F8A0C3B9E714D26A1B0C4D3E2F1A697",
            "package": "prepay_id=wx01080000a1b2c3d4e5f60718293a4b5c",
            "signType": "RSA",
            "paySign": "oR9d8Puhn…",
        },
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample("paid", value={"paid": True}, response_only=True, status_codes=["200"]),
]


class PayView(APIView):
    """Start paying an order."""

    keeps_away_from: Final = bills.OF_RECHARGES

    @extend_schema(
        summary="Pay an order",
        description=(
            'Answers what `wx.requestPayment` takes, or `{"paid": true}` for an order of 0 fen or one that '
            "is paid already. May be repeated. That the shopper paid is believed from WeChat only, never "
            "from the client: look at the order afterwards. Of an order in `stages` it pays the one that is DUE; "
            "409 `stage_not_due` where none is."
        ),
        request=None,
        tags=["orders"],
        responses={
            200: PaymentStartSerializer,
            409: refusal(409, "order_not_payable", "订单当前状态无需支付"),
            502: refusal(502, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
            503: refusal(503, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
            504: refusal(504, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
        },
        examples=PAYMENT_EXAMPLES,
    )
    def post(self, request: Request, order_no: str) -> Response:
        started = paying.pay(member=caller(request), order_no=order_no, at=timezone.now())
        return Response({"paid": True} if started is None else started)
