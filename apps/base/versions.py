"""What is the same for everybody is compiled once in each process, and kept while its tables stay as they were.

Each topic (promotions, levels, freight …) has one row with a token in ``base_version``. A trigger on every table of
the topic writes a new token in the transaction that changes the table, whoever writes: a service, a form, a shell, psql.
Tokens are random and never come back, so equal means unchanged, even after a rollback or a restored backup.

A reader takes the tokens first and the rows after: what it keeps under a token is as new as that token, or
newer, never older. There is no time to live and nothing to invalidate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final, Generic, TypeVar, cast

from django.db.migrations.operations import RunSQL

from apps.base import replica
from apps.base.planned import Planned

T = TypeVar("T")

# All tokens as ``topic=token,topic=token``, for the select list of a statement that a request makes anyway.
COLUMN: Final = "(SELECT string_agg(topic || '=' || token, ',') FROM base_version)"
_TOKENS: Final = Planned(f"SELECT {COLUMN}")
FUNCTION: Final = """
CREATE OR REPLACE FUNCTION renew_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO base_version (topic, token) VALUES (TG_ARGV[0], gen_random_uuid())
        ON CONFLICT (topic) DO UPDATE SET token = excluded.token;
    RETURN NULL;
END $$;
"""

_seen: ContextVar[Mapping[str, str] | None] = ContextVar("versions_seen", default=None)
_read: tuple[str, Mapping[str, str]] = ("", {})


def watch(topic: str, table: str, *, columns: Sequence[str] = ()) -> RunSQL:
    """Return the migration operation by which every change of ``table`` renews the topic's token.

    ``columns`` are those whose change counts, all unless given. The token is taken before the rows of the
    statement are, so that two writers queue for it and never wait for each other in a circle.
    """
    of = f" OF {', '.join(columns)}" if columns else ""
    name = f"{table}_renews_{topic}"
    begin = "INSERT INTO base_version (topic, token) VALUES ('{}', gen_random_uuid()) ON CONFLICT DO NOTHING;"
    return RunSQL(
        sql=f'CREATE TRIGGER "{name}" BEFORE INSERT OR DELETE OR UPDATE{of} ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION renew_version('{topic}');"
        f' CREATE TRIGGER "{name}_all" AFTER TRUNCATE ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION renew_version('{topic}');" + begin.format(topic),
        reverse_sql=f'DROP TRIGGER "{name}" ON "{table}"; DROP TRIGGER "{name}_all" ON "{table}";',
    )


def current() -> Mapping[str, str]:
    """The token of each topic: as this request read them at its door, else as they are now (one statement)."""
    known = _seen.get()
    if known is not None:
        return known
    ((text,),) = _TOKENS.rows()
    return parsed(text)


def known() -> bool:
    """Whether this request has read the tokens already."""
    return _seen.get() is not None


def read() -> None:
    """Read the tokens for the rest of the request, unless it has read them: one statement."""
    if _seen.get() is None:
        _seen.set(current())


def look(text: str | None) -> None:
    """Go on with these tokens, the ``COLUMN`` of a statement just made, until ``forget``."""
    _seen.set(parsed(text))


def forget() -> None:
    """Read the tokens anew when they are next needed: a request is over, or goes on after what others wrote."""
    _seen.set(None)


@contextmanager
def once() -> Iterator[None]:
    """Read the tokens once for all that is done inside, instead of once for each value."""
    before = _seen.get()
    _seen.set(before if before is not None else current())
    try:
        yield
    finally:
        _seen.set(before)


def parsed(text: str | None) -> Mapping[str, str]:
    """The tokens by topic; the same text, which is the rule, is parsed once."""
    global _read  # -- one assignment, which threads may do side by side
    known, tokens = _read
    if text != known:
        tokens = dict(each.split("=") for each in text.split(",")) if text else {}
        _read = (text or "", tokens)
    return tokens


class Kept(Generic[T]):
    """A value that is compiled from rows of some topics, and kept in this process while their tokens stay.

    ``load`` reads nothing but tables of these topics (an architecture test compares), and answers what nobody
    changes: all threads share it. Where a value serves moments, ``load`` takes the first that it has to serve, and
    ``serves`` says whether a kept one is good for another.
    """

    def __init__(
        self,
        *topics: str,
        load: Callable[..., T],
        serves: Callable[[T, datetime], bool] | None = None,
    ) -> None:
        self.topics = topics
        self.load = load
        self.serves = serves
        self._held: tuple[tuple[str | None, ...], T] | None = None
        ALL.append(cast(Kept[object], self))

    def value(self) -> T:
        """The value as of the tokens that this request has read."""
        tokens = self._tokens()
        held = self._held
        if held is not None and held[0] == tokens:
            return held[1]
        return self._keep(tokens, replica.from_primary(self.load))

    def at_hand(self) -> T | None:
        """The value, where it is kept as of these tokens; None where it would have to be compiled."""
        tokens = self._tokens()
        held = self._held
        return held[1] if held is not None and held[0] == tokens else None

    def value_at(self, at: datetime) -> T:
        """Likewise, of a value that serves moments."""
        tokens = self._tokens()
        held = self._held
        if held is not None and held[0] == tokens and self.serves is not None and self.serves(held[1], at):
            return held[1]
        return self._keep(tokens, replica.from_primary(lambda: self.load(at)))

    def forget(self) -> None:
        """Compile the value anew when it is next asked for, whatever the tokens say."""
        self._held = None

    def held(self) -> T | None:
        """The value as it was compiled last, whatever has changed since; None before the first time."""
        held = self._held
        return None if held is None else held[1]

    def _tokens(self) -> tuple[str | None, ...]:
        known = current()
        return tuple(
            [known.get(topic) for topic in self.topics]
        )  # a list is made faster than asked one by one

    def _keep(self, tokens: tuple[str | None, ...], value: T) -> T:
        if None not in tokens:
            self._held = (tokens, value)
        return value


# Every kept value of the shop, for the test that looks at what each of them reads.
ALL: Final[list[Kept[object]]] = []
