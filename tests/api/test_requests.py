"""What the document says of requests is what the shop takes: a machine that knows only the document tries it.

Bounded and seeded: the same tries every time. What fits the document is never answered 5xx, nor with a status, a
code or a body that the document does not name; what does not fit it is never taken.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from apps.members.services import sessions
from apps.wechat.sandbox.control import Sandbox
from tests.apps.members import make

pytestmark = pytest.mark.django_db

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
_TRIES = int(os.environ.get("SCHEMA_TRIES", "6"))


@pytest.fixture(scope="session")
def described(document: dict[str, Any]) -> Any:
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    return schema


def faults(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> list[str]:
    """Try one call with requests that fit its description, or with such as do not; return what went wrong."""

    @seed(11)
    @settings(
        max_examples=_TRIES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        tried()
    except FailureGroup as group:
        return [f"{fault.title}: {fault.message}"[:600] for fault in group.exceptions]
    return []


def test_what_the_document_says_of_requests_is_what_the_shop_takes(described: Any, wechat: Sandbox) -> None:
    found = {}
    for result in described.get_all_operations():
        operation = result.ok()
        pair = sessions.open_session(member=make.member(), at=timezone.now())
        headers = {"Authorization": f"Bearer {pair.access}", "Host": "testserver"}
        for mode in GenerationMode:
            if wrong := faults(operation, mode, headers):
                found[f"{operation.label} ({mode.value})"] = wrong
    assert found == {}
