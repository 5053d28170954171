"""Shopper's doors of shares: sharing a thing, reading what a token shows, telling that one came by it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, ParseError, UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.members.auth import caller, caller_or_none
from apps.pictures import stored
from apps.shares import cards, examples
from apps.shares import pictures_api as share_pictures
from apps.shares import selectors as share_facts
from apps.shares import serializers as shapes
from apps.shares import services as shares
from apps.shares.models import LiveCard, Share


class SharesView(APIView):
    """Showing a thing to friends."""

    @extend_schema(
        operation_id="shares_open",
        tags=["shares"],
        summary="Share a thing",
        description="A member's token for a thing stays the same. Code and poster are made at once, in the background.",
        request=shapes.ShareRequestSerializer,
        responses={
            200: shapes.ShareSerializer,
            400: refusal(400, "share_kind_unknown", "不支持分享这类内容"),
            404: refusal(404, "share_not_found", "分享的内容不存在或暂不可见"),
        },
        examples=[examples.ASKED, examples.SHARED],
    )
    def post(self, request: Request) -> Response:
        asked = shapes.ShareRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said, at, member = asked.validated_data, timezone.now(), caller(request)
        kind = cards.kind_of(said["kind"])
        card = cards.find(kind, said["id"], member_id=member.pk, at=at)
        share = shares.open_share(member_id=member.pk, kind=kind, card=card, at=at)
        live = None
        if card.progress is not None:
            live = shares.begin_card(
                kind=kind.name,
                subject=card.subject,
                path=kind.path(card.query),
                progress=card.progress,
                at=at,
            )
        shown = {
            **_thing(share, kind, card),
            "token": share.token,
            "code_url": share_pictures.address(share, "code"),
            "poster_url": share_pictures.address(share, "poster"),
            "live_card": _live(live, at=at),
        }
        return Response(shapes.ShareSerializer(shown).data)


class ShareView(APIView):
    """What a token shows."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="shares_read",
        tags=["shares"],
        summary="What a token shows",
        description="For the page that a scanned code opens: all it is told is the token, as its `scene`.",
        responses={
            200: shapes.SharedThingSerializer,
            404: refusal(404, "share_not_found", "分享的内容不存在或暂不可见"),
        },
        examples=[examples.THING],
    )
    def get(self, request: Request, token: str) -> Response:
        share = share_facts.by_token(token)
        if share is None:
            raise cards.NothingToShare
        kind = cards.kind_of(share.kind)
        card = cards.find(kind, kind.said(share.subject), member_id=share.member_id, at=timezone.now())
        return Response(shapes.SharedThingSerializer(_thing(share, kind, card)).data)


class VisitsView(APIView):
    """Coming by somebody's share."""

    permission_classes = [AllowAny]

    def perform_authentication(self, request: Request) -> None:
        """A token that is not good any more makes nobody of the caller, and refuses nothing."""
        with suppress(AuthenticationFailed):
            super().perform_authentication(request)

    @extend_schema(
        operation_id="visits_note",
        tags=["shares"],
        summary="Tell that one came by a share",
        description=(
            "With or without login, and again after one, so that the member is known. Answered 204 whatever was said: "
            "a token that is not the shop's, or one's own, does nothing."
        ),
        request={
            "application/json": {
                "description": "Anything; what helps is an object of `share_token`, `visitor_id`."
            }
        },
        responses={204: None},
        examples=[examples.LANDED],
    )
    def post(self, request: Request) -> Response:
        try:
            said: dict[str, Any] = dict(request.data)
        except (ParseError, UnsupportedMediaType):
            said = {}
        shares.note_visit(
            token=said.get("share_token"),
            visitor_id=said.get("visitor_id"),
            member=caller_or_none(request),
            at=timezone.now(),
        )
        return Response(status=204)


def _thing(share: Share, kind: cards.Kind, card: cards.Card) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "id": kind.said(card.subject),
        "path": kind.path(card.query, share.token),
        "title": card.title,
        # A thing without a picture is shown by its poster.
        "image_url": stored.address(card.picture, stored.Size.PAGE)
        or share_pictures.address(share, "poster"),
    }


def _live(card: LiveCard | None, *, at: datetime) -> dict[str, Any] | None:
    if card is None or not card.activity_id or card.expires_at is None or card.expires_at <= at:
        return None
    return {
        "activity_id": card.activity_id,
        "member_count": str(card.members),
        "room_limit": str(card.limit),
        "expires_at": card.expires_at,
    }
