"""The shapes of the members' API."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from apps.base.inputs import (
    StrictBooleanField,
    StrictDegreesField,
    StrictPatternField,
    StrictTextField,
)
from apps.members.models import Address, Member
from mall import regions
from mall import text as texts


class LevelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    rank = serializers.IntegerField()
    discount_bp = serializers.IntegerField(help_text="What a member pays, in basis points: 9500 is 95 %.")


class MemberSerializer(serializers.ModelSerializer[Member]):
    """A member as they see themselves."""

    id = serializers.CharField(source="public_id")
    level = LevelSerializer(allow_null=True)

    class Meta:
        model = Member
        fields = ["id", "nickname", "avatar_url", "phone", "birthday", "level"]


class WelcomedMemberSerializer(MemberSerializer):
    """A member who just logged in."""

    is_new = serializers.SerializerMethodField()

    class Meta(MemberSerializer.Meta):
        fields = [*MemberSerializer.Meta.fields, "is_new"]

    def get_is_new(self, member: Member) -> bool:
        return bool(self.context.get("is_new", False))


class CodeSerializer(serializers.Serializer[Any]):
    code = StrictTextField(max_length=200)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = StrictTextField(max_length=200)


class TokensSerializer(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")


class WelcomeSerializer(TokensSerializer):
    member = WelcomedMemberSerializer()


class ProfileSerializer(serializers.Serializer[Any]):
    nickname = StrictTextField(max_length=32, required=False, allow_blank=True)
    avatar_url = StrictTextField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="Empty to take it off, or the address of a picture that you sent; POST /me/avatar sends and sets one.",
    )


class FileSerializer(serializers.Serializer[Any]):
    """A form with one picture, as wx.uploadFile sends it."""

    file = serializers.FileField(
        help_text="JPEG, PNG or WebP, at most 5 MB and 25 million pixels.",
        error_messages={
            "required": "请选择图片",
            "invalid": "请选择图片",
            "empty": "图片是空的",
            "no_name": "请选择图片",
        },
    )


class AvatarSerializer(serializers.Serializer[Any]):
    """Where the new avatar lies."""

    avatar_url = serializers.URLField(help_text="Absolute; the picture under it never changes.")


class ConsentInputSerializer(serializers.Serializer[Any]):
    document = StrictTextField(max_length=20)
    version = StrictTextField(max_length=20)


class ConsentSerializer(serializers.Serializer[Any]):
    document = serializers.CharField(source="document.kind")
    version = serializers.CharField(source="document.version")
    given_at = serializers.DateTimeField(source="at")


# What an address is found by on a map.
_MOVES: Final = frozenset({"province", "city", "district", "detail"})


class AddressSerializer(serializers.ModelSerializer[Address]):
    """An address; ``phone`` is a mainland mobile, a landline, a 400 number, or an international number with ``+``.

    Numbers are understood as people write and copy them, and answered in one form: ``13800000000``,
    ``0571-88880000``, an extension behind another ``-``; eight digits are Hong Kong's with an address there.
    """

    name = StrictTextField(max_length=25)
    phone = StrictTextField(max_length=40)
    province = StrictTextField(max_length=20)
    city = StrictTextField(max_length=20)
    district = StrictTextField(max_length=20, required=False, allow_blank=True)
    detail = StrictTextField(max_length=120)
    postal_code = StrictPatternField(
        r"[0-9]{6}",
        required=False,
        allow_blank=True,
        error_messages={"invalid": "邮编应为 6 位数字", "invalid_pattern": "邮编应为 6 位数字"},
    )
    lat = StrictDegreesField(
        90,
        source="latitude",
        required=False,
        allow_null=True,
        help_text="Latitude as WeChat's map says it (GCJ-02), null where nobody did; a shop's own riders are asked by it.",
    )
    lng = StrictDegreesField(
        180,
        source="longitude",
        required=False,
        allow_null=True,
        help_text="Longitude, with `lat` or not at all.",
    )
    is_default = StrictBooleanField(required=False)

    class Meta:
        model = Address
        fields = [
            "id",
            "name",
            "phone",
            "province",
            "city",
            "district",
            "detail",
            "postal_code",
            "lat",
            "lng",
            "is_default",
        ]

    def validate_province(self, province: str) -> str:
        try:
            regions.require_province(province)
        except regions.RegionUnknown as refusal:
            raise serializers.ValidationError(refusal.text) from refusal
        return province

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a city of another province, and bring the phone number to its one form.

        The province decides on the form of numbers without a country. An address of before keeps its city until
        province or city is written again.
        """
        province = attrs.get("province") or (self.instance.province if self.instance else "")
        if "province" in attrs or "city" in attrs:
            city = attrs.get("city") or (self.instance.city if self.instance else "")
            try:
                regions.require_city(province, city)
            except regions.RegionUnknown as refusal:
                raise serializers.ValidationError({"city": [refusal.text]}) from refusal
        if "phone" in attrs:
            number = texts.phone(attrs["phone"], province=province)
            if number is None:
                raise serializers.ValidationError({"phone": ["请填写正确的手机号"]})
            attrs["phone"] = number
        if ("latitude" in attrs, attrs.get("latitude") is None) != (
            "longitude" in attrs,
            attrs.get("longitude") is None,
        ):
            raise serializers.ValidationError({"lat": ["经纬度须同时提供"]})
        if "latitude" not in attrs and _MOVES & attrs.keys():
            # Where the old address was says nothing of the new one.
            attrs |= {"latitude": None, "longitude": None}
        return attrs


class AddressPageSerializer(serializers.Serializer[Any]):
    results = AddressSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class DocumentSerializer(serializers.Serializer[Any]):
    document = serializers.CharField(source="kind")
    version = serializers.CharField()
    body = serializers.CharField()
    published_at = serializers.DateTimeField()
