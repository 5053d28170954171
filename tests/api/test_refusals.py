"""What Django and DRF refuse by themselves is as documented, too: every operation has a ``default`` for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.openapi import Contract
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def is_documented(contract: Contract) -> Any:
    """A function that insists that an answer is a documented refusal, and returns its status and code."""

    def check(answer: Any, operation: dict[str, Any]) -> tuple[int, str]:
        schema = contract.response(operation, answer.status_code)
        assert schema is not None
        assert schema["allOf"][0] == {"$ref": "#/components/schemas/Error"}
        assert contract.faults(answer.json(), schema) == []
        assert answer["X-Request-ID"] == answer.json()["request_id"]
        return answer.status_code, answer.json()["code"]

    return check


@pytest.mark.parametrize(
    ("method", "body", "content_type", "headers", "refusal"),
    [
        ("DELETE", b"", JSON, {}, (405, "method_not_allowed")),
        ("POST", b"code=1", "application/x-www-form-urlencoded", {}, (415, "unsupported_media_type")),
        ("POST", b"<code/>", "application/xml", {}, (415, "unsupported_media_type")),
        ("POST", b"{", JSON, {}, (400, "malformed_json")),
        ("POST", b"[]", JSON, {}, (400, "malformed_json")),
        ("POST", b"{}", JSON, {}, (400, "invalid")),
        ("POST", b"{}", JSON, {"Accept": "image/png"}, (406, "not_acceptable")),
    ],
)
def test_what_the_framework_refuses_is_documented(
    anyone: Shopper,
    contract: Contract,
    is_documented: Any,
    method: str,
    body: bytes,
    content_type: str,
    headers: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    answer = anyone.generic(method, "/api/v1/auth/login", body, content_type=content_type, headers=headers)
    assert is_documented(answer, contract.operation("POST", "/api/v1/auth/login")) == refusal


def test_too_many_calls_are_refused_as_documented(
    anyone: Shopper, contract: Contract, is_documented: Any, settings: Any
) -> None:
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "address": "1/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    assert anyone.call("GET", "/categories").status_code == 200
    refused = anyone.call("GET", "/categories")
    assert is_documented(refused, contract.operation("GET", "/api/v1/categories")) == (429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60
