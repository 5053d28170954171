"""Requests, answers and routes: the small part of HTTP that the sandbox's doors speak."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

Json = dict[str, Any]


class NotJson(ValueError):
    """The body is not a JSON object."""


@dataclass(frozen=True)
class Request:
    """One request as it came; ``target`` is the raw path and query, ``headers`` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json(self) -> Json:
        """Return the body as an object; raises NotJson."""
        try:
            parsed = json.loads(self.body.decode("utf-8"))
        except ValueError as error:
            raise NotJson(str(error)) from error
        if not isinstance(parsed, dict):
            raise NotJson("not an object")
        return parsed

    def form(self) -> dict[str, str]:
        """Return the fields of an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One answer; with ``hang_s`` set it is never sent: the connection is held so long and then closed."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float | None = None


Handler = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """A method and a path pattern such as ``/v3/refunds/{out_refund_no}``, and who answers it."""

    method: str
    pattern: str
    handler: Handler

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the named parts of ``path``, or None when this route is not meant."""
        if method != self.method:
            return None
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.pattern))
        found = re.fullmatch(expression, path)
        return found.groupdict() if found else None


def find(routes: Iterable[Route], request: Request) -> Callable[[World], Response] | None:
    """Return what answers ``request`` (a call that wants the world), or None."""
    for route in routes:
        named = route.match(request.method, request.path)
        if named is not None:
            handler = route.handler
            return lambda world: handler(world, request, **named)
    return None


def in_utf8(text: str) -> bytes:
    """Write a text, half a surrogate pair as ``\\ud800``: JSON's own way to write it, and readable anywhere else."""
    return text.encode(errors="backslashreplace")


def as_json(content: object, *, status: int = 200) -> Response:
    """Return an answer with real UTF-8, as WeChat writes it; half a surrogate pair is escaped."""
    return Response(status=status, body=in_utf8(json.dumps(content, ensure_ascii=False)))
