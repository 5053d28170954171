"""The shapes of the coupons' API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import StrictTextField
from apps.base.schema import ServerTimeField
from apps.coupons import selectors as coupon_facts
from apps.coupons import wording
from apps.coupons.models import Coupon, Template
from apps.coupons.states import CouponStatus


class CouponCodeSerializer(serializers.Serializer[Any]):
    code = StrictTextField(max_length=40)


class TemplateSerializer(serializers.ModelSerializer[Template]):
    """What a coupon says; figures that its kind does not use are null."""

    worth = serializers.SerializerMethodField(help_text="In words: 满50减10.")
    off_bp = serializers.IntegerField(
        allow_null=True, help_text="What is taken off, in basis points: 1500 is 15 %, 八五折."
    )
    combines = serializers.BooleanField(help_text="Whether it may be used along with promotions.")

    class Meta:
        model = Template
        fields = [
            "name",
            "kind",
            "worth",
            "threshold_fen",
            "off_fen",
            "off_bp",
            "cap_fen",
            "combines",
            "scope",
            "channel",
            "note",
        ]

    def get_worth(self, template: Template) -> str:
        return wording.worth(template)


class ClaimableSerializer(TemplateSerializer):
    """A template in the coupon centre, and how it stands for whoever looks."""

    validity = serializers.SerializerMethodField(help_text="In words: 领取后7天内有效.")
    state = serializers.SerializerMethodField()
    taken = serializers.SerializerMethodField(help_text="How many the member has taken.")

    class Meta(TemplateSerializer.Meta):
        fields = [
            "id",
            *TemplateSerializer.Meta.fields,
            "validity",
            "per_member",
            "taken",
            "state",
            "claim_from",
            "claim_until",
        ]

    def get_validity(self, template: Template) -> str:
        return wording.validity(template)

    def get_taken(self, template: Template) -> int:
        taken: int = self.context["taken"].get(template.pk, 0)
        return taken

    def get_state(self, template: Template) -> coupon_facts.ClaimState:
        return coupon_facts.claim_state(
            template,
            member=self.context["member"],
            taken=self.get_taken(template),
            at=self.context["at"],
        )


class StoreUseSerializer(serializers.Serializer[Any]):
    """How a coupon was used in a shop."""

    use_no = serializers.CharField()
    place = serializers.CharField(source="place.name")
    off_fen = serializers.IntegerField(help_text="What it took off.")
    due_fen = serializers.IntegerField(help_text="What was paid for the goods that it was for.")
    used_at = serializers.DateTimeField(source="at")


class StorePassSerializer(serializers.Serializer[Any]):
    """What a member shows at the till, for some minutes."""

    code = serializers.CharField(help_text="Eight digits, to be read out or typed.")
    qr_text = serializers.CharField(help_text="The text of the QR code to draw.")
    expires_at = serializers.DateTimeField(help_text="Ask for a new one then; the old one is good no more.")
    server_time = ServerTimeField()


class CouponSerializer(serializers.Serializer[Any]):
    """One of the member's coupons, with what its template says; ``id`` is what a quote takes."""

    id = serializers.UUIDField(source="public_id")
    template_id = serializers.IntegerField()
    status = serializers.SerializerMethodField()
    way = serializers.ChoiceField(choices=Coupon.Way.choices, help_text="How the member came by it.")
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(help_text="From this moment on it is no longer good.")
    issued_at = serializers.DateTimeField()
    ends_soon = serializers.SerializerMethodField(
        help_text="Whether it can be used and ends within 72 hours."
    )
    order_no = serializers.SerializerMethodField(help_text="The order that holds or used it, or empty.")
    store_use = serializers.SerializerMethodField(
        help_text="How it was used in a shop, or null. Where it can be used says `template.channel`."
    )
    promo_code = serializers.SerializerMethodField(help_text="The promoter's word it came from, or empty.")
    template = TemplateSerializer(
        source="says",
        help_text="What the coupon says; `off_fen` is the coupon's own where its sum was drawn for its owner.",
    )

    def get_status(self, coupon: Coupon) -> CouponStatus:
        at: datetime = self.context["at"]
        return CouponStatus(coupon_facts.status_at(coupon, at=at))

    def get_ends_soon(self, coupon: Coupon) -> bool:
        return coupon_facts.ends_soon(coupon, at=self.context["at"])

    def get_order_no(self, coupon: Coupon) -> str:
        return "" if coupon_facts.store_use_of(coupon) else coupon.order_no

    @extend_schema_field(StoreUseSerializer(allow_null=True))
    def get_store_use(self, coupon: Coupon) -> dict[str, Any] | None:
        use = coupon_facts.store_use_of(coupon)
        return StoreUseSerializer(use).data if use else None

    def get_promo_code(self, coupon: Coupon) -> str:
        return coupon.promo.code if coupon.promo else ""


class ClaimablePageSerializer(serializers.Serializer[Any]):
    results = ClaimableSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class PromoCodeSerializer(serializers.Serializer[Any]):
    """A word that the member tells around, and what it brought in."""

    code = serializers.CharField()
    enabled = serializers.BooleanField(help_text="Whether it can be redeemed at present.")
    redemptions = serializers.IntegerField(help_text="How often it was redeemed.")
    used = serializers.IntegerField(source="used_count", help_text="How many of its coupons were used.")
    template = TemplateSerializer()


class PromoCodePageSerializer(serializers.Serializer[Any]):
    results = PromoCodeSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class CouponPageSerializer(serializers.Serializer[Any]):
    results = CouponSerializer(many=True)
    next = serializers.CharField(allow_null=True)
