"""What holds for every early door of the storefront: refusals, HEAD and the log are as the view's own."""

from __future__ import annotations

import json
from io import StringIO

from prometheus_client import REGISTRY

from tests.conftest import Shopper


def assert_refused(method: str, path: str, headers: dict[str, str], status: int) -> None:
    """The call is refused so, in the contract's form."""
    answer = Shopper().call(method, path, **headers)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


def assert_head(path: str) -> None:
    """HEAD says what GET says, but for the body."""
    Shopper().call("GET", path)
    got, headed = Shopper().call("GET", path), Shopper().call("HEAD", path)
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed["Content-Length"] == got["Content-Length"] == str(len(got.content))


def assert_told(path: str, view: str, log_lines: StringIO) -> None:
    """A GET of what is kept has its line in the log and its count, by the view's name."""
    labels = {"view": view, "status": "200", "method": "GET"}

    def counted() -> float:
        name = "django_http_responses_total_by_status_view_method_total"
        return REGISTRY.get_sample_value(name, labels) or 0

    Shopper().call("GET", path)
    before = counted()
    log_lines.truncate(0)
    log_lines.seek(0)
    answer = Shopper().call("GET", path, x_request_id="shopper-0001")
    assert answer["X-Request-ID"] == "shopper-0001"
    (line,) = [json.loads(text) for text in log_lines.getvalue().splitlines()]
    assert {name: line[name] for name in ("event", "method", "path", "status", "request_id", "level")} == {
        "event": "request",
        "method": "GET",
        "path": f"/api/v1{path}",
        "status": 200,
        "request_id": "shopper-0001",
        "level": "info",
    }
    assert counted() == before + 1
