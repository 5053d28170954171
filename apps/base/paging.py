"""Lists by cursor: the next page begins after the last row seen, however much was inserted meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from mall.errors import Invalid

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_SALT = "mall.cursor"


class CursorInvalid(Invalid):
    """The cursor was not issued by this shop for this list, or was changed on the way."""

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
    rows: QuerySet[Any] | Callable[[], QuerySet[Any]],
    *,
    ordering: Sequence[str],
    first: Callable[[int], list[Any]] | None = None,
) -> tuple[list[Any], str | None]:
    """Return one page of ``rows``, and the URL of the next, None after the last.

    ``ordering`` names columns or annotations, ``-`` for descending, never null; the last one must be
    unique. The cursor is signed and bound to the ordering: one from another list, or a tampered one, raises
    CursorInvalid. ``first`` reads the first so many of the rows in this order, where a fixed statement does; it is asked
    for a usual page whatever smaller size was wanted, as the server keeps a plan of each statement. ``rows`` may be a
    function, which is called where they are composed.
    """
    size = _page_size(request)
    cursor = request.query_params.get("cursor")
    if first is not None and not cursor and size <= PAGE_SIZE:
        found = first(PAGE_SIZE + 1)[: size + 1]
    else:
        composed = (rows() if callable(rows) else rows).order_by(*ordering)
        if cursor:
            composed = composed.filter(_after(ordering, _opened(cursor, ordering)))
        found = list(composed[: size + 1])
    more = len(found) > size
    found = found[:size]
    return found, _link(request, _sealed(ordering, found[-1])) if more else None


def _page_size(request: Request) -> int:
    given = request.query_params.get("page_size")
    if given is None:
        return PAGE_SIZE
    # isascii: "２０" is a digit to Python, not to us.
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= MAX_PAGE_SIZE):
        raise PageSizeInvalid
    return int(given)


def _sealed(ordering: Sequence[str], row: Model) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in ordering]
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


def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Return "comes after ``values`` in ``ordering``": (a > x) or (a = x and b > y) or …"""
    anywhere, equal = Q(), Q()
    for name, value in zip(ordering, values, strict=True):
        column = name.removeprefix("-")
        beyond = "lt" if name.startswith("-") else "gt"
        anywhere |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    return anywhere


def _link(request: Request, cursor: str) -> str:
    query = {**{k: v for k, v in request.query_params.items() if k != "cursor"}, "cursor": cursor}
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
