"""Shopper's doors of distribution: becoming a promoter, who brought me, the leaderboard."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.http import HttpResponseBase, JsonResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import days
from apps.base.schema import refusal
from apps.distribution import examples
from apps.distribution import selectors as promoter_facts
from apps.distribution import serializers as shapes
from apps.distribution.models import Bond, Promoter
from apps.distribution.services import bindings, promoters
from apps.distribution.states import PromoterStatus
from apps.members import selectors as member_facts
from apps.members.auth import caller, caller_or_none
from apps.members.models import Document, Member
from mall import text as texts

_MOST: Final = 50
_INVITER_OR_NULL: Final = {"allOf": [{"$ref": "#/components/schemas/Inviter"}], "nullable": True}


class PromoterView(APIView):
    """The member as a promoter."""

    @extend_schema(
        operation_id="promoter_read",
        tags=["promoters"],
        summary="Whether I promote, and my money",
        responses=shapes.PromoterSerializer,
        examples=[examples.NONE, examples.ACTIVE],
    )
    def get(self, request: Request) -> Response:
        return Response(_promoter(caller(request)))

    @extend_schema(
        operation_id="promoter_apply",
        tags=["promoters"],
        summary="Ask to be a promoter",
        description=(
            "Waits for a look, or begins at once, as the shop has it. Whoever asked before is answered how it stands. "
            "Where the shop has published an agreement (`agreement`), its version is agreed to here."
        ),
        request=shapes.ApplicationSerializer,
        responses={
            200: shapes.PromoterSerializer,
            403: refusal(403, "consent_required", "请先阅读并同意推客协议", {"current_version": "1.0"}),
            409: refusal(409, "promoter_joining_closed", "暂未开放推客申请"),
        },
        examples=[examples.APPLIED, examples.PENDING],
    )
    def post(self, request: Request) -> Response:
        asked = shapes.ApplicationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        member = caller(request)
        version = asked.validated_data.get("agreement_version")
        promoters.apply(member=member, agreement_version=version, at=timezone.now())
        return Response(_promoter(member))

    @extend_schema(
        operation_id="promoter_leave",
        tags=["promoters"],
        summary="Promote no more",
        description="What was earned stays. Whoever asks again may be a promoter again.",
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        promoters.leave(member_id=caller(request).pk, note="本人退出", at=timezone.now())
        return Response(status=204)


class InviterView(APIView):
    """Who brought the member."""

    @extend_schema(
        operation_id="inviter_read",
        tags=["promoters"],
        summary="Who brought me",
        description="`null` for who came by themselves, and when the time of a binding is over.",
        responses={200: _INVITER_OR_NULL},
        examples=[examples.INVITER],
    )
    def get(self, request: Request) -> HttpResponseBase:
        bond = promoter_facts.inviter_of(caller(request).pk, at=timezone.now())
        # An empty answer would be no JSON; the contract says null.
        return JsonResponse(None, safe=False) if bond is None else Response(_inviter(bond))

    @extend_schema(
        operation_id="inviter_set",
        tags=["promoters"],
        summary="Say by whose word I came",
        request=shapes.PromoCodeSerializer,
        responses={
            200: shapes.InviterSerializer,
            404: refusal(404, "promo_code_not_found", "推广码不存在或已失效"),
            409: refusal(409, "binding_refused", "已绑定其他推客", {"reason": "first_touch"}),
        },
        examples=[examples.TOLD_CODE, examples.INVITER],
    )
    def post(self, request: Request) -> Response:
        asked = shapes.PromoCodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        at, member = timezone.now(), caller(request)
        bindings.bind_by_code(member_id=member.pk, code=asked.validated_data["promo_code"], at=at)
        bond = promoter_facts.bond_of(member.pk)
        return Response(_inviter(bond))


class LeaderboardView(APIView):
    """Who brought most."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="leaderboards_promoters",
        tags=["promoters"],
        summary="The promoters who brought most",
        description="Counts what own customers paid for goods in this week (from Monday) or month, less refunds.",
        parameters=[
            OpenApiParameter(
                "period", str, enum=["", "week", "month"], description="Empty or left out: the week."
            )
        ],
        responses={
            200: shapes.LeaderboardSerializer,
            400: refusal(400, "period_unknown", "榜单周期无效", {"known": ["week", "month"]}),
        },
        examples=[examples.BOARD],
    )
    def get(self, request: Request) -> Response:
        since, until = days.period_window(request.query_params.get("period"), at=timezone.now())
        places = promoter_facts.board(since=since, until=until, most=_MOST)
        shown = {
            "results": [_place(place) for place in places],
            "next": None,
            "mine": _mine(request, since=since, until=until),
            "starts_at": since,
            "ends_at": until,
        }
        return Response(shapes.LeaderboardSerializer(shown).data)


def _promoter(member: Member) -> dict[str, Any]:
    promoter = promoter_facts.promoter_of(member.pk)
    rules = promoter_facts.rules()
    level = promoter.level if promoter else None
    agreement = member_facts.current_document(kind=Document.Kind.PROMOTER)
    shown = {
        "status": _status(promoter),
        "level": level.name if level else None,
        "rates_bp": {
            "first": rules.first_bp if level is None or level.first_bp is None else level.first_bp,
            "second": rules.second_bp if level is None or level.second_bp is None else level.second_bp,
        },
        "promo_code": promoter.code if promoter and promoter.status == PromoterStatus.ACTIVE else None,
        **{name: getattr(promoter.account, name) if promoter else 0 for name in promoter_facts.SUMS},
        "agreement": agreement and {"version": agreement.version, "body": agreement.body},
    }
    return dict(shapes.PromoterSerializer(shown).data)


def _status(promoter: Promoter | None) -> str:
    if promoter is None or promoter.status == PromoterStatus.REFUSED:
        return "NONE"
    return str(promoter.status)


def _inviter(bond: Bond) -> dict[str, Any]:
    shown = {
        "nickname": texts.masked(bond.promoter.member.nickname),
        "since": bond.bound_at,
        "until": bond.valid_until,
    }
    return dict(shapes.InviterSerializer(shown).data)


def _place(place: promoter_facts.Place) -> dict[str, Any]:
    return {
        "place": place.place,
        "nickname": texts.masked(place.promoter.member.nickname),
        "orders": place.orders,
        "amount_fen": place.amount_fen,
    }


def _mine(request: Request, *, since: datetime, until: datetime) -> dict[str, Any] | None:
    member = caller_or_none(request)
    promoter = promoter_facts.promoter_of(member.pk) if member else None
    place = promoter and promoter_facts.place_of(promoter, since=since, until=until)
    return _place(place) if place else None
