"""What stands behind the question mark of an address: texts, or it is no question that anybody can answer."""

from __future__ import annotations

from urllib.parse import unquote_plus, unquote_to_bytes


def unreadable(query: str) -> list[str]:
    """The names of a query's fields that are no text: bytes that are no UTF-8, or NUL, which PostgreSQL keeps in none.

    ``query`` is as WSGI has it, each byte a sign.
    """
    if query.isascii() and "%" not in query:
        return []
    if _is_text(query):
        return []
    return [unquote_plus(part.partition("=")[0]) for part in query.split("&") if not _is_text(part)]


def _is_text(part: str) -> bool:
    said = unquote_to_bytes(part.encode("latin-1"))
    try:
        said.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in said
