"""Reading request bodies strictly: JSON as the standard defines it, nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

_DEPTH = 12
# A cart of a thousand lines takes a tenth of it.
MOST_BYTES = 512 * 1024


class BodyTooLarge(APIException):
    """More bytes than any call of the API needs. Django's own limit does not see what a parser reads."""

    status_code = 413


class StrictJSONParser(BaseParser):
    """JSON in UTF-8: no NaN, no duplicate names, bounded depth and size, an object at the top."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise BodyTooLarge
        return read(raw)


def read(raw: bytes) -> dict[str, Any]:
    """The object that a body says, an empty one for an empty body. Raises ParseError."""
    if not raw.strip():
        return {}
    try:
        value = _JSON.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ParseError from error
    if not isinstance(value, dict) or _deeper_than(value, _DEPTH):
        raise ParseError
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("duplicate name")
    return names


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether something lies in so many others, and in one more."""
    level = [value]
    for _ in range(depth + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


# Made once: json.loads makes one for each text that is read in another way than usual.
_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
