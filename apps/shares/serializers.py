"""The shapes of the shares' API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import MAX_BIGINT, StrictTextField
from apps.base.schema import ServerTimeField

_LONGEST_ID = 64
_ID = {
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_BIGINT},
        {"type": "string", "minLength": 1, "maxLength": _LONGEST_ID},
    ]
}


@extend_schema_field(_ID)
class ThingIdField(serializers.Field[Any, Any, Any, Any]):
    """The id of what is shared: a number or a text, as an order of it names it."""

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, int) and not isinstance(data, bool) and 1 <= data <= MAX_BIGINT:
            return data
        if isinstance(data, str) and 1 <= len(data) <= _LONGEST_ID and data.isascii() and data.isprintable():
            return data
        raise serializers.ValidationError("内容编号应为整数或文字", code="invalid")

    def to_representation(self, value: Any) -> Any:
        return value


class ShareRequestSerializer(serializers.Serializer[Any]):
    """What a member wants to show to friends."""

    kind = StrictTextField(
        max_length=20,
        help_text="What it is: the kinds that can be shared are the shop's (`details` of 400 names them).",
    )
    id = ThingIdField(
        help_text="What an order of it names: the product's id, the `group_no`, the `bargain_no`."
    )


class LiveCardSerializer(serializers.Serializer[Any]):
    """What wx.updateShareMenu takes, so that the card in the chat goes on telling how far the group has come."""

    activity_id = serializers.CharField(help_text="For `activityId`, with `isUpdatableMessage: true`.")
    member_count = serializers.CharField(help_text="For `templateInfo.parameterList`: how many have joined.")
    room_limit = serializers.CharField(help_text="For `templateInfo.parameterList`: how many it takes.")
    expires_at = serializers.DateTimeField(help_text="Until then WeChat changes the card.")


class SharedThingSerializer(serializers.Serializer[Any]):
    """What a token shows."""

    kind = serializers.CharField(help_text="What it is.")
    id = ThingIdField(help_text="What an order of it names.")
    path = serializers.CharField(help_text="Page with its query, the token in it, for onShareAppMessage.")
    title = serializers.CharField()
    image_url = serializers.URLField(help_text="Absolute address of its picture.")
    server_time = ServerTimeField()


class ShareSerializer(SharedThingSerializer):
    """A member's share of a thing: the same token for ever."""

    token = serializers.CharField(
        help_text="28 letters and digits: the `scene` of the code, `share_token` of visits and events."
    )
    code_url = serializers.URLField(
        help_text="Absolute address of the mini-program code; 503 with `Retry-After` until it is made."
    )
    poster_url = serializers.URLField(
        help_text="Absolute address of the poster; 503 with `Retry-After` until it is made."
    )
    live_card = LiveCardSerializer(
        allow_null=True, help_text="Of a group that still gathers; null until WeChat has given its number."
    )
