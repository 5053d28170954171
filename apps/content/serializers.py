"""What reviews look like to the mini program, and what it may say of goods."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import (
    StrictBooleanField,
    StrictIntegerField,
    StrictPatternField,
    StrictTextField,
    row_id,
)
from apps.content import selectors as review_facts
from apps.content.models import MOST_CHARACTERS, MOST_PICTURES, Picture, Review
from apps.content.services import Draft
from apps.members.models import Upload
from apps.members.serializers import FileSerializer
from apps.orders.models import OrderLine
from apps.pictures.stored import Size, address

_MOST_LINES = 100
_PICTURE_ID = "[0-9A-Z]{24}"


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "pattern": f"^{_PICTURE_ID}$"},
        "maxItems": MOST_PICTURES,
        "uniqueItems": True,
    }
)
class PictureIdsField(serializers.ListField):
    """Ids of pictures, each once."""


class DraftSerializer(serializers.Serializer[Any]):
    """What is said of one line of the order."""

    sku_id = row_id(help_text="Of a line that was bought; gifts are not reviewed.")
    rating = StrictIntegerField(min_value=1, max_value=5)
    text = StrictTextField(
        multiline=True,
        max_length=MOST_CHARACTERS,
        required=False,
        allow_blank=True,
        default="",
        help_text="Plain text; whoever shows it in HTML escapes it.",
    )
    pictures = PictureIdsField(
        child=StrictPatternField(_PICTURE_ID),
        max_length=MOST_PICTURES,
        required=False,
        default=list,
        help_text="Ids of pictures uploaded before, in their order.",
        error_messages={"max_length": f"最多 {MOST_PICTURES} 张图片", "not_a_list": "请填写图片编号列表"},
    )
    anonymous = StrictBooleanField(required=False, default=False)

    def validate_pictures(self, ids: list[str]) -> list[str]:
        """Each picture once."""
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("图片重复")
        return ids


class WriteReviewsSerializer(serializers.Serializer[Any]):
    """Some lines of one order, all or nothing."""

    reviews = serializers.ListField(
        child=DraftSerializer(),
        min_length=1,
        max_length=_MOST_LINES,
        error_messages={"min_length": "请填写评价", "not_a_list": "请填写评价列表"},
    )

    def drafts(self) -> list[Draft]:
        """What was said, as the service takes it."""
        return [
            Draft(**{**one, "pictures": tuple(one["pictures"])}) for one in self.validated_data["reviews"]
        ]


class UploadSerializer(FileSerializer):
    """A form with one picture and what it is for."""

    purpose = serializers.ChoiceField(
        choices=Upload.Purpose.choices,
        default=Upload.Purpose.REVIEW,
        help_text="What the picture is for; it can be used for nothing else.",
        error_messages={"invalid_choice": "图片用途无效"},
    )


class PictureSerializer(serializers.Serializer[Any]):
    """A picture that was uploaded: an Upload, or the Picture of a review."""

    id = serializers.CharField(source="public_id")
    url = serializers.SerializerMethodField(help_text="1080 pixels at most.")
    width = serializers.IntegerField(help_text="Of the full size.")
    height = serializers.IntegerField()

    def get_url(self, row: Upload | Picture) -> str:
        return address(row.file) or ""


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """A published review, as everybody sees it."""

    nickname = serializers.SerializerMethodField(help_text="Masked; 匿名用户 where the member wished so.")
    option_text = serializers.CharField(source="line.option_text", help_text="Which SKU it is about.")
    pictures = serializers.SerializerMethodField(help_text="Addresses.")
    reply = serializers.CharField(help_text="The merchant's; empty without.")

    class Meta:
        model = Review
        fields = [
            *("id", "rating", "text", "nickname", "option_text", "pictures"),
            *("published_at", "reply", "replied_at"),
        ]

    def get_nickname(self, row: Review) -> str:
        return review_facts.shown_name(row)

    def get_pictures(self, row: Review) -> list[str]:
        return [address(picture.file) or "" for picture in row.pictures.all()]


class MyReviewSerializer(serializers.ModelSerializer[Review]):
    """A review as its writer sees it, wherever it stands."""

    order_no = serializers.CharField(source="line.order.order_no")
    sku_id = serializers.IntegerField(source="line.sku_id")
    title = serializers.CharField(source="line.title")
    option_text = serializers.CharField(source="line.option_text")
    status_text = serializers.CharField(source="get_status_display", help_text="The status, for the shopper.")
    pictures = PictureSerializer(many=True)

    class Meta:
        model = Review
        fields = [
            *("id", "order_no", "product_id", "sku_id", "title", "option_text", "rating", "text"),
            *("anonymous", "pictures", "status", "status_text", "written_at", "published_at"),
            *("reply", "replied_at"),
        ]


class PendingSerializer(serializers.ModelSerializer[OrderLine]):
    """A line that may still be reviewed."""

    order_no = serializers.CharField(source="order.order_no")
    product_id = serializers.IntegerField(source="sku.product_id")
    image_url = serializers.SerializerMethodField()
    received_at = serializers.DateTimeField()

    class Meta:
        model = OrderLine
        fields = ["order_no", "sku_id", "product_id", "title", "option_text", "image_url", "received_at"]

    def get_image_url(self, row: OrderLine) -> str | None:
        return address(row.image, Size.LIST)


class RatingCountSerializer(serializers.Serializer[Any]):
    """How often so many stars were given."""

    rating = serializers.IntegerField()
    count = serializers.IntegerField()


class SummarySerializer(serializers.Serializer[Any]):
    """A product's published reviews in figures."""

    count = serializers.IntegerField()
    average_tenths = serializers.IntegerField(
        allow_null=True, help_text="48 is 4.8 stars; null without reviews."
    )
    good_bp = serializers.IntegerField(
        allow_null=True, help_text="4 and 5 stars, in basis points: 9600 is 96 %; null without reviews."
    )
    with_pictures = serializers.IntegerField()
    by_rating = RatingCountSerializer(many=True)


class ReviewPageSerializer(serializers.Serializer[Any]):
    """A page of a product's reviews, newest first."""

    results = ReviewSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class MyReviewPageSerializer(serializers.Serializer[Any]):
    """A page of the member's reviews, newest first."""

    results = MyReviewSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class PendingPageSerializer(serializers.Serializer[Any]):
    """A page of lines to review, received last first."""

    results = PendingSerializer(many=True)
    next = serializers.URLField(allow_null=True)


def summary(counted: review_facts.Summary) -> dict[str, Any]:
    """The answer's object of the figures, five stars first."""
    return {
        "count": counted.count,
        "average_tenths": counted.average_tenths,
        "good_bp": counted.good_bp,
        "with_pictures": counted.with_pictures,
        "by_rating": [{"rating": rating, "count": number} for rating, number in counted.by_rating.items()],
    }
