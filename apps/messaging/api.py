"""Shopper's doors of messages: what to ask for, what was answered, the inbox, and whether offers are welcome."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.alike import Alike
from apps.base.inputs import MAX_BIGINT
from apps.base.prepared import Making
from apps.base.schema import PAGING, refusal
from apps.members.auth import caller
from apps.messaging import examples
from apps.messaging import selectors as message_facts
from apps.messaging import serializers as shapes
from apps.messaging import services as messaging
from apps.messaging.services import grants, wishes
from mall.errors import NotFound


def _told(_: Making) -> dict[str, Any]:
    return dict(shapes.ScenePageSerializer({"results": message_facts.asked(), "next": None}).data)


_SCENES: Final = Alike("/api/v1/messages/scenes", "words", told=_told)


class ScenesView(APIView):
    """What the mini program asks for."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="messages_scenes",
        tags=["messages"],
        summary="What the mini program asks the shopper for, and when",
        description=(
            "At the moment of a scene call wx.requestSubscribeMessage with its templates, on a tap or after a payment, and "
            "tell `POST /me/message-grants` what was answered. One accept is one message."
        ),
        responses=shapes.ScenePageSerializer,
        examples=[examples.SCENES],
    )
    def get(self, request: Request) -> HttpResponse:
        return _SCENES.answer(at=timezone.now())


class GrantsView(APIView):
    """What a shopper answered."""

    @extend_schema(
        operation_id="me_message_grants_note",
        tags=["messages"],
        summary="Tell what the shopper answered to a question for messages",
        description=(
            "One accept is one message. WeChat tells the shop of it, too: the same template within a minute counts once, "
            "as does this call when it is repeated. A reject or ban takes back what is left."
        ),
        request=shapes.GrantsSerializer,
        responses={
            204: None,
            400: refusal(400, "scene_unknown", "没有「x」这个消息场景", {"scene": ["没有「x」这个消息场景"]}),
        },
        examples=[examples.GRANTED],
    )
    def post(self, request: Request) -> Response:
        asked = shapes.GrantsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        grants.note_answers(
            member_id=caller(request).pk, scene=said["scene"], results=said["results"], at=timezone.now()
        )
        return Response(status=204)


class MessagesView(APIView):
    """The inbox."""

    @extend_schema(
        operation_id="me_messages_list",
        tags=["messages"],
        summary="The shop's own inbox, the newest first",
        description="Everything that the shop told the member, whether or not WeChat carried it as well.",
        parameters=[*PAGING],
        responses=shapes.MessagePageSerializer,
        examples=[examples.INBOX],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            message_facts.inbox(member_id=caller(request).pk),
            ordering=["-ended_at", "-id"],
            shape=lambda rows: list(shapes.MessageSerializer(rows, many=True).data),
        )


class ReadView(APIView):
    """Reading a message."""

    @extend_schema(
        operation_id="me_messages_read",
        tags=["messages"],
        summary="Say that a message was read",
        description="The first time counts; again answers the same.",
        request=None,
        responses={200: shapes.MessageSerializer, 404: refusal(404, "not_found", "内容不存在")},
        examples=[examples.READ],
    )
    def post(self, request: Request, message_id: int) -> Response:
        if message_id > MAX_BIGINT:
            raise NotFound
        row = messaging.mark_read(member_id=caller(request).pk, message_id=message_id, at=timezone.now())
        return Response(shapes.MessageSerializer(row).data)


class OpenedView(APIView):
    """Landing by a message."""

    @extend_schema(
        operation_id="me_messages_opened",
        tags=["messages"],
        summary="Tell that the member landed by a message",
        description=(
            "A page that was opened from a message with an offer has `msg` in its query: send it here, once logged in. The "
            "message then counts as read. Answered 204 whatever was said: a mark that is not the member's does nothing."
        ),
        request={
            "application/json": {"description": "Anything; what helps is an object with the page's `msg`."}
        },
        responses={204: None},
        examples=[examples.OPENED],
    )
    def post(self, request: Request) -> Response:
        try:
            said: dict[str, Any] = dict(request.data)
        except (ParseError, UnsupportedMediaType):
            said = {}
        messaging.mark_opened(member_id=caller(request).pk, mark=said.get("msg"), at=timezone.now())
        return Response(status=204)


class SettingsView(APIView):
    """Whether offers are welcome."""

    @extend_schema(
        operation_id="me_message_settings_read",
        tags=["messages"],
        summary="What the member wants of messages",
        responses=shapes.SettingsSerializer,
        examples=[examples.SETTINGS],
    )
    def get(self, request: Request) -> Response:
        return self._answer(request)

    @extend_schema(
        operation_id="me_message_settings_write",
        tags=["messages"],
        summary="Say whether offers are welcome",
        description="`false` stops all marketing at once, what is on its way included. Order news is no marketing.",
        request=shapes.SettingsSerializer,
        responses=shapes.SettingsSerializer,
        examples=[examples.WANTED, examples.SETTINGS],
    )
    def put(self, request: Request) -> Response:
        asked = shapes.SettingsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wishes.set_marketing(
            member_id=caller(request).pk, wanted=asked.validated_data["marketing"], at=timezone.now()
        )
        return self._answer(request)

    def _answer(self, request: Request) -> Response:
        wanted = message_facts.wants_marketing(member_id=caller(request).pk)
        return Response(shapes.SettingsSerializer({"marketing": wanted}).data)
