"""What an operator types into a search box, found by index: each way of finding asks one column in a form that has one.

Asked all in one condition, columns of several tables make the database read every row of the list; asked apart, each
by its index, and put together by their keys, half a million orders are searched in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.postgres.indexes import OpClass
from django.db.models import F, Index, Model, Q, QuerySet, UniqueConstraint
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Reverse, Right, Upper

from mall import text as texts

# Fewer signs at the end of a number would find a tenth of all orders.
_SHORTEST_END: Final = 4
_TAIL: Final = 4
_MOST_NAMED: Final = 1000


@dataclass(frozen=True)
class Number:
    """A number or code that this shop or WeChat gave: whole, its beginning or, with ``ends``, its last signs."""

    path: str
    ends: bool = False

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        column = _last(self.path)
        said = Q(**{f"{column}__startswith": asked}) | Q(**{f"{column}__startswith": asked.upper()})
        if not self.ends or len(asked) < _SHORTEST_END:
            return rows.filter(_inside(rows, self.path, None, said))
        said |= Q(backwards__startswith=asked.upper()[::-1])
        return rows.filter(_inside(rows, self.path, lambda column: {"backwards": Reverse(column)}, said))


@dataclass(frozen=True)
class Name:
    """A name that somebody chose: its beginning, and from three signs on any part of it."""

    path: str

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        how = "icontains" if len(asked) >= 3 else "istartswith"
        return rows.filter(_inside(rows, self.path, None, Q(**{f"{_last(self.path)}__{how}": asked})))


@dataclass(frozen=True)
class Title:
    """A title among few that the rows' lines point to, such as a product's: any part of it.

    ``lines`` is how the rows call their lines, ``path`` leads from a line to the title. What has the title is read
    first, so that the database knows how many rows it is asked for.
    """

    lines: str
    path: str

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        relation: Any = rows.model._meta.get_field(self.lines)
        through = relation.related_model._default_manager.order_by()
        first, _, rest = self.path.partition("__")
        keys = named(relation.related_model._meta.get_field(first).related_model, rest, asked)
        return rows.filter(pk__in=through.filter(**{f"{first}__in": keys}).values(relation.field.attname))


@dataclass(frozen=True)
class Phone:
    """A phone number: whole, however it is typed, or its last four digits."""

    path: str

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        if len(asked) == _TAIL and asked.isdigit():
            return rows.filter(_inside(rows, self.path, phone_parts, Q(phone_tail=asked)))
        spelled = texts.phone_spellings(asked)
        return (
            rows.filter(_inside(rows, self.path, phone_parts, phone_among(spelled)))
            if spelled
            else rows.none()
        )


Way = Number | Name | Title | Phone


def found(rows: QuerySet[Any], ways: Sequence[Way], typed: str, *, most: int) -> QuerySet[Any]:
    """Return the rows found in one of these ways, the newest ``most`` of them.

    Several words that nothing has as they stand must all be found, each in its own way.
    """
    asked = texts.searched(typed)
    keys = _keys(rows, ways, asked, most)
    if not keys and len(words := asked.split()) > 1:
        keys = set.intersection(*(_keys(rows, ways, word, most) for word in words))
    return rows.filter(pk__in=keys)


def named(model: Any, column: str, asked: str) -> list[Any]:
    """The keys of those among few things whose ``column`` has this in it, the newest 1,000: one statement."""
    having = model._default_manager.filter(**{f"{column}__icontains": asked}).order_by("-pk")
    return list(having.values_list("pk", flat=True)[:_MOST_NAMED])


def _keys(rows: QuerySet[Any], ways: Sequence[Way], asked: str, most: int) -> set[Any]:
    plain = rows.order_by().select_related(None).prefetch_related(None)
    # Each way ends by itself: what everybody's name begins with is not put together of a whole table.
    first, *others = [way.among(plain, asked).order_by("-pk").values("pk")[:most] for way in ways]
    if not others:
        return set(first.values_list("pk", flat=True))
    return set(first.union(*others).order_by("-pk").values_list("pk", flat=True)[:most])


def _last(path: str) -> str:
    return path.rsplit("__", 1)[-1]


def phone_parts(column: Combinable) -> Mapping[str, Combinable]:
    """What ``phone_among`` asks for, as aliases: a phone number in ``column``, and its last four digits."""
    return {"phone_whole": column, "phone_tail": Right(column, _TAIL)}


def phone_among(phones: Iterable[str]) -> Q:
    """Rows that have one of these phone numbers, asked so that the index of their last digits finds them, too."""
    known = sorted(phones)
    return Q(phone_tail__in=sorted({phone[-_TAIL:] for phone in known}), phone_whole__in=known)


def _inside(
    rows: QuerySet[Any],
    path: str,
    parts: Callable[[Combinable], Mapping[str, Combinable]] | None,
    condition: Q,
) -> Q:
    """Rows whose column at the end of ``path`` is so: asked in the column's own table, which has the index.

    ``parts`` are what the condition asks of it beside the column itself, by their names.
    """
    names = path.split("__")
    model, column, way = rows.model, "", []
    while names:
        name = names.pop(0)
        field = model._meta.get_field(name)
        if not field.is_relation:
            column = "__".join([name, *names])
            break
        way.append(name)
        model = field.related_model
    inner: QuerySet[Any] = model._default_manager.order_by()
    if parts is not None:
        inner = inner.alias(**parts(_expression(model, column)))
    return Q(**{f"{'__'.join([*way, 'pk'])}__in": inner.filter(condition).values("pk")})


def _expression(model: type[Model], column: str) -> Combinable:
    name, _, key = column.partition("__")
    return KeyTextTransform(key, name) if key else F(name)


def by_end(column: str, *, name: str) -> Index:
    """The index for the last signs of a number (``Number``)."""
    return Index(OpClass(Reverse(column), name="text_pattern_ops"), name=name)


def by_tail(column: str, *, name: str) -> Index:
    """The index for the last four digits of a phone number (``Phone``)."""
    return Index(Right(column, _TAIL), name=name)


def by_phone(column: Combinable, *, name: str) -> Index:
    """One index for whole phone numbers and for their last four digits, where every row that is written pays for each."""
    return Index(Right(column, _TAIL), column, name=name)


def once(column: str, *, name: str) -> UniqueConstraint:
    """A number or code that only one row has: one index, which finds it whole and by its beginning (``Number``).

    ``unique=True`` makes two, for every row to be written to, and the one that judges does not know beginnings.
    """
    return UniqueConstraint(fields=[column], opclasses=["varchar_pattern_ops"], name=name)


def by_some(column: str, *, name: str) -> Index:
    """The index of a foreign key that few rows have, and only of these; its field says ``db_index=False``."""
    return Index(fields=[column], condition=Q(**{f"{column}__isnull": False}), name=name)


def by_beginning(column: str, *, name: str) -> Index:
    """The index for the beginning of a name (``Name``)."""
    return Index(OpClass(Upper(column), name="text_pattern_ops"), name=name)
