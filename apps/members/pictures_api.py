"""Shopper's door of the avatar: the file that chooseAvatar gives becomes the member's picture."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base.schema import refusal
from apps.members import serializers as shapes
from apps.members import uploads
from apps.members.auth import caller
from apps.members.services import profile

# What every door that takes a picture may answer, by status.
CANNOT_READ: Final = refusal(400, "picture_unreadable", "无法识别的图片，请上传 JPG、PNG 或 WebP 格式")
CONSENT: Final = refusal(
    403, "consent_required", "请先阅读并同意隐私保护指引", {"document": "privacy", "current_version": "1.0"}
)
TOO_LARGE: Final = refusal(413, "too_large", "提交的内容过大")
BUSY: Final = refusal(503, "pictures_busy", "图片处理繁忙，请稍后重试", {"retry_after": 1})


class AvatarView(APIView):
    """The member's own picture."""

    parser_classes = [uploads.PictureFormParser]

    @extend_schema(
        operation_id="me_avatar",
        summary="Send the picture that chooseAvatar gives",
        description=(
            "As wx.uploadFile sends it, under the name `file`. It is drawn anew, without EXIF and position, and is the "
            "avatar from then on. One picture of a member at a time: 409 `picture_in_progress` and 503 "
            "`pictures_busy` say in `Retry-After` when to come again."
        ),
        request={"multipart/form-data": shapes.FileSerializer},
        responses={
            200: shapes.AvatarSerializer,
            400: CANNOT_READ,
            403: CONSENT,
            409: refusal(409, "too_many_pictures", "今日上传图片数量已达上限", {"per_day": 10}),
            413: TOO_LARGE,
            503: BUSY,
        },
        examples=[
            OpenApiExample(
                "avatar",
                value={"avatar_url": "https://shop.example.com/media/avatars/3f9c…/list.jpg"},
                response_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        sent = shapes.FileSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        content: bytes = sent.validated_data["file"].read()
        member = profile.wear(member=caller(request), content=content, at=timezone.now())
        return Response({"avatar_url": member.avatar_url})
