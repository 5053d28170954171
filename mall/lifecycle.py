"""A lifecycle: a table of named moves between statuses, checked when it is built and never writing anything.

An app declares one in ``states.py``; its one writing service locks the row, asks the table for the ``target``
of a move, and writes. What a move brings about belongs to that caller or to the news, never to the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from mall.errors import Kind, ShopError


class MoveRefused(ShopError):
    """The move is not possible from where the thing stands; ``details`` names the move and the status."""

    code = "move_refused"
    message = "当前状态下不能进行此操作"
    kind = Kind.CONFLICT


class Move(NamedTuple):
    """From any of these statuses to that one."""

    sources: AbstractSet[str]
    target: str


class Lifecycle:
    """A checked table of moves.

    ``moves`` maps a move's name to ``Move(sources, target)`` or the plain pair. ``final`` are the statuses
    that nothing leaves. ``labels``, where given, maps every status to what people call it (a Django
    ``TextChoices``: ``dict(OrderStatus.choices)``) and is then the complete list of statuses.

    Raises ValueError, so that a wrong table stops the program at import: a status that no path from
    ``initial`` reaches, a move from or to a status that is not in ``labels``, a move out of a final status,
    a status that nothing leaves though it is not final, a move without a source.
    """

    __slots__ = ("final", "initial", "labels", "moves", "name", "statuses")

    def __init__(
        self,
        name: str,
        *,
        initial: str,
        moves: Mapping[str, tuple[AbstractSet[str], str]],
        final: AbstractSet[str] = frozenset(),
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.initial = initial
        self.moves = {move: Move(frozenset(sources), target) for move, (sources, target) in moves.items()}
        self.final = frozenset(final)
        self.labels = dict(labels or {})
        named = {initial, *self.final}
        for move in self.moves.values():
            named |= {*move.sources, move.target}
        self.statuses = frozenset(self.labels) or frozenset(named)
        self._refuse_broken_tables(named)

    def target(self, *, move: str, current: str) -> str:
        """The status that ``move`` leads to from ``current``.

        Raises MoveRefused when the table has no such way, LookupError when the lifecycle does not know the
        move or the status at all: the first is the shop's answer, the second a mistake in the program.
        """
        if move not in self.moves:
            raise LookupError(f"{self.name} has no move {move!r}")
        if current not in self.statuses:
            raise LookupError(f"{self.name} has no status {current!r}")
        if current not in self.moves[move].sources:
            raise MoveRefused(details={"move": move, "status": current})
        return self.moves[move].target

    def mermaid(self) -> str:
        """The table as a mermaid ``stateDiagram-v2``, ending in a newline; the same table, the same text."""
        order = self._statuses_in_reading_order()
        rows = [
            "stateDiagram-v2",
            *(f'    state "{status} {label}" as {status}' for status, label in self.labels.items()),
            f"    [*] --> {self.initial}",
            *(
                f"    {source} --> {move.target}: {name}"
                for name, move in self.moves.items()
                for source in sorted(move.sources, key=order.index)
            ),
            *(f"    {status} --> [*]" for status in order if status in self.final),
        ]
        return "\n".join(rows) + "\n"

    def _statuses_in_reading_order(self) -> list[str]:
        """As the labels list them, otherwise as one meets them walking from the initial status."""
        return list(self.labels) or self._walk()

    def _walk(self) -> list[str]:
        met = [self.initial]
        for status in met:  # grows while it is walked: breadth first
            for move in self.moves.values():
                if status in move.sources and move.target not in met:
                    met.append(move.target)
        return met

    def _refuse_broken_tables(self, named: set[str]) -> None:
        left = {status for move in self.moves.values() for status in move.sources}
        faults = {
            "statuses that are not declared": named - self.statuses,
            "statuses that nothing reaches": self.statuses - set(self._walk()),
            "moves out of final statuses": left & self.final,
            "statuses that nothing leaves though they are not final": self.statuses - left - self.final,
            "moves without a source": {name for name, move in self.moves.items() if not move.sources},
        }
        for fault, names in faults.items():
            if names:
                raise ValueError(f"lifecycle {self.name} has {fault}: {', '.join(sorted(names))}")
