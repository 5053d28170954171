"""Completes the OpenAPI document for a stranger: a word for every field, the error codes of every call, no false musts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from apps.base.errors import PLAIN, STATUS_OF_KIND
from apps.base.inputs import MAX_BIGINT
from apps.base.schema import TEXT_CONTROLS
from config import refusals, sharing
from config.field_words import PARAMETERS, WORDS

Json = dict[str, Any]
_ERROR = {"$ref": "#/components/schemas/Error"}
# What the framework, the web server and nginx refuse before a view is asked, by status; the rest is `default`.
_BEFORE = {
    "400": {"invalid", "unknown_host"},
    "401": {"not_authenticated", "token_invalid"},
    "404": {"not_found"},
    "429": {"throttled"},
}
# What is asked with nothing, as forms and tabs send it, is not asked.
_MAY_BE_EMPTY = {"cursor", "status", "ordering", "category", "q", "scope", "price_from_fen"}
_ANY_OTHER = {
    *(code for status, (code, _) in PLAIN.items() if str(status) not in _BEFORE),
    *("uri_too_long", "headers_too_large"),
}


def complete(result: Json, generator: SchemaGenerator, **_: Any) -> Json:
    """Return the document with what its parts do not say themselves; one of SPECTACULAR_SETTINGS' hooks."""
    result["components"]["schemas"]["ShareRequestRequest"] |= _to_share()
    for name, schema in result["components"]["schemas"].items():
        _describe(name, schema)
        if name.endswith("Request"):
            _keep_optional(schema)
    # The regular expression of its address is the second of four; the package's types know three.
    endpoints: Any = generator.endpoints or []
    for path, _, method, callback in endpoints:
        operation = result["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _describe_parameters(operation)
            _tell_codes(operation, refusals.of_call(callback.cls, method.lower()))
    return result


def _to_share() -> Json:
    """Return which ids go with which words of the board of what can be shared."""
    number = {"type": "integer", "minimum": 1, "maximum": MAX_BIGINT}
    text = {"type": "string", "pattern": "^[ -~]{1,64}$"}
    numbered = [kind.name for kind in sharing.KINDS if kind.numbered]
    others = [kind.name for kind in sharing.KINDS if not kind.numbered]
    return {
        "oneOf": [
            {"properties": {"kind": {"type": "string", "enum": kinds}, "id": shape}}
            for kinds, shape in ((numbered, number), ([*others, *sharing.COMING], text))
        ]
    }


def _describe(name: str, schema: Json) -> None:
    for field, shape in schema.get("properties", {}).items():
        word = WORDS.get(f"{name}.{field}") or WORDS.get(field)
        if word and "description" not in shape:
            if "$ref" in shape:  # nothing beside a reference is read
                shape["allOf"] = [{"$ref": shape.pop("$ref")}]
            shape["description"] = word


def _keep_optional(schema: Json) -> None:
    """Generators take a field with a default for one that is always there; a request need not have it."""
    for shape in schema.get("properties", {}).values():
        if "default" in shape:
            said = {True: "true", False: "false", "": "empty"}.get(shape.pop("default"), "")
            word = shape.get("description", "")
            shape["description"] = f"{word} By default {said}.".strip() if said else word


def _describe_parameters(operation: Json) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter["name"] in _MAY_BE_EMPTY:
            parameter["allowEmptyValue"] = True
        if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
            parameter["schema"] |= {"minimum": 0, "maximum": MAX_BIGINT}
        if parameter["in"] == "query" and parameter["schema"] == {"type": "string"}:
            parameter["schema"] = {"type": "string", "pattern": f"^[^{TEXT_CONTROLS}]*$"}
        if parameter["name"] in PARAMETERS:
            parameter.setdefault("description", PARAMETERS[parameter["name"]])


def _tell_codes(operation: Json, errors: frozenset[Any]) -> None:
    """Put the codes that a call can answer into the schemas of its refusals, by status."""
    codes: dict[str, set[str]] = {}
    for error in errors:
        codes.setdefault(str(STATUS_OF_KIND[error.kind]), set()).add(error.code)
    for status, before in _BEFORE.items():
        if status in operation["responses"]:
            codes.setdefault(status, set()).update(before)
    if "requestBody" in operation:
        codes["400"].add("malformed_json")
    for status, described in operation["responses"].items():
        if status.isdigit() and status >= "400":
            codes.setdefault(status, set()).update(_shown(described))
    texts = {error.code: error.message for error in errors}
    for status, known in sorted(codes.items()):
        if status not in operation["responses"]:
            first = min(known)
            operation["responses"][status] = {
                "description": first,
                "content": {"application/json": {"examples": {first: _example(first, texts[first])}}},
            }
        _limit(operation["responses"][status], known)
    _limit(operation["responses"]["default"], _ANY_OTHER)


def _example(code: str, message: str) -> Json:
    body = {"code": code, "message": message, "details": {}, "request_id": "0f8fad5bd9cb469fa16570867728950e"}
    return {"value": body, "summary": code}


def _shown(described: Json) -> Iterator[str]:
    for media in described.get("content", {}).values():
        for example in media.get("examples", {}).values():
            yield example["value"]["code"]


def _limit(described: Json, codes: set[str]) -> None:
    media = described.setdefault("content", {}).setdefault("application/json", {})
    limited = {"type": "object", "properties": {"code": {"type": "string", "enum": sorted(codes)}}}
    media["schema"] = {"allOf": [_ERROR, limited]}
