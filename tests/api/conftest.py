"""The document of the API as it is published, read once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from tests.api.openapi import Contract


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document, as plain JSON."""
    generated = SchemaGenerator().get_schema(request=None, public=True)
    written = OpenApiJsonRenderer().render(generated, renderer_context={})
    return dict(json.loads(written))


@pytest.fixture(scope="session")
def contract(document: dict[str, Any]) -> Contract:
    """The document, and the judge of bodies against it."""
    return Contract(document)
