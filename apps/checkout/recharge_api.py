"""The shopper's doors of paying a recharge of stored value, and of thinking better of it."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.base.schema import refusal
from apps.checkout import bills, recharging
from apps.checkout.paying_api import PAYMENT_EXAMPLES, PaymentStartSerializer
from apps.members.auth import caller
from apps.wallet import selectors as wallet_facts
from apps.wallet import serializers as shapes
from apps.wallet.api import WalletDoor

_OFF = refusal(404, "wallet_off", "储值功能未开启")
_AWAY = {
    status: refusal(status, "wechat_unavailable", "微信服务暂时不可用，请稍后重试")
    for status in (502, 503, 504)
}


class PayRechargeView(WalletDoor):
    """Start paying a recharge."""

    keeps_away_from: Final = bills.OF_ORDERS

    @extend_schema(
        operation_id="wallet_recharge_pay",
        tags=["wallet"],
        summary="Pay a recharge",
        description=(
            'Answers what `wx.requestPayment` takes, or `{"paid": true}` for a recharge that is paid already. '
            "May be repeated. That the shopper paid is believed from WeChat only: look at the recharge "
            "afterwards. 409 may also be recharge_expired."
        ),
        request=None,
        responses={
            200: PaymentStartSerializer,
            404: _OFF,
            409: refusal(409, "recharge_not_payable", "充值单当前状态无需支付"),
            **_AWAY,
        },
        examples=PAYMENT_EXAMPLES,
    )
    def post(self, request: Request, recharge_no: str) -> Response:
        started = recharging.pay(member=caller(request), recharge_no=recharge_no, at=timezone.now())
        return Response({"paid": True} if started is None else started)


class CancelRechargeView(WalletDoor):
    """Cancelling while unpaid."""

    keeps_away_from: Final = bills.OF_ORDERS

    @extend_schema(
        operation_id="wallet_recharge_cancel",
        tags=["wallet"],
        summary="Cancel an unpaid recharge",
        description="The payment is closed at WeChat first; if it turns out to be paid, the recharge is credited.",
        request=None,
        responses={
            200: shapes.RechargeSerializer,
            404: _OFF,
            409: refusal(409, "recharge_not_cancellable", "充值单当前状态不能取消", {"status": "PAID"}),
            **_AWAY,
        },
        examples=[shapes.CLOSED_EXAMPLE],
    )
    def post(self, request: Request, recharge_no: str) -> Response:
        member = caller(request)
        recharging.cancel(member=member, recharge_no=recharge_no, at=timezone.now())
        return Response(
            shapes.recharge(wallet_facts.recharge_of_member(member=member, recharge_no=recharge_no))
        )
