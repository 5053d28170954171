"""Shopper's doors to their own data: a copy of it, and leaving for good."""

from __future__ import annotations

import gzip
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.members.auth import caller
from apps.members.models import ErasureRequest, ExportRequest
from apps.members.services import erasures, exports

FILE_PATH = "me/export/file"
_EXPORT = {"status": "WAITING", "file_url": None, "until": None, "asked_at": "2026-11-20T10:00:00+08:00"}
_READY = {
    "status": "READY",
    "file_url": "https://shop.example/api/v1/me/export/file",
    "until": "2026-11-27T10:01:00+08:00",
    "asked_at": "2026-11-20T10:00:00+08:00",
}
_FILE = {
    "会员编号": "K7M2P9QRTW4XYZ23",
    "生成时间": "2026-11-20T10:01:00+08:00",
    "内容": {"收货地址": [{"收货人": "林小茶", "手机号": "13800000000", "详细地址": "龙井路 1 号"}]},
}
_ERASURE = {
    "status": "WAITING",
    "asked_at": "2026-11-20T10:00:00+08:00",
    "until": "2026-11-27T10:00:00+08:00",
    "held_up_by": [],
}
_BLOCKED = refusal(
    409,
    "erasure_blocked",
    "还有未了结的事项，暂时不能注销",
    {"open": [{"code": "orders", "text": "还有未完成的订单", "numbers": ["SO261120K7M2P9QRTW4X"]}]},
)


class ExportSerializer(serializers.Serializer[ExportRequest]):
    """How far the file is."""

    status = serializers.ChoiceField(
        choices=ExportRequest.Status.choices, help_text="WAITING: being made, within the day."
    )
    file_url = serializers.SerializerMethodField(
        help_text="While READY. Opens with this member's `Authorization` only: give wx.downloadFile the header."
    )
    until = serializers.DateTimeField(allow_null=True, help_text="Until when the file can be fetched.")
    asked_at = serializers.DateTimeField(help_text="When it was asked for.")

    def get_file_url(self, row: ExportRequest) -> str | None:
        ready = row.status == ExportRequest.Status.READY
        return f"{settings.PUBLIC_BASE_URL}/api/v1/{FILE_PATH}" if ready else None


class ExportedSerializer(serializers.Serializer[Any]):
    """What stands in the file, for its description only: rooms say what they hold (``config/personal.py``)."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The names are Chinese, because people read them."""
        rows = serializers.ListField(child=serializers.DictField())
        return {
            "会员编号": serializers.CharField(help_text="The number by which operators know the member."),
            "生成时间": serializers.DateTimeField(help_text="When it was made."),
            "内容": serializers.DictField(child=rows, help_text="Rows by the name of their table."),
        }


class ErasureSerializer(serializers.Serializer[ErasureRequest]):
    """How far the erasure is."""

    status = serializers.ChoiceField(
        choices=ErasureRequest.Status.choices, help_text="Who is erased has no session left to read DONE."
    )
    asked_at = serializers.DateTimeField(help_text="When it was asked for.")
    until = serializers.DateTimeField(
        help_text="It is carried out after this; until then it can be taken back."
    )
    held_up_by = serializers.ListField(
        child=serializers.CharField(),
        help_text="Codes of what stood in the way after seven days, looked at once a day: `orders`, `after_sales`, "
        "`refunds`, `recharges`, `recharge_refunds`, `stored_value`, `commission`, `commission_coming`, `invoices`, "
        "`complaints`, `groups`, `shipping`.",
    )


class ExportView(APIView):
    """A copy of everything that the shop holds of the member (个人信息保护法 §45)."""

    @extend_schema(
        operation_id="me_export_ask",
        summary="Ask for a file with my data",
        description="Made within the day. Asked again within a day, it is the same file.",
        request=None,
        responses={202: ExportSerializer},
        examples=[OpenApiExample("asked", value=_EXPORT, response_only=True, status_codes=["202"])],
    )
    def post(self, request: Request) -> Response:
        asked = exports.ask(member=caller(request), at=timezone.now())
        return Response(ExportSerializer(asked).data, status=202)

    @extend_schema(
        operation_id="me_export",
        summary="How far the file is, and where it lies",
        responses=ExportSerializer,
        examples=[OpenApiExample("ready", value=_READY, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return Response(ExportSerializer(exports.latest(member=caller(request), at=timezone.now())).data)


class ExportFileView(APIView):
    """The file itself, for its member only."""

    @extend_schema(
        operation_id="me_export_file",
        summary="The file with my data, as JSON",
        description="Sent as an attachment; `内容` has one list for each table of the shop that knows the member.",
        responses={200: ExportedSerializer},
        examples=[OpenApiExample("file", value=_FILE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        packed = exports.fetch(member=caller(request), at=timezone.now())
        answer = HttpResponse(gzip.decompress(packed), content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="personal-data.json"'
        patch_cache_control(answer, no_store=True, private=True)
        return answer


class ErasureView(APIView):
    """Leaving for good (个人信息保护法 §47): after seven days, unless taken back."""

    @extend_schema(
        operation_id="me_erasure_ask",
        summary="Ask to be erased",
        description="What stays because the law asks for it names nobody. Points and coupons are given up.",
        request=None,
        responses={202: ErasureSerializer, 409: _BLOCKED},
        examples=[OpenApiExample("asked", value=_ERASURE, response_only=True, status_codes=["202"])],
    )
    def post(self, request: Request) -> Response:
        asked = erasures.ask(member=caller(request), at=timezone.now())
        return Response(ErasureSerializer(asked).data, status=202)

    @extend_schema(
        operation_id="me_erasure",
        summary="How far my erasure is",
        responses=ErasureSerializer,
        examples=[OpenApiExample("waiting", value=_ERASURE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return Response(ErasureSerializer(erasures.latest(member=caller(request))).data)

    @extend_schema(
        operation_id="me_erasure_take_back",
        summary="Take it back",
        responses={
            204: OpenApiResponse(description="Taken back: everything stays as it is."),
            409: refusal(409, "erasure_not_waiting", "没有等待中的注销申请"),
        },
    )
    def delete(self, request: Request) -> Response:
        erasures.take_back(member=caller(request), at=timezone.now())
        return Response(status=204)
