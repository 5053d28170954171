"""How views describe themselves in the OpenAPI schema: the contract's error form belongs to every call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.base.idempotency import LONGEST_KEY
from apps.base.inputs import StrictPatternField
from apps.base.paging import MAX_PAGE_SIZE, PAGE_SIZE

# What no text has (``base.inputs``), as regular expressions of the document say it.
TEXT_CONTROLS = r"\x00-\x1f\x7f-\x9f"

# What every list by cursor takes (``base.paging``).
PAGING = [
    OpenApiParameter("cursor", str, description="From `next` of the page before."),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
        description=f"1 to {MAX_PAGE_SIZE}, by default {PAGE_SIZE}.",
    ),
]


def idempotency_key(thing: str, *, required: bool = True) -> OpenApiParameter:
    """The header that makes a repeated request the same request (``base.idempotency``)."""
    return OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[\\x21-\\x7e]+$"},
        OpenApiParameter.HEADER,
        required=required,
        description=f"1 to {LONGEST_KEY} visible ASCII characters; a new one for each {thing}.",
    )


def one_of(name: str, values: Iterable[str], description: str) -> OpenApiParameter:
    """A question that takes one of these words; empty, as tabs for everything send it, it is not asked."""
    return OpenApiParameter(
        name, str, enum=["", *values], description=f"{description} Empty: as if left out."
    )


class ErrorSerializer(serializers.Serializer[Any]):
    """The one form of every refusal."""

    code = serializers.CharField(help_text="For programs; stable.")
    message = serializers.CharField(help_text="For the shopper, in Chinese.")
    details = serializers.DictField(help_text="Names of fields, or figures.")
    request_id = serializers.CharField(help_text="Quote it to the operator; it is in the logs.")


class ServerTimeField(serializers.DateTimeField):
    """This shop's time, beside an end that a page counts down to: a phone's own clock may be wrong."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, help_text="The shop's clock, to count down by.", **kwargs)

    def get_attribute(self, instance: Any) -> datetime:
        return timezone.now()


def refusal(status: int, code: str, message: str, details: dict[str, Any] | None = None) -> OpenApiResponse:
    """Return the documentation of one refusal, with a true example."""
    return OpenApiResponse(
        ErrorSerializer,
        description=code,
        examples=[
            OpenApiExample(
                code,
                value={
                    "code": code,
                    "message": message,
                    "details": details or {},
                    "request_id": "0f8fad5bd9cb469fa16570867728950e",
                },
                response_only=True,
                status_codes=[str(status)],
            )
        ],
    )


class ShopSchema(AutoSchema):
    """drf-spectacular's schema plus the refusals that any call may meet."""

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction=direction)
        for status, (code, message) in _ANYWHERE.items():
            if status == "401" and not self.get_auth():
                continue
            if status not in bodies:
                described = refusal(int(status), code, message)
                bodies[status] = self._get_response_for_code(described, status)
        bodies["default"] = self._get_response_for_code(_ANY_OTHER, "default")
        return bodies


_ANYWHERE = {
    "400": ("invalid", "提交的内容有误"),
    "401": ("not_authenticated", "请先登录"),
    "404": ("not_found", "内容不存在"),
    "429": ("throttled", "操作过于频繁，请稍后再试"),
}

_ANY_OTHER = OpenApiResponse(
    ErrorSerializer, description="Whatever else goes wrong (405, 413, 415, 500, 503 …): the same form."
)


class BearerScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer <access>`` in the schema."""

    target_class = "apps.members.auth.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class TextScheme(OpenApiSerializerFieldExtension):
    """``StrictTextField`` in the schema: no control characters, no blanks around it; an empty one is told beside it."""

    target_class = "apps.base.inputs.StrictTextField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        said = {"type": "string"}
        field = self.target
        if isinstance(field, StrictPatternField):
            return {**said, "pattern": f"^{field.pattern.pattern}$"}
        controls = (
            TEXT_CONTROLS.replace(r"-\x1f", r"-\x09\x0b-\x1f") if field.allowed_controls else TEXT_CONTROLS
        )
        if not field.trim_whitespace:
            return {**said, "pattern": f"^[^{controls}]+$"}
        return {**said, "pattern": rf"^[^\s{controls}]([^{controls}]*[^\s{controls}])?$"}
