"""Statements whose SQL is always the same: composed by Django once, then only run.

To compose a queryset costs more than the database needs to answer it. A ``Select`` keeps the text, the order of its values
and how rows become models; filters, annotations and ``select_related`` are written as in any other queryset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators
from psycopg2 import sql

from apps.base.planned import Planned, pieces_of

M = TypeVar("M", bound=models.Model)

_DAY: Final = datetime(2100, 1, 1, tzinfo=UTC)
# No number of ours, and one that each column of integers can hold.
_NUMBER: Final = 2_077_000_000


@dataclass(frozen=True, slots=True)
class _Plan:
    """The statement, the names of the values at its places, and how rows become models."""

    planned: Planned
    names_at: tuple[str, ...]
    model: Any
    columns: slice
    names: Sequence[str]
    populators: Sequence[Any]
    annotations: Mapping[str, int]
    compiler: Any
    converters: Mapping[int, Any]


class _Composed:
    """What ``make`` writes for named values, told by marks of our own in their places.

    ``int``, ``str`` and ``datetime`` stand for themselves, ``list`` for any number of ints behind ``__in``. ``make`` must
    write the same statement for whatever values, which is checked when it is composed.
    """

    def __init__(self, make: Callable[..., models.QuerySet[Any]], **types: type) -> None:
        self._make = make
        self._types = types

    def _written(self) -> tuple[str, tuple[str, ...]]:
        """The text with places ``%s``, and the names of the values that stand there."""
        (text, ours), (again, theirs) = self._sample(1), self._sample(2)
        if text != again:
            raise TypeError("the statement must be the same for whatever values")
        places = [self._place(one, other) for one, other in zip(ours, theirs, strict=True)]
        return with_literals(text, places), tuple(name for name, _ in places if name)

    def _sample(self, turn: int) -> tuple[str, Sequence[Any]]:
        """The text and its values for marks of our own; ``IN (…)`` becomes ``= ANY (…)``, which takes a list."""
        text, values = self._make(**self._marks(turn)).query.get_compiler(using=connection.alias).as_sql()
        pieces = pieces_of(text)
        lists = {marks[0]: marks for marks in self._marks(turn).values() if isinstance(marks, list)}
        for place, value in enumerate(values):
            if isinstance(value, int) and value in lists:
                if not pieces[place].endswith(" IN ("):
                    raise TypeError("a list stands behind __in only")
                pieces[place] = f"{pieces[place].removesuffix(' IN (')} = ANY ("
        return "%s".join(pieces), values

    def _marks(self, turn: int) -> dict[str, Any]:
        """A value for each name that nothing else in the statement equals."""
        return {
            name: _mark(kind, 10 * turn, number) for number, (name, kind) in enumerate(self._types.items(), 1)
        }

    def _place(self, one: Any, other: Any) -> tuple[str, Any]:
        """The name whose mark stands at a place, or the value that stands there always."""
        for name, mark in self._marks(1).items():
            if one == (mark[0] if isinstance(mark, list) else mark):
                return name, None
        if one != other:
            raise TypeError(f"{one!r} is made of a value, which must be handed in as it is")
        return "", one


class Text(_Composed):
    """A queryset of columns, to be part of a statement that somebody else writes; composed when it is first asked for."""

    @cached_property
    def text(self) -> str:
        """The text, with places ``%s`` for ``values``."""
        return self._parts[0]

    def values(self, **values: Any) -> list[Any]:
        """The values for the places of the text."""
        return [values[name] for name in self._parts[1]]

    @cached_property
    def _parts(self) -> tuple[str, tuple[str, ...]]:
        return self._written()


class Select(_Composed, Generic[M]):
    """A queryset that ``make`` writes for named values; each value is of the type that its name is given with."""

    def __init__(self, make: Callable[..., models.QuerySet[M]], **types: type) -> None:
        super().__init__(make, **types)
        self._plan: _Plan | None = None

    def rows(self, **values: Any) -> list[M]:
        """Run the statement with these values and return its rows."""
        plan = self._plan
        if plan is None:
            plan = self._plan = self._composed()
        found: Any = plan.planned.rows(*(values[name] for name in plan.names_at))
        if plan.converters:
            found = plan.compiler.apply_converters(found, plan.converters)
        return [_built(plan, row) for row in found]

    def first(self, **values: Any) -> M | None:
        """The first of the rows, None where there are none."""
        return next(iter(self.rows(**values)), None)

    def into(self, made: models.Model, name: str, **values: Any) -> None:
        """Run the statement and put its rows where ``made.<name>.all()`` looks, as prefetching would."""
        hold(made, name, self.rows(**values))

    def _composed(self) -> _Plan:
        text, names_at = self._written()
        query = self._make(**self._marks(1)).query
        compiler = query.get_compiler(using=connection.alias)
        compiler.pre_sql_setup()
        info = compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        return _Plan(
            planned=Planned.of(text),
            names_at=names_at,
            model=info["model"],
            columns=columns,
            names=[column[0].target.attname for column in compiler.select[columns]],
            # The stubs are those of a later Django, which asks for one thing more.
            populators=get_related_populators(info, compiler.select, connection.alias),  # type: ignore[call-arg]
            annotations=compiler.annotation_col_map or {},
            compiler=compiler,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
        )


def with_literals(text: str, places: Sequence[tuple[str, Any]]) -> str:
    """The text with what never changes written out: a plan that is kept may use a partial index by it."""
    connection.ensure_connection()
    first, *pieces = pieces_of(text)
    literals = [
        "%s" if name else sql.Literal(fixed).as_string(connection.connection).replace("%", "%%")
        for name, fixed in places
    ]
    return first + "".join(f"{literal}{piece}" for literal, piece in zip(literals, pieces, strict=True))


def _mark(kind: type, turn: int, number: int) -> Any:
    if kind is datetime:
        return _DAY + timedelta(days=100 * turn + number)
    if kind is str:
        return f"mark {turn} {number}"
    if kind is list:
        return [_NUMBER + 100 * turn + number]
    return _NUMBER + 100 * turn + number


def _built(plan: _Plan, row: Sequence[Any]) -> Any:
    """A model of a row, as Django's own iterator makes it."""
    made = plan.model.from_db(connection.alias, plan.names, row[plan.columns])
    for populator in plan.populators:
        populator.populate(row, made)
    for name, column in plan.annotations.items():
        setattr(made, name, row[column])
    return made


def hold(made: models.Model, name: str, rows: Sequence[models.Model]) -> None:
    """Put rows at hand where ``made.<name>.all()`` looks, as prefetching would; ``refresh_from_db`` forgets them."""
    related = getattr(made, name).all()
    related._result_cache = list(rows)
    related._prefetch_done = True
    cache: dict[str, Any] = made.__dict__.setdefault("_prefetched_objects_cache", {})
    cache[name] = related


def known(model: type[M], names: Sequence[str], row: Sequence[Any]) -> M:
    """A row of the database with these columns, as ``from_db`` makes it: for rows that are read all day."""
    made = model.__new__(model)
    made.__dict__.update(zip(names, row, strict=True))
    made._state = ModelState()
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    return made


def fresh(model: type[M], **columns: Any) -> M:
    """A row that is to be written, as ``model(**columns)`` makes it: for rows of plain values that are made all day.

    Raises TypeError where a default that is made for each row is left to it.
    """
    plain, made_anew = _defaults(model)
    if missing := made_anew - columns.keys():
        raise TypeError(f"{model.__name__} has to be given {sorted(missing)}")
    made = model.__new__(model)
    made.__dict__.update(plain)
    made.__dict__.update(columns)
    made._state = ModelState()
    return made


@lru_cache(maxsize=64)
def _defaults(model: type[models.Model]) -> tuple[Mapping[str, Any], frozenset[str]]:
    """The columns' defaults, and the columns that have one of their own for each row."""
    fields = model._meta.concrete_fields
    made_anew = frozenset(
        field.attname for field in fields if field.has_default() and callable(field.default)
    )
    return {
        field.attname: field.get_default() for field in fields if field.attname not in made_anew
    }, made_anew


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows of one model, as ``bulk_create`` does; their keys are set. One statement, none for no rows.

    For rows of plain values: an expression among them raises TypeError.
    """
    if rows:
        _written(rows, unless_there=False)


def insert_unless_there(row: models.Model) -> bool:
    """Write a new row likewise, unless a constraint says that it is there already; say whether it was written."""
    return _written([row], unless_there=True)


def _written(rows: Sequence[models.Model], *, unless_there: bool) -> bool:
    text, fields = _insert(type(rows[0]), len(rows), unless_there)
    told = [field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows for field in fields]
    if any(hasattr(value, "resolve_expression") for value in told):
        raise TypeError("rows of plain values only")
    with connection.cursor() as cursor:
        cursor.execute(text, told)
        keys = cursor.fetchall()
    if unless_there and not keys:
        return False
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias
    return True


@lru_cache(maxsize=256)
def _insert(model: type[models.Model], rows: int, unless_there: bool) -> tuple[str, Sequence[Any]]:
    """The text that writes so many rows of a model with a key of the database's, and the fields in its order."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    text = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([one] * rows)}"  # noqa: S608 -- names
        f"{' ON CONFLICT DO NOTHING' if unless_there else ''}"
        f" RETURNING {quote(str(model._meta.pk.column))}"
    )
    return text, fields
