"""The shapes of the messages' API."""

from __future__ import annotations

import re
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.inputs import StrictBooleanField, StrictTextField

_MOST_TEMPLATES = 3
# WeChat's ids are letters, digits, - and _.
_TEMPLATE_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


class SceneSerializer(serializers.Serializer[Any]):
    """A scene, and what the mini program asks the shopper for at its moment."""

    scene = serializers.CharField(help_text="Its name, as grants and messages of the inbox bear it.")
    moment = serializers.CharField(
        help_text="When to ask: what has the same moment may be asked together, at most 3 templates a question."
    )
    template_ids = serializers.ListField(
        child=serializers.CharField(),
        max_length=_MOST_TEMPLATES,
        help_text="For `tmplIds` of wx.requestSubscribeMessage; empty where there is nothing to ask.",
    )


class ScenePageSerializer(serializers.Serializer[Any]):
    """All scenes, in one page."""

    results = SceneSerializer(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema_field(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": _MOST_TEMPLATES,
        "additionalProperties": {"type": "string", "enum": ["accept", "reject", "ban", "filter"]},
    }
)
class ResultsField(serializers.DictField):
    """What wx.requestSubscribeMessage answered: a word for each template id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=StrictTextField(max_length=20), allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        said: dict[str, str] = super().to_internal_value(data)
        if len(said) > _MOST_TEMPLATES:
            raise serializers.ValidationError(f"一次最多 {_MOST_TEMPLATES} 个模板", code="max_length")
        if not all(_TEMPLATE_ID.fullmatch(template_id) for template_id in said):
            raise serializers.ValidationError("模板编号不正确", code="invalid")
        return said


class GrantsSerializer(serializers.Serializer[Any]):
    """What a shopper answered to the question of a scene."""

    scene = StrictTextField(max_length=40, help_text="The scene that was asked for.")
    results = ResultsField(
        help_text="A word for each template that was asked for, as WeChat's client answered."
    )


class MessageSerializer(serializers.Serializer[Any]):
    """A message of the shop's own inbox."""

    id = serializers.IntegerField()
    scene = serializers.CharField(
        help_text="What it is about; `campaign` for what the shop writes by itself."
    )
    title = serializers.CharField()
    text = serializers.CharField()
    page = serializers.CharField(
        allow_blank=True, help_text="Page of the mini program with its query; empty for none."
    )
    at = serializers.DateTimeField(source="ended_at", help_text="When it came.")
    read_at = serializers.DateTimeField(allow_null=True, help_text="When it was read; null while it was not.")


class MessagePageSerializer(serializers.Serializer[Any]):
    """A page of the inbox."""

    results = MessageSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class SettingsSerializer(serializers.Serializer[Any]):
    """What the member wants of messages."""

    marketing = StrictBooleanField(
        help_text="Whether the shop may tell of offers, coupons and points that end, levels, birthdays; false means none."
    )
