"""Shopper's doors of flash sales: the sessions of days, reminders, waiting lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.campaigns import asked
from apps.flashsale import selectors as flash_facts
from apps.flashsale import serializers as shapes
from apps.flashsale import services as flashsale
from apps.flashsale.selectors import KeptGood, KeptSession, Left
from apps.members.auth import caller
from apps.members.models import Member
from apps.pictures import stored

_NOW: Final = "2026-11-28T10:00:03+08:00"
_SESSION: Final = {
    "id": 12,
    "title": "每天十点秒杀",
    "starts_at": "2026-11-28T10:00:00+08:00",
    "ends_at": "2026-11-28T12:00:00+08:00",
    "state": "LIVE",
    "exclusive": False,
    "goods": [
        {
            "id": 31,
            "sku_id": 7,
            "product_id": 3,
            "title": "手冲壶",
            "cover_url": "https://shop.example.com/media/products/3f9c/list.jpg",
            "list_price_fen": 19_900,
            "price_fen": 9_900,
            "quota": 50,
            "left": 12,
            "limit_per_member": 1,
            "reminded": False,
        }
    ],
}


class SessionsView(APIView):
    """What is on sale when."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="flash_sales",
        tags=["flash sales"],
        summary="Flash sales of a day, or of the next seven",
        description='The soonest first. Ordering: `activity` `{"kind": "flash_sale", "id": id of the good}` in quote and '
        "order. Refusals there: activity_not_started, activity_ended, activity_sold_out, activity_limit_reached, "
        "activity_not_for_you (`details.reason`: `group`), activity_not_found, activity_stands_alone.",
        parameters=[asked.DAY, asked.PRODUCT],
        responses={
            200: shapes.FlashSessionsSerializer,
            400: refusal(400, "invalid", "日期格式应为 2026-11-28", {"day": ["日期格式应为 2026-11-28"]}),
        },
        examples=[
            OpenApiExample(
                "sessions",
                value={"results": [_SESSION], "next": None, "server_time": _NOW},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        member = cast("Member | None", request.user)
        day = asked.day(request.query_params.get("day"))
        product_id = asked.product_id(request.query_params.get("product"))
        found = flash_facts.sessions(day=day, product_id=product_id, at=at)
        goods = [good for session in found for good in session.goods if not good.withdrawn]
        lefts = flash_facts.lefts(goods, member=member, at=at)
        shown = {
            "results": [_session(session, lefts, at=at) for session in found],
            "next": None,
            "server_time": at,
        }
        return Response(shapes.FlashSessionsSerializer(shown).data)


class RemindersView(APIView):
    """Tell me before it begins."""

    @extend_schema(
        operation_id="flash_sales_remind",
        tags=["flash sales"],
        summary="Remind me before it begins",
        description="May be repeated. Kept by the shop; it is sent as a message where the shop sends messages.",
        request=None,
        responses={
            200: shapes.RemindedSerializer,
            409: refusal(409, "reminder_too_late", "活动已经开始，无需提醒", {"starts_at": _NOW}),
        },
        examples=[
            OpenApiExample(
                "reminded",
                value={
                    "good_id": 31,
                    "reminded": True,
                    "starts_at": "2026-11-29T10:00:00+08:00",
                    "server_time": _NOW,
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def post(self, request: Request, good_id: int) -> Response:
        at = timezone.now()
        flashsale.remind(good_id=good_id, member=caller(request), at=at)
        session, _ = flash_facts.find(good_id, at=at)
        shown = {"good_id": good_id, "reminded": True, "starts_at": session.starts_at, "server_time": at}
        return Response(shapes.RemindedSerializer(shown).data)

    @extend_schema(
        operation_id="flash_sales_forget_reminder",
        tags=["flash sales"],
        summary="Do not remind me",
        description="May be repeated.",
        responses={204: None},
    )
    def delete(self, request: Request, good_id: int) -> Response:
        flashsale.forget_reminder(good_id=good_id, member=caller(request), at=timezone.now())
        return Response(status=204)


class WaitsView(APIView):
    """Queue for what comes back."""

    @extend_schema(
        operation_id="flash_sales_wait",
        tags=["flash sales"],
        summary="Wait for what lapses",
        description="Only while the good is sold out. A unit that comes back is kept for the next in the queue for ten "
        "minutes, at most to the session's end; `GET /me/waits` tells whose turn it is. May be repeated: the "
        "place stays. 409 may also be activity_not_started, activity_ended, activity_not_for_you, activity_limit_reached.",
        request=None,
        responses={
            200: shapes.PlaceSerializer,
            409: refusal(409, "activity_not_sold_out", "商品还有剩余，可直接下单", {"left": 2}),
        },
        examples=[
            OpenApiExample(
                "third", value={"place": 3, "server_time": _NOW}, response_only=True, status_codes=["200"]
            )
        ],
    )
    def post(self, request: Request, good_id: int) -> Response:
        at = timezone.now()
        place = flashsale.wait(good_id=good_id, member=caller(request), at=at)
        return Response(shapes.PlaceSerializer({"place": place, "server_time": at}).data)


class MyWaitsView(APIView):
    """Where I wait, and whether it is my turn."""

    @extend_schema(
        operation_id="me_waits",
        tags=["flash sales"],
        summary="My places in waiting lists",
        description="One row for each good. YOURS: order it before `until`, at the flash sale's price.",
        parameters=PAGING,
        responses=shapes.WaitPageSerializer,
        examples=[
            OpenApiExample(
                "page",
                value={
                    "results": [{"good_id": 31, "state": "YOURS", "until": "2026-11-28T10:10:03+08:00"}],
                    "next": None,
                    "server_time": _NOW,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        rows, following = paging.rows_of(
            request, flash_facts.waits_of(caller(request)), ordering=["-queued_at", "-id"]
        )
        shown = {
            "results": [
                {"good_id": row.good_id, "state": flash_facts.state_at(row, at=at), "until": row.until}
                for row in rows
            ],
            "next": following,
            "server_time": at,
        }
        return Response(shapes.WaitPageSerializer(shown).data)


def _session(session: KeptSession, lefts: dict[int, Left], *, at: datetime) -> dict[str, Any]:
    state = session.state_at(at)
    return {
        "id": session.id,
        "title": session.title,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "state": state,
        "exclusive": session.group_id is not None,
        "goods": [
            _good(good, lefts[good.id], over=state == "ENDED") for good in session.goods if not good.withdrawn
        ],
    }


def _good(good: KeptGood, left: Left, *, over: bool) -> dict[str, Any]:
    return {
        "id": good.id,
        "sku_id": good.sku_id,
        "product_id": good.product_id,
        "title": good.title,
        "cover_url": stored.address(good.cover, stored.Size.LIST),
        "list_price_fen": good.list_price_fen,
        "price_fen": good.price_fen,
        "quota": good.quota,
        "left": 0 if over else left.units,
        "limit_per_member": good.limit_per_member,
        "reminded": left.reminded,
    }
