"""A body is read strictly: JSON as its standard has it, an object at the top, not too deep."""

from __future__ import annotations

import pytest
from rest_framework.exceptions import ParseError

from apps.base import parsers


def nested(levels: int, *, innermost: str = "1") -> bytes:
    """A number in so many objects and lists in turn."""
    opened = "".join('{"a":' if level % 2 == 0 else "[" for level in range(levels))
    closed = "".join("}" if level % 2 == 0 else "]" for level in reversed(range(levels)))
    return f"{opened}{innermost}{closed}".encode()


def test_what_is_said_is_read():
    assert parsers.read('{"名": [1, {"a": null}], "b": 1.5}'.encode()) == {"名": [1, {"a": None}], "b": 1.5}
    assert parsers.read(b"") == parsers.read(b" \n") == {}


def test_a_body_may_be_twelve_deep_and_no_deeper():
    assert parsers.read(nested(12)) != {}
    with pytest.raises(ParseError):
        parsers.read(nested(13))


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"b": [{"a": 1, "a": 2}]}',
        b'{"a": 1} 2',
        b"{'a': 1}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        nested(30_000),
    ],
    ids=[
        "list",
        "number",
        "text",
        "null",
        "nan",
        "infinity",
        "twice",
        "twice inside",
        "two",
        "quotes",
        "mark",
        "bytes",
        "deep",
    ],
)
def test_what_is_no_such_object_is_refused(said: bytes):
    with pytest.raises(ParseError):
        parsers.read(said)
