"""Clauses: parts of rooms in one statement, each at work only where the one before it did what it is for.

What an order takes of several rooms is three statements where each room sends its own, and one where each gives its clause.
The locks keep the order of the clauses: before one has done its work the next one locks nothing. All see the rows as of the
same moment, so that a clause is for what is decided by the rows that it locks itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from apps.base import transactions
from apps.base.planned import Planned


class Clause(NamedTuple):
    """Queries of a ``WITH``, of names that no other clause has; ``{after}`` in them is whether to begin.

    ``done`` is SQL for whether it did its work, ``answers`` are columns of what became of it. Values stand at ``{name}``;
    ``types`` are those of PostgreSQL, and what several clauses name is the same value for all. ``settle`` is given the
    answers: it returns True where the work was done, else it does it by statements of its own and returns False, or raises
    a refusal.
    """

    text: str
    done: str
    answers: tuple[str, ...]
    types: Mapping[str, str]
    told: Mapping[str, Any]
    settle: Callable[..., bool]


def run(clauses: Sequence[Clause]) -> int:
    """Do the work of clauses, in this order; return of how many: behind one that went its own way none was begun."""
    transactions.require()
    planned, names = _joined(
        tuple((clause.text, clause.done, clause.answers, tuple(clause.types.items())) for clause in clauses)
    )
    told = {name: value for clause in clauses for name, value in clause.told.items()}
    (row,) = planned.rows(*(told[name] for name in names))
    begin = 0
    for number, clause in enumerate(clauses, 1):
        end = begin + len(clause.answers)
        if not clause.settle(*row[begin:end]):
            return number
        begin = end
    return len(clauses)


@lru_cache(maxsize=64)
def _joined(parts: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]], ...]) -> Any:
    """The statement of these clauses, and the names of its values in their order."""
    types = {name: kind for part in parts for name, kind in part[3]}
    places = {name: f"${place}" for place, name in enumerate(types, 1)}
    texts: list[str] = []
    answers: list[str] = []
    after = "true"
    for text, done, wanted, _ in parts:
        texts.append(text.format(after=after, **places))
        answers += wanted
        after = done
    statement = f"WITH {', '.join(texts)} SELECT {', '.join(answers)}"
    return Planned(statement, *types.values()), tuple(types)
