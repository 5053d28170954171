"""Shopper's doors of withdrawals: taking commission out, and how each stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import idempotency, paging
from apps.base.schema import PAGING, idempotency_key, refusal
from apps.distribution import examples
from apps.distribution import selectors as promoter_facts
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution import withdrawal_serializers as shapes
from apps.distribution.models import Withdrawal
from apps.distribution.services import transferring, withdrawals
from apps.distribution.states import WithdrawalStatus
from apps.members.auth import caller

# 微信支付 商家转账: who does not confirm within a day gets nothing.
_CONFIRM_WITHIN: Final = timedelta(hours=24)


class WithdrawalsView(APIView):
    """The member's withdrawals."""

    @extend_schema(
        operation_id="withdrawals_list",
        tags=["promoters"],
        summary="My withdrawals",
        description="The newest first.",
        parameters=PAGING,
        responses=shapes.WithdrawalPageSerializer,
        examples=[examples.WITHDRAWALS],
    )
    def get(self, request: Request) -> Response:
        promoter = promoter_facts.promoter_of(caller(request).pk)
        rows = withdrawal_facts.of_promoter(promoter.pk if promoter else 0)
        found, following = paging.rows_of(request, rows, ordering=["-id"])
        shown = {"results": [_withdrawal(row) for row in found], "next": following}
        return Response(shapes.WithdrawalPageSerializer(shown).data)

    @extend_schema(
        operation_id="withdrawals_request",
        tags=["promoters"],
        summary="Take commission out",
        description=(
            "The money goes to the member's WeChat account once they have confirmed it there: while `CONFIRM`, call "
            "`wx.requestMerchantTransfer` with `mch_id`, `app_id` and `package_info` and read the list afterwards, for "
            "only the shop's answer says that it arrived. Small amounts go to WeChat at once, larger ones after one or "
            "two people have looked. The same `Idempotency-Key` answers the same withdrawal again, with another body "
            "409 `idempotency_key_reused`. 409 `withdrawal_limits` names the least amount and how many a day "
            "(`details`: `min_fen`, `max_per_day`, `used`)."
        ),
        parameters=[idempotency_key("withdrawal")],
        request=shapes.WithdrawSerializer,
        responses={
            201: shapes.WithdrawalSerializer,
            400: refusal(
                400,
                "real_name_required",
                "提现金额较大，请填写与微信实名一致的姓名",
                {"from_fen": 200_000},
            ),
            409: refusal(
                409,
                "not_enough_commission",
                "可提现佣金不足",
                {"wanted_fen": 5_000, "available_fen": 1_200},
            ),
        },
        examples=[examples.WITHDRAW, examples.WITHDRAWAL],
    )
    def post(self, request: Request) -> Response:
        key = idempotency.key_of(request)
        asked = shapes.WithdrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        at = timezone.now()
        row = withdrawals.request(
            member=caller(request),
            amount_fen=asked.validated_data["amount_fen"],
            real_name=asked.validated_data.get("real_name", ""),
            idempotency_key=key,
            at=at,
        )
        if row.status == WithdrawalStatus.PAYING:
            transferring.start(withdrawal_no=row.withdrawal_no, at=at)
            row.refresh_from_db()
        return Response(_withdrawal(row), status=201)


def _withdrawal(row: Withdrawal) -> dict[str, Any]:
    waits = row.status == WithdrawalStatus.CONFIRM
    shown: dict[str, Any] = {
        "withdrawal_no": row.withdrawal_no,
        "amount_fen": row.amount_fen,
        "status": row.status,
        "reason": row.reason,
        "requested_at": row.requested_at,
        "confirm_until": row.offered_at + _CONFIRM_WITHIN if waits and row.offered_at else None,
        "ended_at": row.ended_at,
    }
    if waits and row.package_info:
        shown |= {
            "package_info": row.package_info,
            "mch_id": settings.WECHATPAY_MCHID,
            "app_id": settings.WECHAT_APPID,
        }
    return dict(shapes.WithdrawalSerializer(shown).data)
