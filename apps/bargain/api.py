"""Shopper's doors of bargains: what can be bargained for, one's own run, and helping in a friend's."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.bargain import examples
from apps.bargain import selectors as bargain_facts
from apps.bargain import serializers as shapes
from apps.bargain import services as bargains
from apps.bargain.models import Bargain, Run
from apps.base import paging
from apps.base.inputs import MAX_BIGINT
from apps.base.schema import PAGING, refusal
from apps.campaigns import asked
from apps.campaigns.refusals import ActivityNotFound
from apps.members.auth import caller, caller_or_none
from apps.members.models import Member
from apps.pictures import stored
from mall import text as texts
from mall.errors import NotFound


class BargainsView(APIView):
    """What can be bargained for."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="bargains_list",
        tags=["activities"],
        summary="Bargains that run or are announced",
        parameters=[asked.PRODUCT, *PAGING],
        responses={
            200: shapes.BargainPageSerializer,
            400: refusal(400, "invalid", "商品编号应为整数", {"product": ["商品编号应为整数"]}),
        },
        examples=[examples.PAGE],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        product_id = asked.product_id(request.query_params.get("product"))
        offered = bargain_facts.on_offer(at=at, product_id=product_id)
        rows, following = paging.rows_of(request, offered, ordering=["starts_at", "id"])
        left = bargain_facts.left_of(rows)
        shown = [_bargain(row, left=left[row.pk], at=at) for row in rows]
        answer = {"results": shown, "next": following}
        return Response(shapes.BargainPageSerializer(answer).data)


class BargainView(APIView):
    """One bargain."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="bargains_read",
        tags=["activities"],
        summary="A bargain",
        responses=shapes.OneBargainSerializer,
        examples=[examples.ONE],
    )
    def get(self, request: Request, bargain_id: int) -> Response:
        at = timezone.now()
        row = _told(bargain_id)
        left = bargain_facts.left_of([row])[row.pk]
        return Response(shapes.OneBargainSerializer(_bargain(row, left=left, at=at)).data)


class RunsView(APIView):
    """Beginning to bargain."""

    @extend_schema(
        operation_id="bargains_open",
        tags=["activities"],
        summary="Open my run",
        description=(
            "One runs at a time for each bargain: while it does, it is answered again. Who has bought as many as "
            "`limit_per_member`, what an unpaid order holds included, opens no more: 409 `activity_limit_reached`."
        ),
        request=None,
        responses={201: shapes.RunSerializer, 409: refusal(409, "activity_ended", "活动已结束")},
        examples=[examples.OPENED],
    )
    def post(self, request: Request, bargain_id: int) -> Response:
        at = timezone.now()
        _told(bargain_id)
        member = caller(request)
        opened = bargains.open_run(bargain_id=bargain_id, member_id=member.pk, at=at)
        return Response(_run(bargain_facts.run(opened.bargain_no), member, at=at), status=201)


class RunView(APIView):
    """How far a run has come."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="bargain_runs_read",
        tags=["activities"],
        summary="A run",
        description="Read by whoever was sent its number, with or without login.",
        responses=shapes.RunSerializer,
        examples=[examples.RUN],
    )
    def get(self, request: Request, bargain_no: str) -> Response:
        return Response(_run(_found(bargain_no), caller_or_none(request), at=timezone.now()))


class HelpsView(APIView):
    """Helping a friend."""

    @extend_schema(
        operation_id="bargain_runs_help",
        tags=["activities"],
        summary="Help in a run",
        description=(
            "Once a run. A help that looks arranged is `held`: it cuts nothing yet, and does when an operator "
            "has released it."
        ),
        request=None,
        responses={
            201: shapes.HelpSerializer,
            409: refusal(409, "bargain_helps_used_up", "您今天的帮砍次数已用完", {"limit": 3}),
        },
        examples=[examples.HELPED, examples.HELD],
    )
    def post(self, request: Request, bargain_no: str) -> Response:
        _found(bargain_no)
        given = bargains.help_run(bargain_no=bargain_no, member_id=caller(request).pk, at=timezone.now())
        cut_fen = given.cut.amount_fen if given.cut else 0
        shown = {"cut_fen": cut_fen, "price_fen": given.run.price_fen, "held": given.held}
        return Response(shapes.HelpSerializer(shown).data, status=201)


def _told(bargain_id: int) -> Bargain:
    """Raises ActivityNotFound."""
    if bargain_id > MAX_BIGINT:
        raise ActivityNotFound
    try:
        return bargain_facts.told(bargain_id=bargain_id, at=timezone.now())
    except NotFound:
        raise ActivityNotFound from None


def _found(bargain_no: str) -> Run:
    """Raises ActivityNotFound."""
    if not texts.is_number(bargain_no):
        raise ActivityNotFound
    try:
        return bargain_facts.run(bargain_no)
    except NotFound:
        raise ActivityNotFound from None


def _bargain(row: Bargain, *, left: int, at: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "title": row.title,
        "product_id": row.sku.product_id,
        "sku_id": row.sku_id,
        "cover_url": stored.address(row.sku.product.cover, stored.Size.LIST),
        "list_price_fen": row.sku.price_fen,
        "floor_fen": row.floor_fen,
        "helpers": row.helpers,
        "left": left,
        "buy_at_any_price": row.buy_at_any_price,
        "helps_per_day": row.helps_per_day,
        "limit_per_member": row.limit_per_member,
        "minutes_per_run": row.minutes_per_run,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "state": row.state_at(at),
    }


def _run(run: Run, member: Member | None, *, at: Any) -> dict[str, Any]:
    product = run.bargain.sku.product
    mine = member is not None and run.member_id == member.pk
    shown = {
        "bargain_no": run.bargain_no,
        "bargain_id": run.bargain_id,
        "title": run.bargain.title,
        "product_id": product.pk,
        "sku_id": run.bargain.sku_id,
        "cover_url": stored.address(product.cover, stored.Size.LIST),
        "list_price_fen": run.start_fen,
        "price_fen": run.price_fen,
        "floor_fen": run.floor_fen,
        "cut_fen": run.cut_fen,
        "helps": run.helps,
        "helpers": run.bargain.helpers,
        "ends_at": run.ends_at,
        "status": run.status_at(at),
        "owner": texts.masked(run.member.nickname),
        "is_mine": mine,
        "helped": member is not None and not mine and bargain_facts.has_helped(run, member_id=member.pk),
    }
    return dict(shapes.RunSerializer(shown).data)
