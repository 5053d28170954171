"""How an error is told where others read it: in logs, on job runs, on deliveries. Never with a row's values.

PostgreSQL repeats the row that it refused (``DETAIL: Failing row contains (…, 林小茶, 13800000000, …)``), and the
driver puts that into the exception's text. Such an error is told by its class, SQLSTATE, table, column and
constraint, which say what went wrong as well. Texts of other errors are kept, with phones, openids and tokens masked.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import django.db
import psycopg2

from apps.base.logs import mask
from mall.text import storable

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def wording(error: BaseException) -> str:
    """Return an error in one line that may be stored and shown to operators, whatever its own text is."""
    try:
        told = _told(error)
    except Exception:  # -- a class of a library's or a listener's, which does not tell its own text
        told = type(error).__name__
    return str(storable(told))


def _told(error: BaseException) -> str:
    told = _of_database(error)
    if told is not None:
        return told
    text = _without_rows(str(error), error)
    return f"{type(error).__name__}: {mask(text)}" if text else type(error).__name__


def printed(exc_info: ExcInfo) -> str:
    """Return the trace of an error as Python prints it, causes first, each error in its ``wording``."""
    return "\n".join(_lines(exc_info[1], seen=set()))


def without_rows(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take a refused row out of the line itself: Celery writes an error's text and trace into its message."""
    exc_info = line.get("exc_info")
    error = sys.exc_info()[1] if exc_info is True else exc_info
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        for name, text in line.items():
            if name != "exc_info" and isinstance(text, str):
                line[name] = _without_rows(text, error)
    return line


def _of_database(error: BaseException) -> str | None:
    """The wording of an error that came from PostgreSQL; None for any other."""
    if not isinstance(error, django.db.Error | psycopg2.Error):
        return None
    driver = error if isinstance(error, psycopg2.Error) else error.__cause__
    if not isinstance(driver, psycopg2.Error):
        return type(error).__name__
    found = driver.diag
    facts = [driver.pgcode, found.table_name, found.column_name, found.constraint_name]
    if driver.pgcode is None:
        # No answer of a server: the connection's own words (refused, timed out), which hold no row.
        return f"{type(error).__name__}: {mask(str(driver).strip())}"
    return f"{type(error).__name__} [{' '.join(fact for fact in facts if fact)}]"


def _without_rows(text: str, error: BaseException) -> str:
    """Return ``text`` with the texts of all database errors behind ``error`` replaced by their wordings."""
    for one in _chain(error):
        told = _of_database(one)
        if told is None:
            continue
        said = [str(one), *(argument for argument in one.args if isinstance(argument, str))]
        # Whole, without the line break at its end, and as it looks inside the repr() of another error.
        forms = {repr(one), *said, *(form.strip() for form in said), *(repr(form)[1:-1] for form in said)}
        for form in sorted(filter(None, forms), key=len, reverse=True):
            text = text.replace(form, told)
    return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and what it was raised amid, each once; the members of groups as well."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
        waiting += getattr(one, "exceptions", ())


def _lines(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause, context = error.__cause__, error.__context__
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen=seen)
        yield "\nThe above exception was the direct cause of the following exception:\n"
    elif context is not None and not error.__suppress_context__ and id(context) not in seen:
        yield from _lines(context, seen=seen)
        yield "\nDuring handling of the above exception, another exception occurred:\n"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield wording(error)
    for member in getattr(error, "exceptions", ()):
        if id(member) not in seen:
            yield from _lines(member, seen=seen)
