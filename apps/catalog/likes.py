"""What a search asks, as text: for Django to compose the same takes longer than the rest of a search.

A statement is composed by Django once, with marks where the condition and the rank of a search go; each search puts its own
there. Its values are handed to the server with it, for the plan hangs on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Case, IntegerField, Q
from django.db.models.expressions import RawSQL

from apps.base.planned import pieces_of

_CONDITION: Final = "/* condition */"
_RANK: Final = "/* rank */"
_MARKS: Final = re.compile(f"({re.escape(_CONDITION)}|{re.escape(_RANK)})")
# The lookups that searches are made of, as Django writes them.
_LOOKUPS: Final[Mapping[str, str]] = {
    "search_words__contains": '"catalog_product"."search_words"::text LIKE %s',
    "title__contains": '"catalog_product"."title"::text LIKE %s',
    "title__icontains": 'UPPER("catalog_product"."title"::text) LIKE UPPER(%s)',
}


class Part(NamedTuple):
    """A piece of a statement with places ``%s``, and their values."""

    text: str
    values: Sequence[Any]


def condition_mark() -> RawSQL:
    """Where the condition goes, as a filter of products."""
    return RawSQL(_CONDITION, [], BooleanField())  # noqa: S611 -- a mark of our own


def rank_mark() -> RawSQL:
    """Where the rank goes, as a column of products."""
    return RawSQL(_RANK, [], IntegerField())  # noqa: S611 -- likewise


def put(statement: Part, *, condition: Q, rank: Case | None = None) -> Part:
    """The statement with a search's condition and rank where their marks are."""
    parts = {_CONDITION: condition_text(condition), _RANK: rank_text(rank) if rank else Part("", ())}
    texts: list[str] = []
    values: list[Any] = []
    left = iter(statement.values)
    for piece in _MARKS.split(statement.text):
        part = parts.get(piece)
        if part is None:
            part = Part(piece, list(islice(left, len(pieces_of(piece)) - 1)))
        texts.append(part.text)
        values += part.values
    return Part("".join(texts), values)


def condition_text(asked: Q) -> Part:
    """A condition of ``search.understood``; what it says twice is said once. Raises KeyError for any other lookup."""
    told: dict[tuple[str, tuple[Any, ...]], None] = {}
    for child in asked.children:
        if isinstance(child, Q):
            text, values = condition_text(child)
        else:
            lookup, word = child  # type: ignore[misc]  # the stubs know of expressions only
            text, values = _LOOKUPS[lookup], (f"%{connection.ops.prep_for_like_query(word)}%",)
        told[text, tuple(values)] = None
    text = f" {asked.connector} ".join(text for text, _ in told)
    return Part(f"({text})" if len(told) > 1 else text, [value for _, values in told for value in values])


def rank_text(rank: Case) -> Part:
    """The rank of ``search.understood``: conditions with the numbers that they stand for."""
    whens = [(condition_text(when.condition), when.result.value) for when in rank.cases]
    otherwise = rank.default.value
    if not whens:
        return Part(str(otherwise), ())
    text = " ".join(f"WHEN {part.text} THEN {number}" for part, number in whens)
    return Part(f"CASE {text} ELSE {otherwise} END", [value for part, _ in whens for value in part.values])
