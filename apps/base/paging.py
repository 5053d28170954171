"""Lists by cursor: the next page begins after the last row seen, however much was inserted meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from mall.errors import Invalid

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_SALT = "mall.cursor"


class CursorInvalid(Invalid):
    """The cursor was not issued by this shop for a list in this order, or was changed on the way."""

    code = "cursor_invalid"
    message = "列表位置无效，请刷新后重试"


class PageSizeInvalid(Invalid):
    """``page_size`` is not an integer from 1 to 100."""

    code = "page_size_invalid"
    message = "每页数量应为 1 到 100 的整数"


def page(
    request: Request,
    rows: QuerySet[Any],
    *,
    ordering: Sequence[str],
    shape: Callable[[list[Any]], list[Any]],
) -> Response:
    """Answer one page of ``rows`` as ``{"results": …, "next": URL or null}``.

    ``shape`` turns the page's rows into the answer's objects; the rest is as in ``rows_of``.
    """
    found, following = rows_of(request, rows, ordering=ordering)
    return Response({"results": shape(found), "next": following})


def rows_of(
    request: Request,
    rows: QuerySet[Any],
    *,
    ordering: Sequence[str],
) -> tuple[list[Any], str | None]:
    """Return one page of ``rows``, and the URL of the next, None after the last.

    ``ordering`` names columns or annotations, ``-`` for descending, never null; the last one must be
    unique. The cursor is signed and bound to the ordering: a tampered one, or one from a list in another order, raises
    CursorInvalid. It says a place, not whose list: one of another list in the same order begins at the same place there.
    """
    wanted = asked(request.query_params.dict(), ordering)
    rows = rows.order_by(*ordering)
    if wanted.after:
        rows = rows.filter(behind(ordering, wanted.after))
    found = list(rows[: wanted.size + 1])
    more = len(found) > wanted.size
    found = found[: wanted.size]
    if not more:
        return found, None
    values = [getattr(found[-1], name.removeprefix("-")) for name in ordering]
    here = request.build_absolute_uri(request.path)
    return found, next_url(here, request.query_params.dict(), ordering, values)


class Asked(NamedTuple):
    """Which part of a list is asked for: so many rows, behind those with these values of the ordering, if any."""

    size: int
    after: list[Any] | None


def asked(query: Mapping[str, str], ordering: Sequence[str]) -> Asked:
    """Which page a query asks for. Raises PageSizeInvalid, CursorInvalid."""
    cursor = query.get("cursor")
    return Asked(_page_size(query), _opened(cursor, ordering) if cursor else None)


def behind(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Return "comes after ``values`` in ``ordering``": (a > x) or (a = x and b > y) or …"""
    anywhere, equal = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        column = name.removeprefix("-")
        beyond = "lt" if name.startswith("-") else "gt"
        anywhere |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    return anywhere


def next_url(here: str, query: Mapping[str, str], ordering: Sequence[str], values: Sequence[Any]) -> str:
    """Return the URL of the page behind the row with these values of the ordering; ``here`` is the list's, without query."""
    told = {k: v for k, v in query.items() if k != "cursor"}
    return f"{here}?{urlencode({**told, 'cursor': _sealed(tuple(ordering), tuple(values))})}"


def _page_size(query: Mapping[str, str]) -> int:
    given = query.get("page_size")
    if given is None:
        return PAGE_SIZE
    # isascii: "２０" is a digit to Python, not to us.
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= MAX_PAGE_SIZE):
        raise PageSizeInvalid
    return int(given)


@lru_cache(maxsize=256)
def _sealed(ordering: tuple[str, ...], values: tuple[Any, ...]) -> str:
    """The cursor of a place. Nobody asks when it was signed, so that of a list asked for again is the same."""
    plain = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return signing.dumps([list(ordering), plain], salt=_SALT)


def _opened(cursor: str, ordering: Sequence[str]) -> list[Any]:
    try:
        made_for, values = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise CursorInvalid from error
    if made_for != list(ordering):
        raise CursorInvalid
    return [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in values]
