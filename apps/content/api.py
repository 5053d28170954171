"""Shopper's doors of reviews: what I may review, what I wrote, pictures, what others say of a product."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import PAGING, refusal
from apps.content import examples
from apps.content import selectors as review_facts
from apps.content import serializers as shapes
from apps.content import services as reviews
from apps.members import uploads
from apps.members.auth import caller
from apps.members.models import Member
from apps.members.pictures_api import BUSY, CANNOT_READ, CONSENT, TOO_LARGE
from apps.members.selectors import lead_of

_NO_PRODUCT = refusal(404, "not_found", "商品不存在或已下架")


class OrderReviewsView(APIView):
    """The reviews of an order's lines."""

    @extend_schema(
        operation_id="order_reviews_create",
        tags=["reviews"],
        summary="Review lines of a received order",
        description=(
            "Some or all lines at once, all or nothing, each line once, within the shop's days after receipt. "
            "A review is seen by others once WeChat's content security has passed text and pictures, "
            "or a person has looked at it. Points are given at publication, whatever the rating."
        ),
        request=shapes.WriteReviewsSerializer,
        responses={
            201: shapes.MyReviewPageSerializer,
            400: refusal(400, "line_unknown", "订单中没有可评价的该商品", {"sku_id": 7}),
            403: CONSENT,
            409: refusal(409, "already_reviewed", "该商品已评价", {"sku_id": 7}),
        },
        examples=[examples.WRITE, examples.WRITTEN],
    )
    def post(self, request: Request, order_no: str) -> Response:
        said = shapes.WriteReviewsSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        member = caller(request)
        written = reviews.write(member=member, order_no=order_no, drafts=said.drafts(), at=timezone.now())
        rows = review_facts.of_member(member=member).filter(pk__in=[row.pk for row in written]).order_by("id")
        return Response(
            {"results": shapes.MyReviewSerializer(rows, many=True).data, "next": None}, status=201
        )


class MyReviewsView(APIView):
    """What the member wrote."""

    @extend_schema(
        operation_id="me_reviews",
        tags=["reviews"],
        summary="My reviews, newest first",
        parameters=PAGING,
        responses={200: shapes.MyReviewPageSerializer},
        examples=[examples.MINE],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            review_facts.of_member(member=caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(shapes.MyReviewSerializer(rows, many=True).data),
        )


class PendingView(APIView):
    """What the member may still review."""

    @extend_schema(
        operation_id="me_reviews_pending",
        tags=["reviews"],
        summary="What I may review, received last first",
        parameters=PAGING,
        responses={200: shapes.PendingPageSerializer},
        examples=[examples.PENDING],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            review_facts.pending(member=caller(request), at=timezone.now()),
            ordering=["-received_at", "-id"],
            shape=lambda rows: list(shapes.PendingSerializer(rows, many=True).data),
        )


class PicturesView(APIView):
    """Pictures on their way to a review or an application."""

    parser_classes = [uploads.PictureFormParser]

    @extend_schema(
        operation_id="me_pictures_create",
        tags=["reviews"],
        summary="Upload a picture",
        description=(
            "As wx.uploadFile sends it, under the name `file`: JPEG, PNG or WebP, at most 5 MB; `purpose` says what for. "
            "It is drawn anew, at most 2048 pixels a side, without EXIF and position. A picture that nothing takes is gone "
            "after a day. One picture of a member at a time: 409 `picture_in_progress` and 503 `pictures_busy` say in "
            "`Retry-After` when to come again."
        ),
        request={"multipart/form-data": shapes.UploadSerializer},
        responses={
            201: shapes.PictureSerializer,
            400: CANNOT_READ,
            403: CONSENT,
            409: refusal(409, "too_many_pictures", "今日上传图片数量已达上限", {"per_day": 50}),
            413: TOO_LARGE,
            503: BUSY,
        },
        examples=[examples.UPLOADED],
    )
    def post(self, request: Request) -> Response:
        sent = shapes.UploadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        content: bytes = sent.validated_data["file"].read()
        purpose: str = sent.validated_data["purpose"]
        picture = reviews.upload(member=caller(request), content=content, purpose=purpose, at=timezone.now())
        return Response(shapes.PictureSerializer(picture).data, status=201)


class _ProductView(APIView):
    """A door for everybody; it is not there for a product that is not on sale."""

    permission_classes = [AllowAny]

    def require_product(self, request: Request, product_id: int) -> None:
        member = cast(Member | None, request.user)
        review_facts.require_product(product_id=product_id, at=timezone.now(), early=lead_of(member))


class ProductReviewsView(_ProductView):
    """What members say of a product."""

    @extend_schema(
        operation_id="product_reviews",
        tags=["reviews"],
        summary="A product's reviews, newest first",
        parameters=[
            OpenApiParameter(
                "rating",
                {"type": "integer", "minimum": 1, "maximum": 5},
                description="Only those with so many stars: 1 to 5.",
            ),
            OpenApiParameter("with_pictures", bool, description="`true`: only those with pictures."),
            *PAGING,
        ],
        responses={
            200: shapes.ReviewPageSerializer,
            400: refusal(400, "rating_invalid", "评分应为 1 到 5"),
            404: _NO_PRODUCT,
        },
        examples=[examples.OF_PRODUCT],
    )
    def get(self, request: Request, product_id: int) -> Response:
        self.require_product(request, product_id)
        asked = request.query_params
        found = review_facts.of_product(
            product_id=product_id, rating=asked.get("rating"), with_pictures=asked.get("with_pictures")
        )

        def shape(rows: list[Any]) -> list[Any]:
            return list(shapes.ReviewSerializer(rows, many=True).data)

        return paging.page(request, found, ordering=["-published_at", "-id"], shape=shape)


class SummaryView(_ProductView):
    """What members say of a product, in figures."""

    @extend_schema(
        operation_id="product_reviews_summary",
        tags=["reviews"],
        summary="A product's reviews in figures",
        responses={200: shapes.SummarySerializer, 404: _NO_PRODUCT},
        examples=[examples.SUMMARY],
    )
    def get(self, request: Request, product_id: int) -> Response:
        self.require_product(request, product_id)
        return Response(shapes.summary(review_facts.summary(product_id=product_id)))
