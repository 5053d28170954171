"""Reads the shop's OpenAPI document strictly: an object has exactly the keys that its schema names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jsonschema

Json = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time_with_offset(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri")
def _is_absolute_address(value: object) -> bool:
    return not isinstance(value, str) or urlsplit(value).scheme in {"http", "https"}


class Contract:
    """The published document of the API, and the judge of bodies against it."""

    def __init__(self, document: Json) -> None:
        self.document = document
        schemas = document["components"]["schemas"]
        self._components = {"schemas": {name: strict(schema) for name, schema in schemas.items()}}

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """Yield each operation as its method (upper case), its path template, and its description."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def operation(self, method: str, path: str) -> Json:
        """Return the operation that answers a real path such as ``/api/v1/orders/SO1``; KeyError if none does.

        A template without variables wins over one with.
        """
        for template in sorted(self.document["paths"], key=lambda known: known.count("{")):
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                return dict(self.document["paths"][template][method.lower()])
        raise KeyError(path)

    def response(self, operation: Json, status: int) -> Json | None:
        """Return the schema of a response's body (None: it has no body); KeyError for an undocumented status."""
        described = operation["responses"].get(str(status)) or (
            operation["responses"]["default"] if status >= 400 else operation["responses"][str(status)]
        )
        content = described.get("content")
        return content["application/json"]["schema"] if content else None

    def faults(self, body: object, schema: Json) -> list[str]:
        """Return what is wrong with a body, one text each; an empty list says that it is as described."""
        judge = jsonschema.Draft202012Validator(
            {**strict(schema), "components": self._components}, format_checker=FORMATS
        )
        return sorted(f"{fault.json_path}: {fault.message}" for fault in judge.iter_errors(body))

    def keys(self, schema: Json) -> set[str]:
        """Return the names of an object schema's properties, those of its parts included."""
        if "$ref" in schema:
            return self.keys(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        named = set(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            named |= self.keys(part)
        return named

    def inner(self, schema: Json, *names: str) -> Json:
        """Return the schema of a property, property by property, of an array the schema of its items."""
        for name in names:
            schema = self._resolved(schema)["properties"][name]
            if schema.get("type") == "array":
                schema = schema["items"]
        return schema

    def _resolved(self, schema: Json) -> Json:
        for part in (schema, *schema.get("allOf", [])):
            if "$ref" in part:
                return dict(self.document["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]])
        return schema


def strict(schema: Json) -> Json:
    """Return an OpenAPI 3.0 schema in JSON Schema's words, with no key allowed that is not named."""
    if schema.get("nullable"):
        plain = {key: value for key, value in schema.items() if key != "nullable"}
        return {"anyOf": [strict(plain), {"type": "null"}]}
    said = dict(schema)
    if "properties" in schema:
        said["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        said.setdefault("additionalProperties", False)
    if isinstance(schema.get("items"), dict):
        said["items"] = strict(schema["items"])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            said[key] = [strict(part) for part in schema[key]]
    if "allOf" in schema:
        # A part beside a reference says more of some keys; the reference says which there are.
        said["allOf"] = [
            strict({"additionalProperties": True, **part} if "properties" in part else part)
            for part in schema["allOf"]
        ]
    return said
