"""What applications after the sale look like to the mini program, and what it may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import MOST_CHARACTERS, MOST_PICTURES, AfterSale
from apps.aftersales.proposing import Ask
from apps.aftersales.states import MOVE_LABELS, AfterSaleKind, AfterSaleStatus, By
from apps.base.inputs import (
    MAX_BIGINT,
    StrictIntegerField,
    StrictPatternField,
    StrictTextField,
    row_id,
)
from apps.base.schema import ServerTimeField
from apps.carts.services import MAX_LINES, MAX_QUANTITY
from apps.payments.states import MoneyBack
from apps.pictures.stored import Size, address

_PICTURE_ID: Final = "[0-9A-Z]{24}"


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "pattern": f"^{_PICTURE_ID}$"},
        "maxItems": MOST_PICTURES,
        "uniqueItems": True,
    }
)
class AfterSalePictureIdsField(serializers.ListField):
    """Ids of pictures, each once."""

    def to_internal_value(self, data: Any) -> list[str]:
        ids: list[str] = super().to_internal_value(data)
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("图片重复")
        return ids


def _picture_ids() -> AfterSalePictureIdsField:
    return AfterSalePictureIdsField(
        child=StrictPatternField(_PICTURE_ID),
        max_length=MOST_PICTURES,
        required=False,
        default=list,
        help_text="Ids of pictures uploaded before for the purpose `after_sale`, in their order.",
        error_messages={"max_length": f"最多 {MOST_PICTURES} 张图片", "not_a_list": "请填写图片编号列表"},
    )


def _text(**kwargs: Any) -> StrictTextField:
    return StrictTextField(
        multiline=True,
        max_length=MOST_CHARACTERS,
        required=False,
        allow_blank=True,
        default="",
        help_text="Plain text; whoever shows it in HTML escapes it.",
        **kwargs,
    )


class AfterSaleAskedLineSerializer(serializers.Serializer[Any]):
    """Units of a line of the order."""

    line_id = row_id(help_text="Of the order's `items`.")
    quantity = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY)
    new_sku_id = row_id(
        required=False,
        allow_null=True,
        help_text="EXCHANGE only: another SKU that costs the same today. Left out: the same one again.",
    )


class ApplyAfterSaleSerializer(serializers.Serializer[Any]):
    """What is asked for after the sale."""

    kind = serializers.ChoiceField(
        choices=AfterSaleKind.choices,
        help_text="REFUND: only money; RETURN: goods back, then money; EXCHANGE: goods back, then new ones; "
        "RESHIP: what is missing or broken once more.",
        error_messages={"invalid_choice": "售后类型无效"},
    )
    lines = serializers.ListField(
        child=AfterSaleAskedLineSerializer(),
        min_length=1,
        max_length=MAX_LINES,
        error_messages={"min_length": "请选择商品", "not_a_list": "请填写商品列表"},
    )
    reason = StrictTextField(max_length=40, help_text="A code of `GET /after-sale-reasons?kind=`.")
    text = _text()
    picture_ids = _picture_ids()
    amount_fen = StrictIntegerField(
        min_value=0,
        max_value=MAX_BIGINT,
        required=False,
        allow_null=True,
        help_text="Less than proposed, never more. Left out: all of it.",
    )

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each line once."""
        if len({line["line_id"] for line in lines}) != len(lines):
            raise serializers.ValidationError("商品重复")
        return lines

    def ask(self) -> Ask:
        """What was said, as the service takes it."""
        said = self.validated_data
        return Ask(
            kind=said["kind"],
            units={line["line_id"]: line["quantity"] for line in said["lines"]},
            reason=said["reason"],
            text=said["text"],
            pictures=said["picture_ids"],
            amount_fen=said.get("amount_fen"),
            new_skus={
                line["line_id"]: line["new_sku_id"] for line in said["lines"] if line.get("new_sku_id")
            },
        )


class ReturnParcelSerializer(serializers.Serializer[Any]):
    """The parcel that brings goods back."""

    carrier = StrictTextField(max_length=40, help_text="Its name, or WeChat's code of it.")
    tracking_no = StrictTextField(max_length=64)


class SayAfterSaleSerializer(serializers.Serializer[Any]):
    """Something to say to the shop."""

    text = _text()
    picture_ids = _picture_ids()


class AfterSaleReasonSerializer(serializers.Serializer[Any]):
    """A reason to choose."""

    code = serializers.CharField(help_text="What `reason` of an application says.")
    label = serializers.CharField()  # type: ignore[assignment]


class AfterSalePreviewLineSerializer(serializers.Serializer[Any]):
    """What units of a line are worth."""

    line_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField(help_text="Their share of what was paid for the line.")


class AfterSalePreviewSerializer(serializers.Serializer[Any]):
    """What an application would give back; nothing is stored."""

    amount_fen = serializers.IntegerField(help_text="What is asked for in all: at most goods and freight.")
    goods_fen = serializers.IntegerField(help_text="The most for goods.")
    freight_fen = serializers.IntegerField(
        help_text="The most for postage: with the last line of an order that never left."
    )
    lines = AfterSalePreviewLineSerializer(many=True)
    points_back = serializers.IntegerField(help_text="Points of the deduction that come back.")
    coupons_back = serializers.IntegerField(
        help_text="How many coupons come back: the order's, where nothing of it ever left."
    )


class AfterSaleEventSerializer(serializers.Serializer[Any]):
    """Something that happened to the application, or was said about it."""

    at = serializers.DateTimeField()
    by = serializers.ChoiceField(choices=By.choices, help_text="Who did or said it.")
    move = serializers.ChoiceField(
        choices=list(MOVE_LABELS.items()), help_text="What; `message`: it was said."
    )
    text = serializers.CharField(help_text="For the shopper.")
    picture_urls = serializers.SerializerMethodField(help_text="1080 pixels at most.")

    @extend_schema_field({"type": "array", "items": {"type": "string", "format": "uri"}})
    def get_picture_urls(self, row: application_facts.Happened) -> list[str]:
        return [address(picture.file) or "" for picture in row.pictures]


class AfterSaleLineSerializer(serializers.Serializer[Any]):
    """Units of a line in the application."""

    line_id = serializers.IntegerField(source="order_line_id")
    sku_id = serializers.IntegerField(source="order_line.sku_id")
    title = serializers.CharField(source="order_line.title")
    option_text = serializers.CharField(source="order_line.option_text")
    image_url = serializers.SerializerMethodField()
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField(help_text="What they are worth; 0 where no money is asked for.")
    new_sku_id = serializers.IntegerField(
        allow_null=True, help_text="What an exchange is for; null: the same SKU."
    )
    accepted = serializers.IntegerField(
        allow_null=True, help_text="How many the shop accepted when it looked at them; null before that."
    )

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_image_url(self, line: Any) -> str | None:
        return address(line.order_line.image, Size.LIST)


class ReturnAddressSerializer(serializers.Serializer[Any]):
    """Where goods are sent back to."""

    name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()


class AfterSaleParcelSerializer(serializers.Serializer[Any]):
    """A parcel of the application."""

    carrier = serializers.CharField()
    tracking_no = serializers.CharField()
    at = serializers.DateTimeField(help_text="When it was told.")


class AfterSaleSerializer(serializers.ModelSerializer[AfterSale]):
    """An application after the sale, as its shopper sees it."""

    order_no = serializers.CharField(source="order.order_no")
    kind = serializers.ChoiceField(choices=AfterSaleKind.choices)
    kind_text = serializers.CharField(source="get_kind_display", help_text="The kind, for the shopper.")
    status = serializers.ChoiceField(
        choices=AfterSaleStatus.choices,
        help_text="APPROVED: the shop agrees, and goods, money or a parcel are on their way; DONE: the money is back, or "
        "the new parcel has left.",
    )
    status_text = serializers.CharField(source="get_status_display", help_text="The status, for the shopper.")
    amount_fen = serializers.IntegerField(
        help_text="What was asked for; once it was granted, what goes back."
    )
    deadline_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when something has to happen; null once it is over."
    )
    money = serializers.SerializerMethodField(
        help_text="How the refund stands; null before there is one. FAILED: WeChat could not carry it out, the shop sees "
        "to it."
    )
    reason = serializers.CharField(source="reason.code")
    reason_text = serializers.CharField(source="reason_label", help_text="The reason, as it read then.")
    lines = AfterSaleLineSerializer(many=True)
    picture_urls = serializers.SerializerMethodField(help_text="Those of the application itself.")
    return_to = serializers.SerializerMethodField(help_text="While goods are awaited; null otherwise.")
    return_parcel = serializers.SerializerMethodField(
        help_text="What the shopper told of it; null before that."
    )
    new_parcel = serializers.SerializerMethodField(
        help_text="The new goods' parcel; null before it has left."
    )
    carriage_fen = serializers.IntegerField(
        help_text="What of the shopper's postage the shop paid: into their stored value, by hand where the shop has none."
    )
    history = serializers.SerializerMethodField(help_text="Oldest first, messages and parcels included.")
    server_time = ServerTimeField()

    class Meta:
        model = AfterSale
        fields = [
            *("after_sale_no", "order_no", "kind", "kind_text", "status", "status_text", "amount_fen"),
            *("goods_fen", "freight_fen", "deadline_at", "money", "reason", "reason_text", "text", "lines"),
            *("picture_urls", "return_to", "return_parcel", "new_parcel", "carriage_fen"),
            *("applied_at", "ended_at", "history", "server_time"),
        ]

    @extend_schema_field(serializers.ChoiceField(choices=MoneyBack.choices, allow_null=True))
    def get_money(self, row: AfterSale) -> str | None:
        money: Mapping[int, str] = self.context["money"]
        return money.get(row.pk)

    @extend_schema_field({"type": "array", "items": {"type": "string", "format": "uri"}})
    def get_picture_urls(self, row: AfterSale) -> list[str]:
        first = next(iter(row.steps.all()), None)
        return [address(picture.file) or "" for picture in first.pictures.all()] if first else []

    @extend_schema_field(ReturnAddressSerializer(allow_null=True))
    def get_return_to(self, row: AfterSale) -> Any:
        place = row.place if row.awaits_goods or row.status == AfterSaleStatus.RETURNING else None
        if place is None:
            return None
        whole = "".join([place.province, place.city, place.district, place.detail])
        return {"name": place.name, "phone": place.phone, "address": whole}

    @extend_schema_field(AfterSaleParcelSerializer(allow_null=True))
    def get_return_parcel(self, row: AfterSale) -> Any:
        if row.sent_back_at is None:
            return None
        told = {"carrier": row.return_carrier, "tracking_no": row.return_tracking_no, "at": row.sent_back_at}
        return AfterSaleParcelSerializer(told).data

    @extend_schema_field(AfterSaleParcelSerializer(allow_null=True))
    def get_new_parcel(self, row: AfterSale) -> Any:
        if row.new_carrier is None:
            return None
        told = {"carrier": row.new_carrier.name, "tracking_no": row.new_tracking_no, "at": row.dispatched_at}
        return AfterSaleParcelSerializer(told).data

    @extend_schema_field(AfterSaleEventSerializer(many=True))
    def get_history(self, row: AfterSale) -> Any:
        return AfterSaleEventSerializer(application_facts.history(row), many=True).data


class AfterSalePageSerializer(serializers.Serializer[Any]):
    """A page of the member's applications, newest first."""

    results = AfterSaleSerializer(many=True)
    next = serializers.URLField(allow_null=True)
