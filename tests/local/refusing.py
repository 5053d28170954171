"""A web application that refuses whatever it is sent without reading it, as Django does with a body over its limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer 413."""
    body = b'{"code": "too_large"}'
    start_response("413 Content Too Large", [("Content-Length", str(len(body)))])
    return [body]
