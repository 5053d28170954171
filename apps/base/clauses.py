"""Clauses: parts of rooms in one statement, each at work only where the one before it did what it is for.

What an order takes of several rooms is three statements where each room sends its own, and one where each gives its clause.
The locks keep the order of the clauses: before one has done its work the next one locks nothing. All see the rows as of the
same moment, so that a clause is for what is decided by the rows that it locks itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from apps.base.planned import Ahead, Planned


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is always the same of a clause: queries of a ``WITH``, of names that no other part has.

    ``{after}`` in ``text`` is whether to begin; values stand at ``{name}``, with the ``types`` of PostgreSQL, and a name
    that several parts have is the same value for all. ``done`` is SQL for whether it did its work, ``answers`` are columns
    of what became of it.
    """

    text: str
    done: str
    answers: Sequence[str]
    types: Mapping[str, str]


class Clause(NamedTuple):
    """A part with its values, and who ``settle``s what it answered.

    That returns True where the work was done, else it does it by statements of its own and returns False, or raises a
    refusal.
    """

    part: Part
    told: Mapping[str, Any]
    settle: Callable[..., bool]


def run(clauses: Sequence[Clause], *, ahead: Ahead | None = None) -> int:
    """Do the work of clauses, in this order; return of how many: behind one that went its own way none was begun.

    ``ahead`` is a statement that is run before theirs, in the same message. Must run inside a transaction.
    """
    if not clauses:
        if ahead is not None:
            ahead.run()
        return 0
    planned, names = _joined(tuple([clause.part for clause in clauses]))
    told: dict[str, Any] = {}
    for clause in clauses:
        told.update(clause.told)
    (row,) = planned.rows(*[told[name] for name in names], ahead=ahead)
    begin = 0
    for number, clause in enumerate(clauses, 1):
        end = begin + len(clause.part.answers)
        if not clause.settle(*row[begin:end]):
            return number
        begin = end
    return len(clauses)


@lru_cache(maxsize=64)
def _joined(parts: tuple[Part, ...]) -> tuple[Planned, tuple[str, ...]]:
    """The statement of these parts, and the names of its values in their order."""
    types = {name: kind for part in parts for name, kind in part.types.items()}
    places = {name: f"${place}" for place, name in enumerate(types, 1)}
    texts: list[str] = []
    answers: list[str] = []
    after = "true"
    for part in parts:
        texts.append(part.text.format(after=after, **places))
        answers += part.answers
        after = part.done
    statement = f"WITH {', '.join(texts)} SELECT {', '.join(answers)}"
    return Planned(statement, *types.values()), tuple(types)
