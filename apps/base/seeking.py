"""More ways to find what an operator types into the search box of a list that grows with members or orders (``finding``).

Django's own search compares in capitals and asks all columns in one condition: no index answers that, and a list of ten
million rows is read from end to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse

from apps.base.finding import Number, Way, named

# Among so many of the newest rows what no index knows is looked for.
NEWEST: Final = 100_000


@dataclass(frozen=True)
class Whole(Number):
    """A number or code that is typed whole: any index that begins with its column answers.

    ``beside`` tells the few values of columns by which the index begins, where it is not the first; ``ends`` says that the
    index is that of the number read backwards.
    """

    beside: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        path, spelled = self.path, spellings(asked)
        if self.ends:
            path, spelled = "backwards", [one[::-1] for one in spelled]
            rows = rows.alias(backwards=Reverse(self.path))
        among = {f"{name}__in": few() for name, few in self.beside.items()}
        return rows.filter(**among, **{f"{path}__in": spelled})


@dataclass(frozen=True)
class Part(Number):
    """Any part of a name or code of a few things that rows point to, such as goods: these are read first."""

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        way, _, column = self.path.rpartition("__")
        model: Any = rows.model
        for name in way.split("__"):
            model = model._meta.get_field(name).related_model
        return rows.filter(**{f"{way}__in": named(model, column, asked)})


@dataclass(frozen=True)
class Recent(Number):
    """What no index knows, among the newest rows: any part of it, or all where it is told to be ``whole``."""

    whole: bool = False

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        newest = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        how = "iexact" if self.whole else "icontains"
        return rows.filter(pk__gt=newest - NEWEST, **{f"{self.path}__{how}": asked})


@dataclass(frozen=True, kw_only=True)
class Through(Number):
    """What is found by whom it belongs to: ``whose`` answers the ``owner`` of the rows of this number.

    An owner's rows are few beside the table; ``how`` is how the number stands in theirs, as Django's lookups say it, or
    empty where all of an owner's rows are meant.
    """

    owner: str
    whose: Callable[[Sequence[str]], QuerySet[Any]]
    how: str = "contains"

    def among(self, rows: QuerySet[Any], asked: str) -> QuerySet[Any]:
        spelled = spellings(asked)
        said = Q()
        for one in spelled if self.how else ():
            said |= Q(**{f"{self.path}__{self.how}": one})
        return rows.filter(said, **{f"{self.owner}__in": self.whose(spelled)})


def said(way: Way) -> str:
    """The path of a way as Django's ``search_fields`` say it: with ``=`` where only the whole is found."""
    return f"={way.path}" if isinstance(way, Whole) or (isinstance(way, Recent) and way.whole) else way.path


def spellings(asked: str) -> list[str]:
    """A number as it was typed, and as its capitals or small letters would have it."""
    return sorted({asked, asked.upper(), asked.lower()})
