"""Shopper's doors of referrals: what inviting friends wins, how mine stand, and who invited most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.base import days, paging
from apps.base.inputs import MAX_BIGINT
from apps.base.schema import PAGING, refusal
from apps.base.throttles import Watches
from apps.coupons.models import Template
from apps.members.auth import caller, caller_or_none
from apps.members.models import Member
from apps.referrals import examples
from apps.referrals import selectors as referral_facts
from apps.referrals import serializers as shapes
from apps.referrals import services as referrals
from apps.referrals.models import Referral, Reward, Tier
from apps.referrals.states import PRIZE, PrizeKind, RewardStatus
from mall import text as texts
from mall.errors import NotFound

_MOST: Final = 50


class ReferralsView(APIView):
    """What inviting friends wins."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="referrals_list",
        tags=["promoters"],
        summary="Referral campaigns that run or are announced",
        description="With login also those of before in which goods are won that can still be ordered.",
        parameters=[*PAGING],
        responses=shapes.ReferralPageSerializer,
        examples=[examples.PAGE],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        member = caller_or_none(request)
        offered = referral_facts.shown_to(member, at=at)
        rows, following = paging.rows_of(request, offered, ordering=["starts_at", "id"])
        answer = {"results": _shown(rows, member, at=at), "next": following}
        return Response(shapes.ReferralPageSerializer(answer).data)


class ReferralView(APIView):
    """One campaign."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="referrals_read",
        tags=["promoters"],
        summary="A referral campaign, and how my friends stand",
        description=(
            "To invite, share it: `POST /shares` with kind `referral` and this id. A friend counts once: who registered "
            "by the token, or at the receipt of a first order; a refund of the whole order takes back what that won. "
            "Goods that were won are ordered with what `mine.won[].order` says, as a choice of `POST /orders`."
        ),
        responses=shapes.OneReferralSerializer,
        examples=[examples.ONE],
    )
    def get(self, request: Request, referral_id: int) -> Response:
        if referral_id > MAX_BIGINT:
            raise NotFound
        at = timezone.now()
        row = referral_facts.told(referral_id=referral_id, at=at)
        (shown,) = _shown([row], caller_or_none(request), at=at)
        return Response(shapes.OneReferralSerializer(shown).data)


class WatchView(APIView):
    """Opening the page that a campaign wants friends to stay at."""

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), Watches()]

    @extend_schema(
        operation_id="referrals_watch",
        tags=["promoters"],
        summary="Open the page of a campaign, as an invited friend",
        description=(
            "For campaigns whose act is `WATCHED`. What counts is the shop's clock between this call and `…/watch/done`."
        ),
        request=None,
        responses={
            201: shapes.WatchOpenedSerializer,
            404: refusal(404, "share_not_found", "分享的内容不存在或暂不可见"),
            409: refusal(409, "referral_not_invited", "您不是通过好友邀请新注册的会员，或邀请已过期"),
        },
        examples=[examples.OPENED],
    )
    def post(self, request: Request, referral_id: int) -> Response:
        if referral_id > MAX_BIGINT:
            raise NotFound
        member = caller(request)
        opened = referrals.watching.open_page(referral_id=referral_id, member_id=member.pk, at=timezone.now())
        return Response(shapes.WatchOpenedSerializer(opened._asdict()).data, status=201)


class WatchDoneView(APIView):
    """Having stayed there."""

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), Watches()]

    @extend_schema(
        operation_id="referrals_watch_done",
        tags=["promoters"],
        summary="Tell that one stayed at the campaign's page",
        description="Counts once for each friend and campaign, or waits for a look as other acts do.",
        request=shapes.WatchDoneRequestSerializer,
        responses={
            200: shapes.WatchDoneSerializer,
            400: refusal(
                400,
                "watch_token_invalid",
                "浏览凭证无效或已过期，请重新打开页面",
                {"token": ["浏览凭证无效"]},
            ),
            409: refusal(409, "watch_too_short", "浏览时间还不够", {"left_seconds": 7}),
        },
        examples=[examples.DONE_ASKED, examples.DONE],
    )
    def post(self, request: Request, referral_id: int) -> Response:
        if referral_id > MAX_BIGINT:
            raise NotFound
        asked = shapes.WatchDoneRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        member, at = caller(request), timezone.now()
        row = referrals.watching.done(
            referral_id=referral_id, member_id=member.pk, token=asked.validated_data["token"], at=at
        )
        shown = {
            "watched_at": row.watched_at,
            "needs_phone": row.referral.needs_phone and not member.phone,
        }
        return Response(shapes.WatchDoneSerializer(shown).data)


class LeaderboardView(APIView):
    """Who invited most."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="leaderboards_referrals",
        tags=["promoters"],
        summary="The members who invited most",
        description="Friends of all campaigns that counted in this week (from Monday) or month, and still do.",
        parameters=[
            OpenApiParameter(
                "period", str, enum=["", "week", "month"], description="Empty or left out: the week."
            )
        ],
        responses={
            200: shapes.ReferralBoardSerializer,
            400: refusal(400, "period_unknown", "榜单周期无效", {"known": ["week", "month"]}),
        },
        examples=[examples.BOARD],
    )
    def get(self, request: Request) -> Response:
        since, until = days.period_window(request.query_params.get("period"), at=timezone.now())
        places = referral_facts.board(since=since, until=until, most=_MOST)
        member = caller_or_none(request)
        mine = referral_facts.place_of(member, since=since, until=until) if member else None
        shown = {
            "results": [_place(place) for place in places],
            "next": None,
            "mine": _place(mine) if mine else None,
            "starts_at": since,
            "ends_at": until,
        }
        return Response(shapes.ReferralBoardSerializer(shown).data)


def _shown(rows: Sequence[Referral], member: Member | None, *, at: datetime) -> list[dict[str, Any]]:
    """The campaigns as they are answered, with how the member's friends stand: two statements more."""
    standings = referral_facts.standings(member.pk, rows) if member else {}
    won: dict[int, list[Reward]] = {}
    for reward in referral_facts.rewards_of(member.pk, rows) if member else ():
        won.setdefault(reward.referral_id, []).append(reward)
    return [
        {
            "id": row.pk,
            "title": row.title,
            "act": row.act,
            "watch": _watch(row),
            "needs_phone": row.needs_phone,
            "tiers": [
                {"friends": tier.friends, "prize": _prize(tier, tier.coupon)} for tier in row.tiers.all()
            ],
            "friend_prize": _prize(row, row.coupon) if row.prize_kind else None,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "state": row.state_at(at),
            "mine": {**standings[row.pk]._asdict(), "won": _won(won.get(row.pk, ()))} if member else None,
        }
        for row in rows
    ]


def _watch(row: Referral) -> dict[str, Any] | None:
    if not row.watch_kind:
        return None
    return {"kind": row.watch_kind, "id": row.watch_id, "seconds": row.watch_seconds}


def _won(rewards: Iterable[Reward]) -> list[dict[str, Any]]:
    return [
        {
            "tier": row.friends,
            "prize": _prize(row, row.coupon_template),
            "at": row.given_at or row.at,
            "status": row.status,
            "order": _order(row),
        }
        for row in rewards
    ]


def _order(row: Reward) -> dict[str, Any] | None:
    """What has to be sent to order goods that were won, and until when; None for what is not ordered."""
    if row.prize_kind != PrizeKind.GOODS or row.status != RewardStatus.GIVEN:
        return None
    return {
        "activity": {"kind": PRIZE, "id": row.pk},
        "items": [{"sku_id": row.sku_id, "quantity": row.units}],
        "until": row.valid_until,
        "order_no": row.order_no or None,
    }


def _prize(row: Referral | Tier | Reward, coupon: Template | None) -> dict[str, Any]:
    plain = {"kind": row.prize_kind, "code": None, "points": None, "sku_id": None, "quantity": None}
    if row.prize_kind == PrizeKind.POINTS:
        return {**plain, "points": row.points, "title": f"{row.points:,} 积分"}
    if row.sku is not None:
        title = f"{row.sku.product.title} × {row.units}"
        return {**plain, "sku_id": row.sku_id, "quantity": row.units, "title": title}
    return {**plain, "code": coupon.code if coupon else None, "title": coupon.name if coupon else ""}


def _place(place: referral_facts.Place) -> dict[str, Any]:
    return {"place": place.place, "nickname": texts.masked(place.member.nickname), "friends": place.friends}
