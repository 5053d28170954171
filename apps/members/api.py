"""Shopper's doors: log in, who I am, what I agreed to, where parcels go."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import digests, door
from apps.base.alike import Alike
from apps.base.prepared import Making
from apps.base.schema import refusal
from apps.base.shapes import Shape
from apps.base.throttles import Logins
from apps.members import selectors as member_facts
from apps.members import serializers as shapes
from apps.members.auth import caller
from apps.members.models import Document
from apps.members.services import addresses, consents, identity, profile, sessions
from mall.errors import NotFound

_MEMBER = {
    "id": "K7M2P9QRTW4XYZ23",
    "nickname": "小茶",
    "avatar_url": "",
    "phone": "13800000000",
    "birthday": None,
    "level": {"name": "普通会员", "rank": 1, "discount_bp": 10000},
}
_ADDRESS = {
    "name": "林小茶",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路 1 号",
    "postal_code": "310000",
    "is_default": True,
}
_SAVED = OpenApiExample("address", value={"id": 7, **_ADDRESS}, response_only=True)
_NEW = OpenApiExample("new", value=_ADDRESS, request_only=True)
_TOKENS = {"access": "kq1Q…", "refresh": "Zt7c…", "expires_in": 7200}

_MEMBER_SHAPE = Shape(shapes.MemberSerializer)
_CODE_SHAPE = Shape(shapes.CodeSerializer)
_TOKENS_SHAPE = Shape(shapes.TokensSerializer)
_WELCOMED_SHAPE = Shape(shapes.WelcomedMemberSerializer)


def _checked(shape: Any, request: Request) -> dict[str, Any]:
    """Return the validated body, or answer 400 through DRF."""
    parsed = shape(data=request.data)
    parsed.is_valid(raise_exception=True)
    return dict(parsed.validated_data)


def _origin(request: Request) -> str:
    """The keyed digest of the network address: the address itself goes no further."""
    return digests.of("NETWORK", door.address_of(request._request))


class LoginView(APIView):
    """wx.login's code becomes a session."""

    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_classes = [Logins]

    @extend_schema(
        operation_id="auth_login",
        summary="Log in with wx.login's code",
        request=shapes.CodeSerializer,
        responses={
            200: shapes.WelcomeSerializer,
            400: refusal(400, "wechat_code_invalid", "登录凭证无效或已过期，请重新登录"),
            403: refusal(403, "member_disabled", "账号已停用，请联系客服"),
            503: refusal(503, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
        },
        examples=[
            OpenApiExample("code of wx.login", value={"code": "0a3Xyz…"}, request_only=True),
            OpenApiExample(
                "welcome", value={**_TOKENS, "member": {**_MEMBER, "is_new": True}}, response_only=True
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        welcome = identity.log_in(
            code=_CODE_SHAPE.checked(request.data).validated_data["code"],
            origin=_origin(request),
            address=door.address_of(request._request),
            at=timezone.now(),
        )
        member = _WELCOMED_SHAPE.shown(welcome.member, is_new=welcome.is_new)
        return Response({**_TOKENS_SHAPE.shown(welcome.tokens), "member": member})


class RefreshView(APIView):
    """New tokens for a refresh token, once."""

    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_classes = [Logins]

    @extend_schema(
        operation_id="auth_refresh",
        summary="New tokens for a refresh token, once",
        description=(
            "Refresh tokens rotate: each can be exchanged once, and the access and refresh tokens that came before are "
            "dead from then on. Keep the newest pair. Sent again within 10 seconds by the same device (the same "
            "`User-Agent`), a token is answered with the same new pair, so that two requests that meet an expired "
            "access token at once, or a lost answer, end no session. Seen later, or from another device, it has been "
            "copied: the whole session is revoked, also for whoever has its newest tokens, and the answer is 401 "
            "`refresh_invalid`; log in again with `wx.login`. Access tokens live 2 hours, refresh tokens 30 days."
        ),
        request=shapes.RefreshSerializer,
        responses={
            200: shapes.TokensSerializer,
            401: refusal(401, "refresh_invalid", "登录已失效，请重新登录"),
        },
        examples=[OpenApiExample("tokens", value=_TOKENS, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        body = _checked(shapes.RefreshSerializer, request)
        device = request.headers.get("User-Agent", "")
        tokens = sessions.refresh(token=body["refresh"], device=device, at=timezone.now())
        return Response(shapes.TokensSerializer(tokens).data)


class LogoutView(APIView):
    """The session of this refresh token dies, its access token with it."""

    permission_classes = [AllowAny]
    authentication_classes = []
    throttle_classes = [Logins]

    @extend_schema(
        operation_id="auth_logout",
        summary="Log out",
        request=shapes.RefreshSerializer,
        responses={
            204: OpenApiResponse(description="Logged out."),
            401: refusal(401, "refresh_invalid", "登录已失效，请重新登录"),
        },
    )
    def post(self, request: Request) -> Response:
        body = _checked(shapes.RefreshSerializer, request)
        sessions.close_session(token=body["refresh"], at=timezone.now())
        return Response(status=204)


class MeView(APIView):
    """The member's own profile."""

    @extend_schema(
        operation_id="me_read",
        summary="My profile",
        responses=shapes.MemberSerializer,
        examples=[OpenApiExample("me", value=_MEMBER, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return Response(_MEMBER_SHAPE.shown(caller(request)))

    @extend_schema(
        operation_id="me_change",
        summary="Change my nickname or picture",
        request=shapes.ProfileSerializer,
        responses=shapes.MemberSerializer,
        examples=[
            OpenApiExample("nickname", value={"nickname": "小茶"}, request_only=True),
            OpenApiExample("me", value=_MEMBER, response_only=True),
        ],
    )
    def patch(self, request: Request) -> Response:
        body = _checked(shapes.ProfileSerializer, request)
        return Response(
            shapes.MemberSerializer(profile.update(member=caller(request), at=timezone.now(), **body)).data
        )


class PhoneView(APIView):
    """The phone number behind WeChat's button, after consent."""

    @extend_schema(
        operation_id="me_phone",
        summary="Give my phone number by WeChat's button",
        request=shapes.CodeSerializer,
        responses={
            200: shapes.MemberSerializer,
            400: refusal(400, "wechat_code_invalid", "手机号授权已失效，请重新授权"),
            403: refusal(
                403,
                "consent_required",
                "请先阅读并同意隐私保护指引",
                {"document": "privacy", "current_version": "1.0"},
            ),
            503: refusal(503, "wechat_unavailable", "微信服务暂时不可用，请稍后重试"),
        },
        examples=[OpenApiExample("me", value=_MEMBER, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        body = _checked(shapes.CodeSerializer, request)
        return Response(
            shapes.MemberSerializer(
                profile.record_phone(member=caller(request), code=body["code"], at=timezone.now())
            ).data
        )


class ConsentsView(APIView):
    """What the member agrees to."""

    @extend_schema(
        operation_id="me_consent",
        summary="Agree to a document",
        request=shapes.ConsentInputSerializer,
        responses={
            201: shapes.ConsentSerializer,
            400: refusal(
                400,
                "document_version_invalid",
                "协议版本已更新，请阅读最新版本后同意",
                {"document": "privacy", "current_version": "1.0"},
            ),
        },
        examples=[
            OpenApiExample("agree", value={"document": "privacy", "version": "1.0"}, request_only=True),
            OpenApiExample(
                "agreed",
                value={"document": "privacy", "version": "1.0", "given_at": "2026-01-01T10:00:00+08:00"},
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        body = _checked(shapes.ConsentInputSerializer, request)
        given = consents.give(member=caller(request), at=timezone.now(), **body)
        return Response(shapes.ConsentSerializer(given).data, status=201)


class ConsentView(APIView):
    """Taking consent back, as easily as giving it."""

    @extend_schema(
        operation_id="me_consent_withdraw",
        summary="Take my consent back",
        responses={204: OpenApiResponse(description="Withdrawn; what was collected under it is deleted.")},
    )
    def delete(self, request: Request, document: str) -> Response:
        consents.withdraw(member=caller(request), document=document, at=timezone.now())
        return Response(status=204)


def _document(kind: str, _: Making) -> dict[str, Any] | None:
    current = member_facts.current_document(kind=kind)
    return None if current is None else dict(shapes.DocumentSerializer(current).data)


_DOCUMENTS: Final = {
    kind: Alike(f"/api/v1/documents/{kind}", "words", told=partial(_document, kind))
    for kind in Document.Kind.values
}


class DocumentView(APIView):
    """The text in force of a document, for everybody to read."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="document_read",
        summary="The text in force of a document",
        responses=shapes.DocumentSerializer,
        examples=[
            OpenApiExample(
                "privacy",
                value={
                    "document": "privacy",
                    "version": "1.0",
                    "body": "我们收集您的手机号和收货地址，仅用于配送与售后。",
                    "published_at": "2026-01-01T00:00:00+08:00",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, document: str) -> HttpResponse:
        if document not in _DOCUMENTS:
            raise NotFound
        return _DOCUMENTS[document].answer(at=timezone.now())


class AddressesView(APIView):
    """The member's address book."""

    @extend_schema(
        operation_id="addresses_list",
        summary="My addresses",
        responses=shapes.AddressPageSerializer,
        examples=[
            OpenApiExample(
                "book", value={"results": [{"id": 7, **_ADDRESS}], "next": None}, response_only=True
            )
        ],
    )
    def get(self, request: Request) -> Response:
        # At most fifty (services.addresses): always one page.
        rows = shapes.AddressSerializer(member_facts.addresses_of(caller(request)), many=True).data
        return Response({"results": rows, "next": None})

    @extend_schema(
        operation_id="addresses_add",
        summary="Add an address",
        request=shapes.AddressSerializer,
        responses={
            201: shapes.AddressSerializer,
            409: refusal(409, "too_many_addresses", "最多保存 50 个收货地址", {"most": 50}),
        },
        examples=[
            _NEW,
            OpenApiExample("added", value={"id": 7, **_ADDRESS}, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        body = _checked(shapes.AddressSerializer, request)
        address = addresses.add(member=caller(request), fields=body)
        return Response(shapes.AddressSerializer(address).data, status=201)


class AddressView(APIView):
    """One address of the member's own."""

    @extend_schema(
        operation_id="address_read",
        summary="One of my addresses",
        responses=shapes.AddressSerializer,
        examples=[_SAVED],
    )
    def get(self, request: Request, address_id: int) -> Response:
        return Response(
            shapes.AddressSerializer(
                member_facts.address_of(member=caller(request), address_id=address_id)
            ).data
        )

    @extend_schema(
        operation_id="address_replace",
        summary="Replace an address",
        request=shapes.AddressSerializer,
        responses=shapes.AddressSerializer,
        examples=[_NEW, _SAVED],
    )
    def put(self, request: Request, address_id: int) -> Response:
        return self._change(request, address_id, partial=False)

    @extend_schema(
        operation_id="address_change",
        summary="Change parts of an address",
        request=shapes.AddressSerializer,
        responses=shapes.AddressSerializer,
        examples=[OpenApiExample("default", value={"is_default": True}, request_only=True), _SAVED],
    )
    def patch(self, request: Request, address_id: int) -> Response:
        return self._change(request, address_id, partial=True)

    def _change(self, request: Request, address_id: int, *, partial: bool) -> Response:
        # Whose it is comes first: a stranger's address answers 404 whatever the body says.
        before = member_facts.address_of(member=caller(request), address_id=address_id)
        parsed = shapes.AddressSerializer(before, data=request.data, partial=partial)
        parsed.is_valid(raise_exception=True)
        address = addresses.change(
            member=caller(request), address_id=address_id, fields=dict(parsed.validated_data)
        )
        return Response(shapes.AddressSerializer(address).data)

    @extend_schema(
        operation_id="address_remove",
        summary="Remove an address",
        responses={204: OpenApiResponse(description="Removed.")},
    )
    def delete(self, request: Request, address_id: int) -> Response:
        addresses.remove(member=caller(request), address_id=address_id)
        return Response(status=204)
