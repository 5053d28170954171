"""Shopper's doors: the coupon centre, claiming, redeeming codes, one's own coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.idempotency import key_if_any
from apps.base.schema import PAGING, idempotency_key, one_of, refusal
from apps.base.shapes import Shape
from apps.coupons import selectors as coupon_facts
from apps.coupons import serializers as shapes
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, PromoCode, Template
from apps.coupons.services import store_uses
from apps.coupons.states import CouponStatus
from apps.members.auth import caller
from apps.members.models import Member

_TEMPLATE = {
    "name": "新人满50减10",
    "kind": "THRESHOLD",
    "worth": "满50减10",
    "threshold_fen": 5000,
    "off_fen": 1000,
    "off_bp": None,
    "cap_fen": None,
    "combines": True,
    "scope": "ALL",
    "channel": "BOTH",
    "note": "",
}
_CLAIMABLE = {
    "id": 7,
    **_TEMPLATE,
    "validity": "领取后7天内有效",
    "per_member": 1,
    "taken": 0,
    "state": "CLAIMABLE",
    "claim_from": None,
    "claim_until": "2026-01-31T00:00:00+08:00",
}
_COUPON = {
    "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "template_id": 7,
    "status": "AVAILABLE",
    "way": "CLAIM",
    "valid_from": "2026-01-01T10:00:00+08:00",
    "valid_until": "2026-01-08T10:00:00+08:00",
    "issued_at": "2026-01-01T10:00:00+08:00",
    "ends_soon": False,
    "order_no": "",
    "store_use": None,
    "promo_code": "",
    "template": _TEMPLATE,
}
_USED_IN_A_SHOP = {
    **_COUPON,
    "status": "USED",
    "store_use": {
        "use_no": "SU260102K7M2P9QRTW4X",
        "place": "西湖门店",
        "off_fen": 1000,
        "due_fen": 4800,
        "used_at": "2026-01-02T15:30:00+08:00",
    },
}
_PASS = {
    "code": "48213977",
    "qr_text": "CP48213977",
    "expires_at": "2026-01-02T15:34:00+08:00",
    "server_time": "2026-01-02T15:29:00+08:00",
}
_PROMO_CODE = {"code": "WANG2026", "enabled": True, "redemptions": 12, "used": 7, "template": _TEMPLATE}
_SHAPE: Final = Shape(shapes.CouponSerializer)
_GIVEN = OpenApiExample("coupon", value=_COUPON, response_only=True, status_codes=["201"])
_SOLD_OUT = refusal(409, "coupon_sold_out", "优惠券已领完")


class CentreView(APIView):
    """The coupon centre: what may be claimed, and how it stands for whoever looks."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="coupons_list",
        summary="The coupon centre",
        tags=["coupons"],
        parameters=PAGING,
        responses={200: shapes.ClaimablePageSerializer},
        examples=[OpenApiExample("page", value={"results": [_CLAIMABLE], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        member = cast(Member | None, request.user)

        def shape(rows: list[Template]) -> list[Any]:
            taken = coupon_facts.taken_by(member=member, template_ids=[row.pk for row in rows])
            context = {"taken": taken, "member": member, "at": at}
            return list(shapes.ClaimableSerializer(rows, many=True, context=context).data)

        return paging.page(request, coupon_facts.centre(member=member, at=at), ordering=["-id"], shape=shape)


class ClaimView(APIView):
    """One coupon of a template, for the member."""

    @extend_schema(
        operation_id="coupons_claim",
        summary="Claim a coupon",
        description="The same `Idempotency-Key` again answers the coupon that it brought; without one, a repeated "
        "call claims another, up to the limit per member.",
        tags=["coupons"],
        parameters=[idempotency_key("claim", required=False)],
        request=None,
        responses={
            201: shapes.CouponSerializer,
            403: refusal(403, "coupon_level_required", "您的会员等级暂不能领取该优惠券"),
            409: _SOLD_OUT,
        },
        examples=[_GIVEN],
    )
    def post(self, request: Request, template_id: int) -> Response:
        at, key = timezone.now(), key_if_any(request)
        coupon = coupons.claim(member=caller(request), template_id=template_id, at=at, key=key)
        return _given(coupon, at=at)


class RedeemView(APIView):
    """A code, or a promoter's word, becomes a coupon. Ten wrong ones within an hour, then 429."""

    @extend_schema(
        operation_id="coupons_redeem",
        summary="Redeem a code",
        tags=["coupons"],
        request=shapes.CouponCodeSerializer,
        responses={
            201: shapes.CouponSerializer,
            404: refusal(404, "code_invalid", "兑换码无效"),
            409: refusal(409, "code_expired", "兑换码已过期"),
        },
        examples=[
            OpenApiExample("code", value={"code": "K7M2P9QRTW4XYZ23"}, request_only=True),
            _GIVEN,
        ],
    )
    def post(self, request: Request) -> Response:
        body = shapes.CouponCodeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        at = timezone.now()
        try:
            coupon = coupons.redeem_code(member=caller(request), code=body.validated_data["code"], at=at)
        except coupons.TooManyTries as refused:
            raise Throttled(wait=refused.details["retry_after"]) from refused
        return _given(coupon, at=at)


class MyCouponsView(APIView):
    """The member's own coupons, the latest first, or those that end first."""

    @extend_schema(
        operation_id="me_coupons_list",
        summary="My coupons",
        tags=["coupons"],
        parameters=[
            one_of("status", CouponStatus.values, "Only coupons in this status."),
            one_of(
                "ordering",
                coupon_facts.ORDERINGS,
                "`latest` (the latest first, as by default) or `ending` (what ends first).",
            ),
            *PAGING,
        ],
        responses={200: shapes.CouponPageSerializer},
        examples=[
            OpenApiExample(
                "page", value={"results": [_COUPON, _USED_IN_A_SHOP], "next": None}, response_only=True
            )
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        status = request.query_params.get("status") or None
        rows = coupon_facts.list_of_member(member=caller(request), status=status, at=at)

        def shape(found: list[Coupon]) -> list[Any]:
            return list(shapes.CouponSerializer(found, many=True, context={"at": at}).data)

        ordering = coupon_facts.ordering_of(request.query_params.get("ordering") or None)
        return paging.page(request, rows, ordering=ordering, shape=shape)


class MyCouponView(APIView):
    """One of the member's own coupons."""

    @extend_schema(
        operation_id="me_coupons_read",
        summary="One of my coupons",
        tags=["coupons"],
        responses={200: shapes.CouponSerializer},
        examples=[OpenApiExample("coupon", value=_COUPON, response_only=True)],
    )
    def get(self, request: Request, coupon_id: str) -> Response:
        coupon = coupon_facts.of_member(member=caller(request), coupon_id=coupon_id)
        return Response(shapes.CouponSerializer(coupon, context={"at": timezone.now()}).data)


class MyCouponPassView(APIView):
    """A pass for one of the member's own coupons, to be shown in a shop. Each call makes a new one."""

    @extend_schema(
        operation_id="me_coupons_pass",
        summary="A pass for using a coupon in a shop",
        tags=["coupons"],
        request=None,
        responses={
            201: shapes.StorePassSerializer,
            409: refusal(409, "coupon_not_for_shops", "该优惠券仅限线上使用"),
        },
        examples=[OpenApiExample("pass", value=_PASS, response_only=True, status_codes=["201"])],
    )
    def post(self, request: Request, coupon_id: str) -> Response:
        shown = store_uses.make_pass(member=caller(request), coupon_id=coupon_id, at=timezone.now())
        qr_text = f"{store_uses.QR_PREFIX}{shown.code}"
        body = {"code": shown.code, "qr_text": qr_text, "expires_at": shown.expires_at}
        return Response(shapes.StorePassSerializer(body).data, status=201)


class MyPromoCodesView(APIView):
    """The words that the member tells around, and what they brought in; an empty list for most."""

    @extend_schema(
        operation_id="me_promo_codes_list",
        summary="My promo codes",
        tags=["coupons"],
        parameters=PAGING,
        responses={200: shapes.PromoCodePageSerializer},
        examples=[OpenApiExample("page", value={"results": [_PROMO_CODE], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        rows = coupon_facts.codes_of_promoter(member=caller(request))

        def shape(found: list[PromoCode]) -> list[Any]:
            return list(shapes.PromoCodeSerializer(found, many=True).data)

        return paging.page(request, rows, ordering=["-id"], shape=shape)


def _given(coupon: Coupon, *, at: datetime) -> Response:
    return Response(_SHAPE.shown(coupon, at=at), status=201)
